# SPDX-License-Identifier: MIT
"""Routers changed for real: a small province in a box, its sshd, FRR, nftables and disk.

Every fault of the issue that a device can have is made here, and the device
must end on its old or on the proved new configuration, never between.
"""

import json
from pathlib import Path

import pytest

from changes.credentials import make_ssh_key
from tests.changes.box import CPE, Box, until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

JOURNALS = "/var/lib/tinhnet/device"


def test_a_second_run_changes_nothing(box: Box) -> None:
    """A dry run and a run that agree with the device are the base of everything else."""
    assert box.push(sections=box.sections(), check=True) == {
        "result": "ok", "diffs": [], "residue": [], "notes": [],
    }  # fmt: skip
    assert box.push(sections=box.sections())["result"] == "ok"


def test_a_refused_line_changes_nothing(box: Box) -> None:
    """A bad template line is found by the validator, before the first section is touched."""
    bad = box.sections()
    bad["frr"] = bad["frr"].replace(" ip ospf cost 10", " ip ospf costs ten")
    bad["banner"] = "a change that must not happen\n"

    told = box.push(sections=bad)

    assert told["error"] == "ChangeRefusedError"
    assert "costs ten" in str(told["message"])
    assert "nothing was changed" in str(told["message"])
    assert box.push(sections=box.sections(), check=True)["result"] == "ok"


def test_what_was_not_predicted_is_rolled_back(box: Box) -> None:
    """FRR accepts the line and shows another one: running is not predicted, so all goes back."""
    odd = box.sections()
    odd["frr"] = odd["frr"].replace("hostname", "ip route 198.51.100.0/024 reject\nhostname")
    odd["banner"] = "a change that must not stay\n"

    told = box.push(sections=odd)

    assert told.get("result") == "rolled_back" or "error" in told, told
    assert box.push(sections=box.sections(), check=True)["result"] == "ok"
    assert "must not stay" not in box.on(CPE, "cat /etc/issue.net")


def test_lines_set_by_hand_stay_and_are_shown(box: Box) -> None:
    """Nothing unmodelled is ever removed silently."""
    box.on(CPE, "vtysh -c 'conf t' -c 'ip route 192.0.2.0/24 reject'")

    told = box.push(sections=box.sections())

    assert told["residue"] == ["frr: ip route 192.0.2.0/24 reject"]
    assert "192.0.2.0/24" in box.on(CPE, "vtysh -c 'show run'; cat /etc/frr/frr.conf")
    box.on(CPE, "vtysh -c 'conf t' -c 'no ip route 192.0.2.0/24 reject'")
    box.push(sections=box.sections())


def test_drift_is_shown_and_set_right(box: Box) -> None:
    """A cost, a queue and a setting changed by hand: each is seen as it really runs."""
    box.on(
        CPE,
        "vtysh -c 'conf t' -c 'int wan1' -c 'ip ospf cost 77';"
        " tc qdisc del dev wan1 root; echo 0 > /proc/sys/net/ipv4/ip_forward",
    )

    assert box.push(sections=box.sections(), check=True)["diffs"] == ["sysctl", "frr", "tc"]
    assert box.push(sections=box.sections())["result"] == "changed"
    assert box.push(sections=box.sections(), check=True)["diffs"] == []


def test_a_full_disk_is_told_before_anything_changes(box: Box) -> None:
    """A change needs room for the old and the new configuration."""
    changed = {**box.sections(), "banner": "no room for me\n"}
    box.on(CPE, "dd if=/dev/zero of=/var/filler bs=64k 2>/dev/null; sync")
    try:
        told = box.push(sections=changed)
    finally:
        box.on(CPE, "rm -f /var/filler")

    assert "free" in str(told["message"]) or "No space" in str(told["message"]), told
    assert box.push(sections=box.sections(), check=True)["result"] == "ok"


def test_two_runs_on_one_device_do_not_mix(box: Box) -> None:
    """The second run names the first and changes nothing."""
    lock = "/run/tinhnet-device.lock"
    # -o: who is killed lets go, also where a child of theirs goes on.
    hold = f"flock -o {lock} sh -c 'echo alice from 10.0.0.1 > {lock}; sleep 120'"
    box.on(CPE, f"nohup {hold} >/dev/null 2>&1 & until grep -q alice {lock}; do sleep 0.1; done")

    told = box.push(sections={**box.sections(), "banner": "second\n"})

    assert told["error"] == "ChangeRefusedError"
    assert "alice from 10.0.0.1" in str(told["message"])
    box.on(CPE, "pkill -f '[f]lock -o /run/tinhnet-device.lock'")


