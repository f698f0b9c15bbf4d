# SPDX-License-Identifier: MIT
"""What people see of a server's change, and how its package travels."""

import base64
import fcntl
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from changes.drivers.server_device.files import commit, restore, write_beside
from changes.drivers.server_device.reach import LOCK
from changes.drivers.server_device.run import RefusedError
from changes.drivers.server_device.state import Bundle, File
from changes.servers import (
    Outcome,
    RolledBackError,
    ServerError,
    digest,
    outcome,
    request,
    unified,
    unreachable_because,
)
from tinhnet.secrets import SecretStore

EMPTY = Bundle("web1", (), (), (), (), (), (), (), (), ())
SNMPD = "/etc/snmp/snmpd.conf"


def file(path: str | Path, text: str, *, is_secret: bool = False) -> File:
    """Return a file of root."""
    return File(str(path), text, "root", "root", 0o644, None, is_secret)


def answer(*changes: dict[str, str | None]) -> str:
    """Return what a server prints after its banner."""
    return "Bienvenue\n\n" + json.dumps({"format": 1, "changes": changes, "seconds": 0.2}) + "\n"


def file_change(path: str, before: str) -> dict[str, str | None]:
    """Return the change of a file that held `before`."""
    held = base64.b64encode(before.encode()).decode()
    return {"kind": "file", "path": path, "why": "content", "before": held}


@pytest.fixture
def store(tmp_path: Path) -> SecretStore:
    """Make a store with a password that was rotated once."""
    made = SecretStore(tmp_path / "secrets")
    made.ensure("snmp/web1/auth", lambda: "first-password-of-web1")
    made.stage("snmp/web1/auth", lambda: "second-password-of-web1")
    made.promote("snmp/web1/auth")
    return made


def shown(store: SecretStore, before: str, after: str) -> Outcome:
    """Return the outcome of a change to a secret file."""
    bundle = replace(EMPTY, files=(file(SNMPD, after, is_secret=True),))
    return outcome(bundle, answer(file_change(SNMPD, before)), store.mask)


def test_a_diff_shows_the_versions_of_secrets_and_no_value(store: SecretStore) -> None:
    """An approver sees that a password changes, and nobody sees the password."""
    found = shown(store, "user first-password-of-web1\n", "user second-password-of-web1\n")

    text = unified(found.diffs[0])
    assert "-user <secret snmp/web1/auth v1>" in text
    assert "+user <secret snmp/web1/auth v2>" in text
    assert "password" not in text


def test_an_unknown_line_of_a_secret_file_is_hidden(store: SecretStore) -> None:
    """What somebody typed on the server by hand may be a password that we do not know."""
    found = shown(store, "rocommunity hidden-by-hand\n", "user second-password-of-web1\n")

    text = unified(found.diffs[0])
    assert "-<hidden>" in text
    assert "hidden-by-hand" not in text


def test_what_a_validator_complains_is_masked(store: SecretStore) -> None:
    """A program quotes the line it refuses, password and all."""
    failed = {"stage": "validate", "message": "bad line: user second-password-of-web1"}
    output = json.dumps({"format": 1, "failed": failed})

    with pytest.raises(ServerError) as caught:
        outcome(EMPTY, output, store.mask)

    assert "<secret snmp/web1/auth v2>" in str(caught.value)
    assert "the old state keeps serving" in str(caught.value)


@pytest.mark.parametrize(("undone", "kind"), [(True, RolledBackError), (False, ServerError)])
def test_a_server_that_went_back_is_told_from_one_that_refused(
    store: SecretStore, kind: type[ServerError], *, undone: bool
) -> None:
    """Somebody must look at a server whose services were started twice."""
    failed = {"stage": "units", "message": "web does not start", "rolled_back": undone}

    with pytest.raises(ServerError, match="the files were put back") as caught:
        outcome(EMPTY, json.dumps({"format": 1, "failed": failed}), store.mask)

    assert type(caught.value) is kind


