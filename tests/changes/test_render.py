# SPDX-License-Identifier: MIT
"""The whole intended configuration of each kind of router, as readable text in tests/cases/routers.

After a wanted change of a template: `TINHNET_WRITE_CASES=1 pytest tests/changes/test_render.py`.
"""

import os
from functools import cache
from ipaddress import IPv6Network
from pathlib import Path

import pytest

from changes.credentials import Credentials, OspfKey
from changes.render import render, whole_text
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.snmp_identity import SnmpUser

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "routers"
SMALL = ROOT / "tests" / "cases" / "inventory-small"


@cache
def small() -> DeclaredNetwork:
    """Return the small province."""
    return load(SMALL)


def credentials(device: str) -> Credentials:
    """Return placeholders in the place of every secret."""
    links = {face.link for face in small().devices[device].interfaces if face.link}
    return Credentials(
        ospf={link: (OspfKey(1, f"<secret ospf/{link} v1>"),) for link in links},
        snmp=(
            SnmpUser(
                "tinhnet1", f"<secret snmp/{device}/auth v1>", f"<secret snmp/{device}/priv v1>"
            ),
        ),
        ssh_keys=("ssh-ed25519 PUBLIC tinhnet-v1",),
    )


@pytest.mark.parametrize("device", ["core1", "fw1", "edge1", "dien-ban-cpe1"])
def test_a_router_is_rendered_as_its_case_says(device: str) -> None:
    """A template cannot change a line of any router unseen."""
    path = CASES / f"{device}.conf"
    text = whole_text(render(small(), device, credentials(device)))
    if os.environ.get("TINHNET_WRITE_CASES"):
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("device", ["core1", "fw1", "edge1", "dien-ban-cpe1"])
def test_ipv6_is_filtered_as_strictly_as_ipv4(device: str) -> None:
    """Every rule for one family has its twin for the other."""
    lines = render(small(), device, credentials(device))["nftables"].splitlines()
    inside = [line.strip() for line in lines]
    four = [line for line in inside if line.startswith("ip saddr") and "accept" in line]
    six = [line for line in inside if line.startswith("ip6 saddr") and "accept" in line]

    assert len(four) == len(six) > 0
    assert sum("policy drop" in line for line in inside) == 2


def test_a_cpe_lets_its_lan_reach_nothing_but_permitted_services() -> None:
    """No rule of a site's firewall opens another site's LAN or a zone as a whole."""
    network = small()
    text = render(network, "dien-ban-cpe1", credentials("dien-ban-cpe1"))["nftables"]
    forward = text.split("chain forward")[1]
    other = network.networks["so-y-te-lan"].prefix4

    assert str(other) not in forward
    assert "accept comment" in forward
    assert not any(
        isinstance(one.prefix6, IPv6Network) and f"ip6 daddr {one.prefix6} accept" in forward
        for one in network.networks.values()
    )


def test_a_rotation_renders_the_old_key_last_until_it_is_switched() -> None:
    """FRR signs with the last key: during expand that must be the one every neighbour knows."""
    held = Credentials({"dien-ban-1": (OspfKey(2, "new"), OspfKey(1, "old"))}, (), ())

    text = render(small(), "dien-ban-cpe1", held)["frr"]

    assert text.index("key 2 md5 new") < text.index("key 1 md5 old")
