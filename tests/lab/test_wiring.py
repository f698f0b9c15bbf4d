# SPDX-License-Identifier: MIT
"""The cables of a province, decided without building one."""

from collections import Counter

from lab.select import only_sites
from lab.wiring import SWITCH, Port, cable_commands, hardware_address, wiring_of
from tinhnet.model.declared import DeclaredNetwork

LONGEST_NAME = 15  # IFNAMSIZ - 1, <linux/if.h>


def test_every_port_of_every_device_is_plugged_exactly_once(declared: DeclaredNetwork) -> None:
    """A port that exists twice or nowhere would make a provisioned device differ from its plan."""
    wiring = wiring_of(declared)
    plugged = Counter(port for cable in wiring.cables for port in (cable.a, cable.b))
    expected = {
        Port(device.id, interface.name)
        for device in declared.devices.values()
        for interface in device.interfaces
        if interface.kind != "loopback"
    }

    assert set(plugged.values()) == {1}
    assert expected <= set(plugged)


def test_each_circuit_runs_through_its_carrier_alone(declared: DeclaredNetwork) -> None:
    """A cut must hit one circuit and nothing else."""
    wiring = wiring_of(declared)
    bridges = [(segment.place, segment.bridge) for segment in wiring.circuits.values()]
    circuits = {key: link for key, link in declared.links.items() if link.kind == "circuit"}

    assert set(wiring.circuits) == set(circuits)
    assert len(set(bridges)) == len(bridges)
    for key, segment in wiring.circuits.items():
        assert segment.place == f"carrier-{circuits[key].carrier}"
        assert len(segment.ports) == 2


def test_no_interface_name_is_longer_than_the_kernel_takes(declared: DeclaredNetwork) -> None:
    """Names are numbers in the carriers, because ids of links are longer than 15 letters."""
    wiring = wiring_of(declared)
    names = [port.interface for cable in wiring.cables for port in (cable.a, cable.b)]
    names += [segment.bridge for segment in wiring.segments]

    assert max(map(len, names)) <= LONGEST_NAME


def test_no_cable_is_born_in_the_machines_own_namespace(declared: DeclaredNetwork) -> None:
    """An interface left in the root namespace would show and stay on the machine."""
    wiring = wiring_of(declared)
    spaces = {place: f"tn-{place}" for place in (*wiring.devices, *wiring.places)}

    for command in cable_commands(wiring.cables, spaces):
        assert command.count(" netns tn-") == 2


def test_ports_of_sites_left_out_are_dark_not_missing(declared: DeclaredNetwork) -> None:
    """A core configured for forty sites must find its ports in a lab of one."""
    part = only_sites(declared, ("dien-ban",))
    wiring = wiring_of(part)
    far = {(cable.a, cable.b.place) for cable in wiring.cables if cable.b.interface.startswith("u")}

    assert "tam-ky-cpe1" not in wiring.devices
    assert (Port("core1", "c1"), SWITCH) in far


def test_hardware_addresses_are_local_and_stable() -> None:
    """After a reboot neighbours still know the device."""
    address = hardware_address(Port("core1", "fw1"))

    assert address == hardware_address(Port("core1", "fw1"))
    assert address != hardware_address(Port("core2", "fw1"))
    assert int(address[:2], 16) & 0b11 == 0b10