def test_a_dropped_session_does_not_stop_the_change(box: Box) -> None:
    """A change that has begun ends by itself; one that has not leaves the old one whole."""
    before = box.on(CPE, "cat /etc/issue.net")
    ended = {text: drop_in_the_middle(box, text) for text in ("first\n", "second\n", "third\n")}

    assert set(ended.values()) <= {*ended, before}
    assert any(text == found for text, found in ended.items())
    box.push(sections=box.sections())
    assert box.on(CPE, "cat /etc/issue.net") == before


def drop_in_the_middle(box: Box, banner: str) -> str:
    """Push a banner, drop the session once the change shows, return the banner at its end."""
    running = box.begin(sections={**box.sections(), "banner": banner})
    until(
        lambda: running.poll() is not None or "journal" in box.on(CPE, f"ls {JOURNALS}"),
        "the change has begun",
    )
    running.kill()
    running.communicate()
    until(lambda: "journal" not in box.on(CPE, f"ls {JOURNALS}"), "the change has ended")
    return box.on(CPE, "cat /etc/issue.net")


def test_a_killed_change_is_restored_by_the_next_run(box: Box) -> None:
    """Power or a kill between two sections: the next session finds the journal and restores."""
    journal = {
        "token": "t", "who": "alice", "since": "2026-01-01T00:00:00Z", "running": {},
        "addresses": "", "routes": "",
        "files": {"/etc/issue.net": {"content": "b2xkCg==", "mode": 420, "uid": 0, "gid": 0}},
    }  # fmt: skip
    box.on(CPE, f"echo '{json.dumps(journal)}' > /var/lib/tinhnet/device/journal.json")

    told = box.push(sections=box.sections())

    assert "a change of alice (2026-01-01T00:00:00Z) was interrupted and rolled back" in str(
        told["notes"]
    )
    assert told["residue"] == ["banner: old"]
    assert box.on(CPE, "cat /etc/issue.net").startswith("old\n")
    box.on(CPE, "sed -i /^old$/d /etc/issue.net")


def test_a_wrong_key_says_what_to_do(box: Box, tmp_path: Path) -> None:
    """The device is there and refuses us: that is not the same as unreachable."""
    key = tmp_path / "wrong"
    key.write_text(make_ssh_key(), encoding="ascii")
    key.chmod(0o600)

    told = box.push(sections={}, check=True, key=str(key))

    assert told["error"] == "KeyRefusedError"
    assert "refuses the management key" in str(told["message"])


def test_a_changed_host_key_stops_everything(box: Box) -> None:
    """Nothing is sent to whoever shows another key."""
    path = box.state / "known_hosts"
    held = path.read_text(encoding="utf-8")
    other = next(line for line in held.splitlines() if not line.startswith(CPE)).split()[2]
    lines = [
        f"{line.split()[0]} ssh-ed25519 {other}" if line.startswith(CPE) else line
        for line in held.splitlines()
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        told = box.push(sections={}, check=True)
    finally:
        path.write_text(held, encoding="utf-8")

    assert told["error"] == "HostKeyChangedError"
    assert "SHA256:" in str(told["message"])


def test_an_unreachable_device_is_named_with_every_address(box: Box) -> None:
    """A device without power: which addresses were tried, and where to look."""
    told = box.push("so-y-te-cpe1", sections={}, check=True)
    assert "error" not in told or told["error"] != "UnreachableError"

    box.lab("kill", "so-y-te-cpe1")
    told = box.push("so-y-te-cpe1", sections={}, check=True, patience_s=0)
    box.lab("start", "so-y-te-cpe1")

    device = box.network.devices["so-y-te-cpe1"]
    assert told["error"] == "UnreachableError"
    assert str(device.management4) in str(told["message"])
    assert str(device.bootstrap4) in str(told["message"])


def test_a_slow_device_is_told_from_a_dead_one(box: Box) -> None:
    """A device that does not answer in time ends its change by itself and is asked again."""
    changed = {**box.sections(), "banner": "slow but sure\n"}

    told = box.push(sections=changed, answer_s=0.3)

    assert told.get("result") == "changed" or "no answer for" in str(told.get("message")), told
    until(lambda: box.push(sections=changed, check=True).get("result") == "ok", "the end")
    box.push(sections=box.sections())