def test_a_session_that_ends_early_is_an_error(store: SecretStore) -> None:
    """Silence is not success."""
    said = "web1: state not known: the session ended without an answer"
    with pytest.raises(ServerError, match=said):
        outcome(EMPTY, "Connection to web1 closed.\n", store.mask)


def test_the_digest_follows_the_diff_and_the_key(store: SecretStore) -> None:
    """An approval is bound to what was shown."""
    one = shown(store, "a\n", "b\n")
    other = shown(store, "a\n", "c\n")

    assert digest(one, b"k") == digest(shown(store, "a\n", "b\n"), b"k")
    assert len({digest(one, b"k"), digest(other, b"k"), digest(one, b"l")}) == 3


def test_nothing_of_the_request_is_readable_in_process_arguments(tmp_path: Path) -> None:
    """The program goes through standard input and starts from memory: no file, no argument."""
    program = request(replace(EMPTY, packages=("no-such-package",)), check=True)
    script = program.replace('main("', 'import os; print(os.listdir("."), flush=True)\nmain("')
    command = [sys.executable, "-I", "-B", "-"]
    done = subprocess.run(
        command, input=script, capture_output=True, text=True, cwd=tmp_path, check=False
    )

    assert done.stdout.startswith("[]\n"), done.stderr
    assert "not installed: no-such-package" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="the lock of a server belongs to root")
def test_two_changes_of_one_server_do_not_mix() -> None:
    """The second is told, and changes nothing."""
    program = request(EMPTY, check=False)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-"],
            input=program, capture_output=True, text=True, check=False,
        )  # fmt: skip

    with pytest.raises(ServerError, match="another run is changing this server; wait for"):
        outcome(EMPTY, done.stdout, str)


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    """A disk that fills up half-way leaves not one new file behind."""
    small, large = tmp_path / "a", tmp_path / "b"
    small.write_text("old")
    program = f"""
import resource, signal
from changes.drivers.server_device.files import write_beside
from changes.drivers.server_device.state import File
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
import pwd, os
me = pwd.getpwuid(os.geteuid()).pw_name
write_beside([File({str(small)!r}, "new", me, me, 0o644, None, False),
              File({str(large)!r}, "x" * 5000, me, me, 0o644, None, False)])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert "nothing was changed" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    assert small.read_text() == "old"


@pytest.mark.skipif(os.geteuid() != 0, reason="files get their owner, which only root may give")
def test_a_change_can_be_undone(tmp_path: Path) -> None:
    """After a unit did not start, every path is what it was, links and missing files too."""
    text, link, new, gone = (tmp_path / name for name in ("text", "link", "new", "gone"))
    text.write_text("old")
    link.symlink_to("text")
    gone.write_text("here")
    items = [file(text, "a"), file(link, "b"), file(new, "c")]
    write_beside(items)

    kept = commit(items, [str(gone)])
    during = (text.read_text(), link.is_symlink(), new.read_text(), gone.exists())
    restore(kept)

    assert during == ("a", False, "c", False)
    assert text.read_text() == "old"
    assert str(link.readlink()) == "text"
    assert not new.exists()
    assert gone.read_text() == "here"


def test_an_unknown_owner_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    """A file must not end up with root as its owner because its account is missing."""
    item = replace(file(tmp_path / "a", "x"), owner="nobody-of-that-name")

    with pytest.raises(RefusedError, match="no account nobody-of-that-name:root"):
        write_beside([item])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("banner\ntinhnet@10.90.10.11: Permission denied (publickey).", "refuses the management"),
        ("ssh: connect to host 10.90.10.11 port 22: Connection timed out", "is it switched on"),
        ("ssh: connect to host 10.90.10.11: Network is unreachable", "run wan.yml first"),
    ],
)
def test_an_unreachable_server_comes_with_advice(words: str, advice: str) -> None:
    """The engineer reads what to do, not what ssh printed first."""
    text = unreachable_because("web1", words)

    assert text.startswith("web1 is unreachable: ")
    assert advice in text
