# SPDX-License-Identifier: MIT
"""The root broker, asked by a user who is nobody special."""

import json
import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.broker import SOCKET, ask
from lab.request import Request
from tests.background import IN_BACKGROUND
from tests.lab.trial import COMMAND, PATIENCE_S, Lab, eventually
from tinhnet.errors import TinhnetError

pytestmark = pytest.mark.lab
MEMBER, STRANGER = "tinhnet", "nobody"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody without root."""

    name: str
    lab: Lab

    def begin(self, verb: str, *words: str) -> subprocess.Popen[str]:
        """Start a lab verb as this person."""
        entry = pwd.getpwnam(self.name)
        return subprocess.Popen(
            self.lab.command(verb, *words),
            env={"PATH": os.environ["PATH"], "HOME": "/"},
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, verb: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a lab verb as this person."""
        with self.begin(verb, *words) as asking:
            out, complaints = asking.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(verb, asking.returncode, out, complaints)


def is_served() -> bool:
    """Tell whether a broker listens on this machine."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(SOCKET)) == 0


@pytest.fixture(scope="module")
def broker(small: Lab) -> Iterator[Lab]:
    """Start a broker over the small lab; skip when somebody else's serves this machine."""
    if is_served():
        pytest.skip("a broker runs on this machine already")
    serving = subprocess.Popen(
        [*IN_BACKGROUND, str(COMMAND), "lab", "broker"],
        env={**os.environ, "TINHNET_STATE": str(small.state)},
        stderr=subprocess.DEVNULL,
    )
    try:
        assert eventually(is_served, 60)
        yield small
    finally:
        serving.terminate()
        serving.wait()
        assert not SOCKET.exists()


def test_a_member_of_the_group_breaks_and_mends_by_the_broker(broker: Lab) -> None:
    """Teaching needs cuts, not root."""
    member = Person(MEMBER, broker)
    cut = member.run("cut", "--json", "--port", "so-tttt-1")
    assert json.loads(cut.stdout)["link"]["state"] == "port-down"
    states = {link["id"]: link["state"] for link in broker.status()["links"]}
    assert states["so-tttt-1"] == "port-down"

    mended = member.run("mend", "so-tttt-1")
    assert mended.returncode == 0, mended.stderr
    assert '"prefix"' in member.run("status", "--json").stdout


def test_a_command_by_the_broker_has_no_rights_on_the_device(broker: Lab) -> None:
    """Root in a device that shares the kernel is root of the machine."""
    member = Person(MEMBER, broker)
    shown = member.run("exec", "web1", "--", "sh", "-c", "id -un; sudo id; exit 3")

    told = json.loads(member.run("exec", "--json", "web1", "--", "id", "-un").stdout)

    assert (told["status"], told["stdout"]) == (0, "tinhnet\n")
    assert shown.stdout == "tinhnet\n"
    assert shown.returncode == 3
    assert "no new privileges" in shown.stderr
    refused = member.run("exec", "noc", "--", "id")
    assert refused.returncode == 1
    assert "not a device" in refused.stderr


def test_who_leaves_interrupts_what_they_asked_for(broker: Lab) -> None:
    """A closed terminal must not leave root busy for somebody who is gone."""
    script = "echo begun; exec sleep 4321"
    with Person(MEMBER, broker).begin("exec", "web1", "--", "sh", "-c", script) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "begun\n"
        asking.kill()

    def is_over() -> bool:
        return broker.run("exec", "web1", "--", "pgrep", "-f", "^sleep 4321").returncode == 1

    assert eventually(is_over, 60)


def test_errors_of_a_verb_reach_the_person(broker: Lab) -> None:
    """The same sentence as root would get."""
    done = Person(MEMBER, broker).run("cut", "so-ttt-1")

    assert done.returncode == 1
    assert 'did you mean "so-tttt-1"' in done.stderr


def test_a_stranger_is_not_served(broker: Lab) -> None:
    """The socket belongs to the group."""
    assert SOCKET.stat().st_mode & 0o777 == 0o660
    done = Person(STRANGER, broker).run("status")

    assert done.returncode == 1
    assert "not for this user" in done.stderr


def test_without_root_and_broker_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    """Everything else of the product runs without root."""
    with pytest.raises(TinhnetError, match="only the lab needs root"):
        ask(Request("status", "tn"), tmp_path / "absent.sock")
