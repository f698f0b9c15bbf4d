# SPDX-License-Identifier: MIT
"""Who sent it, and what of the declared network it is about."""

from pathlib import Path

import pytest

from collectors.events.place import Place, Places
from tinhnet.inventory import load

NETWORK = load(Path(__file__).parents[3] / "inventory")
PLACES = Places(NETWORK)
CORE = NETWORK.devices["core1"]
CIRCUIT = NETWORK.links["dien-ban-1"]


def test_any_declared_address_is_its_device() -> None:
    """A router answers from whichever interface is nearest to us."""
    for device in NETWORK.devices.values():
        for interface in device.interfaces:
            for address in (interface.address4, interface.address6):
                if address is not None:
                    assert PLACES.sender(str(address.ip)) == device.id


@pytest.mark.parametrize("form", ["::ffff:{0}", "{0}"])
def test_an_address_has_one_meaning_in_every_form(form: str) -> None:
    """A socket that takes IPv6 shows IPv4 senders in a form of its own."""
    assert PLACES.sender(form.format(CORE.management4)) == "core1"


def test_a_name_counts_on_this_machine_alone() -> None:
    """Otherwise anybody could speak for the core by writing its name."""
    assert PLACES.sender("127.0.0.1", "CORE1.example") == "core1"
    assert PLACES.sender("203.0.113.9", "core1") is None
    assert PLACES.sender(str(NETWORK.devices["web1"].management4), "core1") == "web1"
    assert not PLACES.knows("203.0.113.9")
    assert not PLACES.knows("no address")


@pytest.mark.parametrize("way", ["interface", "router id", "address"])
def test_a_circuit_is_found_from_both_of_its_ends(way: str) -> None:
    """Both routers tell of a cut; both rows must stand on the site's page."""
    for here, there in ((CIRCUIT.a, CIRCUIT.b), (CIRCUIT.b, CIRCUIT.a)):
        far = NETWORK.devices[there.device]
        address = far.interface(there.interface).address4
        assert address is not None
        named = {"router id": str(far.router_id), "address": str(address.ip)}.get(way)

        found = PLACES.place(here.device, None if named else here.interface, named)

        assert found == Place(here.device, here.interface, CIRCUIT.id, "dien-ban")


def test_what_nobody_declared_stays_as_it_was_said() -> None:
    """An interface we do not know is still worth reading; a circuit must not be guessed."""
    assert PLACES.place("core1", "ge-0/0/9", "203.0.113.9") == Place(
        "core1", "ge-0/0/9", None, "dc"
    )
