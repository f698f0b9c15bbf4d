# SPDX-License-Identifier: MIT
"""Routers and servers that cannot or must not be talked to: each says which, why and what to do."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from changes.hostkeys import changed_key, fingerprint
from tests.changes.box import CPE, LOOK, Box

pytestmark = [pytest.mark.lab, pytest.mark.slow]

SERVER = "web1"
BOTH = (CPE, SERVER)
KEYS = "/etc/ssh/authorized_keys/tinhnet /home/tinhnet/.ssh/authorized_keys"


def key_of(box: Box, device: str) -> str:
    """Return the fingerprint of a device's host key, as its console shows it."""
    return fingerprint(box.on(device, "cat /etc/ssh/ssh_host_ed25519_key.pub"))


def logins(box: Box, device: str) -> str:
    """Return how many logins a device has accepted."""
    return box.on(device, "journalctl -q -t sshd | grep -c Accepted")


def look(box: Box, *devices: str) -> str:
    """Look at devices with plain ansible-playbook; what it printed."""
    playbook = box.state.parent / "look.yml"
    playbook.write_text(LOOK, encoding="utf-8")
    return flat(box.play(str(playbook), "--limit", ",".join(devices)).stdout)


def flat(text: str) -> str:
    """Return what Ansible printed without the breaks it puts into long messages."""
    return " ".join(text.split())


def test_a_changed_host_key_is_refused_with_both_fingerprints(box: Box) -> None:
    """Somebody in between gets nothing: not from a playbook, not from a job."""
    first = look(box, *BOTH)
    old = {device: key_of(box, device) for device in BOTH}
    for device in BOTH:
        box.lab("rekey", device)
    before = {device: logins(box, device) for device in BOTH}
    by_hand = look(box, *BOTH)
    by_job = box.job("look", ",".join(BOTH))
    after = {device: logins(box, device) for device in BOTH}
    known = box.state / "known_hosts"
    for device in BOTH:
        subprocess.run(["ssh-keygen", "-q", "-R", device, "-f", str(known)], check=True)
    accepted = look(box, *BOTH)

    for device in BOTH:
        said = f"{device}: the host key changed: recorded {old[device]}, shown"
        assert f"{said} {key_of(box, device)}" in by_hand
        result, detail = by_job[device]
        assert result == "failed"
        assert f"{said} {key_of(box, device)}" in detail
        assert f"ssh-keygen -R {device} -f {known}" in by_hand
    assert "nothing was sent" in by_hand
    assert after == before
    for said in (first, accepted):
        assert said.count("failed=0") == 2
        assert said.count("unreachable=0") == 2


@contextmanager
def keys_away(box: Box) -> Iterator[None]:
    """Let the devices know none of our keys for a while."""
    for device in BOTH:
        box.on(device, f"for one in {KEYS}; do mv $one $one.away; done")
    yield
    for device in BOTH:
        box.on(device, f"for one in {KEYS}; do mv $one.away $one; done")


def test_a_refused_key_is_told_from_a_device_that_is_away(box: Box) -> None:
    """The engineer must know that the device is there, and how to let us in again."""
    with keys_away(box):
        said = look(box, *BOTH)

    assert f"{CPE} at " in said
    assert "refuses the management key for account tinhnet" in said
    assert f"{SERVER} is unreachable: " in said
    assert "it refuses the management key: was it rotated while the device was down" in said
    assert said.count("unreachable=1") == 2


def test_devices_without_power_are_unreachable_and_not_waited_for(box: Box) -> None:
    """Two dead devices cost seconds, and each message says where to look."""
    dead = ("so-y-te-cpe1", "db1")
    for device in dead:
        box.lab("kill", device)
    try:
        said = look(box, *dead)
    finally:
        for device in dead:
            box.lab("start", device)

    assert f"so-y-te-cpe1 is unreachable ({box.network.devices['so-y-te-cpe1'].management4}" in said
    assert "db1 is unreachable: " in said
    assert "is it switched on" in said
    assert said.count("unreachable=1") == 2


def test_a_proof_whose_session_drops_says_so(box: Box) -> None:
    """A flapping circuit gives one clear line for each device, neither a traceback nor an ok."""
    drop = "timeout 60 sh -c 'while :; do pkill -f [s]shd:.tinhnet@; sleep 0.1; done'"
    linger = "/etc/ssh/sshrc"  # sshd runs it before the command: no session ends between two drops
    for device in BOTH:
        box.on(device, f"echo sleep 1 > {linger}; nohup {drop} >/dev/null 2>&1 &")
    try:
        said = look(box, *BOTH)
    finally:
        for device in BOTH:
            box.on(device, f"pkill -x timeout; rm -f {linger}")

    assert "Traceback" not in said
    assert f"fatal: [{CPE}]" in said
    assert f"fatal: [{SERVER}]" in said
    assert "the session dropped" in said
    assert f"{SERVER}: the session ended without an answer" in said or (
        f"{SERVER} is unreachable: " in said
    )


def test_a_slow_circuit_is_slow_and_not_broken(box: Box) -> None:
    """A satellite-like delay must not be called a fault: the routing is as declared."""
    box.lab("degrade", "dien-ban-1", "--delay", "300")
    try:
        proved = box.play("backup.yml", "--limit", CPE)
    finally:
        box.lab("mend", "dien-ban-1")

    assert proved.returncode == 0, proved.stdout


def test_other_words_of_ssh_are_no_changed_key() -> None:
    """Only ssh's own warning, with both keys, is a changed host key."""
    assert changed_key("web1", "Host key verification failed.") is None
