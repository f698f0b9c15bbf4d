# SPDX-License-Identifier: MIT
"""Up and down: bare, side by side, and clean after the worst."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.trial import PATIENCE_S, ROOT, Lab, eventually, traces

SSH = ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "StrictHostKeyChecking=yes")


def log_in(lab: Lab, address: str, command: str) -> subprocess.CompletedProcess[str]:
    """Log in from the controller, trusting only the lab's own known_hosts."""
    state = lab.state / "lab" / lab.prefix
    options = ("-o", f"UserKnownHostsFile={state}/known_hosts", "-i", f"{state}/login")
    return lab.run("exec", "noc", "--", *SSH, *options, f"tinhnet@{address}", command)


@pytest.mark.lab
def test_bare_means_management_address_and_key_only(small: Lab) -> None:
    """Cores come first because nothing lies behind them yet."""
    firewall = log_in(small, "10.90.99.1", "hostname; sudo vtysh -c 'show running-config'")
    behind = log_in(small, "10.88.0.9", "true")
    password = small.run("exec", "noc", "--", *SSH, "-o", "PubkeyAuthentication=no", "10.90.99.1")

    assert firewall.returncode == 0, firewall.stderr
    assert firewall.stdout.splitlines()[0] == "fw1"
    assert "router ospf" not in firewall.stdout
    assert "ip address" not in firewall.stdout
    assert behind.returncode != 0
    assert password.returncode != 0
    known = small.on("dien-ban-cpe1", "ip", "-o", "-4", "address", "show", "scope", "global")
    assert [line.split()[3] for line in known.splitlines()] == ["10.80.1.174/30"]
    routes = small.on("dien-ban-cpe1", "ip", "-4", "route", "show").splitlines()
    assert [route.split()[0] for route in routes] == ["10.80.1.172/30", "10.90.99.0/24"]


@pytest.mark.lab
def test_nothing_but_sshd_runs_on_a_bare_server(small: Lab) -> None:
    """Whatever serves later was started by the playbooks."""
    listening = small.on("web1", "ss", "-Hltun").splitlines()

    assert {line.split()[4].rpartition(":")[2] for line in listening} == {"22"}


@pytest.mark.lab
def test_a_lab_that_is_up_stays_as_it_is(small: Lab) -> None:
    """Asking twice must not power-cycle a province."""
    before = small.status()["devices"]
    done = small.run("up", "--site", "dien-ban")

    assert done.returncode == 0
    assert "already up" in done.stderr
    assert [(one["id"], one["pid"]) for one in small.status()["devices"]] == [
        (one["id"], one["pid"]) for one in before
    ]


@pytest.mark.lab
def test_a_swapped_device_is_noticed_by_its_key(small: Lab) -> None:
    """The product must refuse a device that is not the one it knew."""
    assert log_in(small, "10.90.99.1", "true").returncode == 0
    known = small.state / "lab" / small.prefix / "known_hosts"
    before = known.read_text(encoding="utf-8")

    small.must("rekey", "fw1")
    # sshd reads its new key a moment later, and refuses every connection meanwhile.
    assert eventually(lambda: "host key" in log_in(small, "10.90.99.1", "true").stderr.lower())
    assert log_in(small, "10.90.99.1", "true").returncode != 0
    assert known.read_text(encoding="utf-8") == before

    old = next(line for line in before.splitlines() if line.startswith("fw1,"))
    names = old.partition(" ")[0]
    swapped = small.on("fw1", "cat", "/etc/ssh/ssh_host_ed25519_key.pub").rpartition(" ")[0]
    known.write_text(before.replace(old, f"{names} {swapped}"), encoding="utf-8")
    assert log_in(small, "10.90.99.1", "true").returncode == 0


