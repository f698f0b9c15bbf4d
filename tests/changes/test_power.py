# SPDX-License-Identifier: MIT
"""Power that goes and sessions that drop in the middle of a change, on a real router."""

import json
from collections.abc import Iterator

import pytest

from tests.changes.box import CPE, Box, until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

STATE = "/var/lib/tinhnet/device"
SLOW = "/usr/local/sbin/systemctl"
"""A change asks for systemctl once all its files and live settings are new, before its proof."""


@pytest.fixture
def hanging(box: Box) -> Iterator[dict[str, str]]:
    """Return a change that hangs half-way: everything is new, and nothing is proved."""
    box.on(
        CPE,
        f"printf '%s\\n' '#!/bin/sh' 'case \"$1\" in stop|restart|reload) sleep 20;; esac'"
        f" 'exec /usr/bin/systemctl \"$@\"' > {SLOW}; chmod 755 {SLOW}",
    )
    sections = box.sections()
    yield {
        **sections,
        "frr": sections["frr"].replace(" ip ospf cost 10\n", " ip ospf cost 33\n"),
        "banner": "half of a change\n",
        "snmpd": sections["snmpd"] + "sysServices 4\n",
    }
    box.on(CPE, f"rm -f {SLOW}")
    box.push(sections=sections)


def runs(box: Box) -> str:
    """Return what a change of the test touches, as it really runs and stands on disk."""
    return box.on(
        CPE,
        "vtysh -c 'show run' | grep 'ospf cost'; cat /etc/frr/frr.conf /etc/issue.net"
        " /etc/snmp/snmpd.conf",
    )


def half_done(box: Box) -> bool:
    """Tell whether the change is in its middle: live and on disk, and without proof."""
    if not box.on(CPE, "pgrep -x sleep"):
        return False
    found = box.on(CPE, f"ls {STATE}; vtysh -c 'show run' | grep 'ospf cost'; cat /etc/issue.net")
    return "journal" in found and "ospf cost 33" in found and "half of a change" in found


def test_power_lost_in_the_middle_of_a_change_brings_the_old_one_back(
    box: Box, hanging: dict[str, str]
) -> None:
    """A blackout during a push at night: in the morning the district runs what it ran before."""
    before = runs(box)
    running = box.begin(sections=hanging, who="lan")
    try:
        until(lambda: half_done(box), "the middle of the change")
        box.lab("kill", CPE)
    finally:
        running.kill()
        running.communicate()
    box.lab("start", CPE)
    until(lambda: "cost" in box.on(CPE, "vtysh -c 'show run' | grep cost"), "FRR has started")

    last = json.loads(box.on(CPE, f"cat {STATE}/last.json"))
    assert (last["result"], last["message"]) == ("rolled_back", "power was lost during the change")
    assert "journal" not in box.on(CPE, f"ls {STATE}")
    assert runs(box) == before
    box.on(CPE, f"rm -f {SLOW}")

    looked = box.push(sections=box.sections(), check=True)
    told = box.push(sections=box.sections())
    later = box.push(sections=box.sections())

    assert looked["diffs"] == []
    for one in (looked, told):
        assert "power was lost during a change of lan" in str(one["notes"])
        assert "rolled back at boot" in str(one["notes"])
    assert (told["result"], later["result"], later["notes"]) == ("ok", "ok", [])


def test_a_session_dropped_in_the_middle_is_asked_about_on_a_new_one(
    box: Box, hanging: dict[str, str]
) -> None:
    """The change outlives its session, and the controller reports how it ended all the same."""
    running = box.begin(sections=hanging)
    until(lambda: half_done(box), "the middle of the change")
    box.on(CPE, "pkill -f '[s]shd: tinhnet'")
    box.on(CPE, f"rm -f {SLOW}; pkill -x sleep")
    out, _ = running.communicate(timeout=60)
    told = json.loads(out)

    assert told["result"] == "changed", told
    assert "the session dropped" in str(told["notes"])
    assert "ospf cost 33" in runs(box)
