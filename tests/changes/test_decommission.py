# SPDX-License-Identifier: MIT
"""A router that is taken off the network is bare again, and comes back as if it never left."""

import pytest

from tests.changes.box import CPE, Box, until

pytestmark = [pytest.mark.lab, pytest.mark.slow]

LINKS = "find /etc/systemd/system -type l -printf '%p %l\\n' | sort"
ROUTES = "vtysh -c 'show running-config' | grep -c 'ip ospf area'"


def test_a_decommissioned_router_comes_back_whole(box: Box) -> None:
    """Off the network, back on it, and a power cut later: it boots with everything it had."""
    links = box.on(CPE, LINKS)
    assert "syslog.service" in links

    refused = box.play("decommission.yml", "--limit", "dien-ban,core1")
    assert refused.returncode != 0
    assert "confirm=SITE" in refused.stdout
    assert box.push(sections=box.sections(), check=True)["diffs"] == []

    gone = box.play("decommission.yml", "--limit", "dien-ban,core1", "-e", "confirm=dien-ban")
    try:
        assert gone.returncode == 0, gone.stdout[-2000:]
        assert box.on(CPE, ROUTES).strip() == "0"
        assert "c107" not in box.on("core1", "vtysh -c 'show running-config' | grep 'ip ospf' -B9")
        assert "10.90.99.0/24 via" in box.on(CPE, "ip route show proto boot")
        assert box.on(CPE, "nft list ruleset").strip() == ""
    finally:
        for device in ("core1", CPE):
            told = box.push(device, sections=box.sections(device))
            assert told.get("result") == "changed", told

    assert box.on(CPE, LINKS) == links
    assert box.push(sections=box.sections(), check=True)["diffs"] == []
    box.lab("kill", CPE)
    box.lab("start", CPE)
    asked = "systemctl is-active rsyslog syslog.socket snmpd chrony nftables frr"
    until(lambda: box.on(CPE, asked).split() == ["active"] * 6, "every unit runs after a power cut")
    until(lambda: box.push(sections=box.sections(), check=True).get("diffs") == [], "same state")