@pytest.mark.lab
def test_a_pc_trusts_an_authority_it_was_given(small: Lab) -> None:
    """`curl` on a PC must verify, not be told to look away."""
    authority = small.state / "lab" / small.prefix / "outside" / "ca.pem"
    small.must("trust", str(authority))
    verify = ("openssl", "verify", "-CApath", "/etc/ssl/certs", "/dev/stdin")
    done = subprocess.run(
        small.command("exec", "dien-ban-pc", "--", *verify),
        input=authority.read_text(encoding="ascii"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "OK" in done.stdout, done.stderr
    private = authority.with_name("ca.key")
    assert "private key" in small.run("trust", str(private)).stderr


@pytest.mark.lab
def test_the_outside_server_answers_with_a_certificate_that_is_not_ours(small: Lab) -> None:
    """The document exchange must be told whom to trust; it cannot work by luck."""
    name = "trucvanban.vpcp.test"
    fetch = ("curl", "-s", "--resolve", f"{name}:443:127.0.0.1", f"https://{name}/")
    blind = small.run("exec", "vpcp", "--", *fetch)
    seen = small.on("vpcp", *fetch, "-k")

    assert blind.returncode == 60, "curl 60: the certificate is not trusted"
    assert "Trục liên thông văn bản quốc gia" in seen


@pytest.mark.lab
def test_two_labs_stand_side_by_side_and_one_goes_alone(
    small: Lab, make_lab: Callable[[str], Lab]
) -> None:
    """A rehearsal builds a twin beside the demo; the same addresses do not meet."""
    other = make_lab("b")
    other.must("up", "--site", "tam-ky")
    assert traces(other.prefix)
    other.must("down")

    assert eventually(lambda: not traces(other.prefix)), traces(other.prefix)
    states = {device["state"] for device in small.status()["devices"]}
    assert states == {"running"}
    assert "was not up" in other.must("down")


@pytest.mark.lab
def test_the_next_up_cleans_what_a_killed_one_left(make_lab: Callable[[str], Lab]) -> None:
    """`kill -9` in the middle of building is how impatient people stop things."""
    lab = make_lab("c")
    building = subprocess.Popen(
        lab.command("up", "--site", "tam-ky"),
        env={**os.environ, "TINHNET_STATE": str(lab.state)},
        stderr=subprocess.DEVNULL,
    )
    run = Path("/run/tinhnet-lab") / lab.prefix
    assert eventually((run / "disks" / "core1").exists, PATIENCE_S)
    building.send_signal(signal.SIGKILL)
    building.wait()
    assert traces(lab.prefix)

    lab.must("up", "--site", "hoi-an")
    assert "hoi-an-cpe1" in {device["id"] for device in lab.status()["devices"]}
    before = (lab.state / "lab" / lab.prefix / "known_hosts").read_text(encoding="utf-8")
    lab.must("down")
    assert eventually(lambda: not traces(lab.prefix)), traces(lab.prefix)
    assert "core1,10.89.0.1" in before


@pytest.mark.lab
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["exec", "cor1", "--", "true"], 'did you mean "core1"'),
        (["kill", "dien-ban-cpe"], 'did you mean "dien-ban-cpe1"'),
        (["exec", "web1", "--", "no-such-program"], "not found"),
    ],
)
def test_a_wrong_name_gets_the_right_one(small: Lab, words: list[str], complaint: str) -> None:
    """Ids are long; people mistype them."""
    done = small.run(words[0], *words[1:])

    assert done.returncode != 0
    assert complaint in done.stderr


@pytest.mark.lab
def test_a_lab_that_is_not_up_says_how_to_bring_it_up(make_lab: Callable[[str], Lab]) -> None:
    """And an unknown site or key leaves nothing behind."""
    lab = make_lab("d")

    assert f"tinhnet lab up --prefix {lab.prefix}" in lab.run("status").stderr
    assert 'did you mean "dien-ban"' in lab.run("up", "--site", "dien-bn").stderr
    private = ROOT / "pyproject.toml"
    assert "no OpenSSH public key" in lab.run("up", "--key", str(private)).stderr
    assert traces(lab.prefix) == []
