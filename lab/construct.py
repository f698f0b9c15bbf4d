# SPDX-License-Identifier: MIT
"""Build a lab from a declared network: names, cables, disks, then power on."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lab import cgroup, disk, kernel, keys
from lab.certificates import read_certificates, trusted_files
from lab.layout import RESOLVERS, Layout, make_folder
from lab.outside import outside_files
from lab.power import switch_on, wait_ready
from lab.record import (
    DeviceRecord,
    LinkRecord,
    Owned,
    Record,
    now,
    with_device,
    write_owned,
    write_record,
)
from lab.shell import ip_batch
from lab.wiring import Wiring, bridge_commands, cable_commands, wiring_of
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device

Progress = Callable[[str], None]
CONTROLLER = "controller"
PC = "pc"
_SILENT = {f"ipv6/conf/{scope}/disable_ipv6": "1" for scope in ("all", "default")}


def construct(
    layout: Layout, network: DeclaredNetwork, record: Record, progress: Progress
) -> Record:
    """Build everything and boot every device; returns the record of the running lab.

    `record` comes from `blank_record`.  What is made is noted before it is
    made, so that a run cut short is cleaned by the next one.
    """
    wiring = wiring_of(network)
    began = time.monotonic()
    _prepare(layout, wiring)
    _plug(layout, wiring)
    progress(f"cabled: {len(wiring.cables)} cables, {len(wiring.circuits)} circuits")
    _furnish(layout, network, record)
    booted = [device for device in record.devices.values() if device.kind != CONTROLLER]
    progress(f"booting {len(booted)} devices")
    running = switch_on(layout, Path(record.base), booted)
    for device in running:
        record = with_device(record, device)
    _settle_controller(layout, network)
    write_record(layout, record)
    wait_ready(running)
    progress(f"lab is up in {time.monotonic() - began:.1f} s")
    return record


def blank_record(
    layout: Layout, network: DeclaredNetwork, *, inventory: Path, base: Path, authorized: str
) -> Record:
    """Return the record of a lab whose devices are all powered off."""
    circuits = wiring_of(network).circuits
    devices = {device.id: _device_record(device) for device in network.devices.values()}
    links = {}
    for link in network.links.values():
        segment = circuits.get(link.id)
        links[link.id] = LinkRecord(
            id=link.id,
            kind=link.kind,
            ends=(f"{link.a.device}:{link.a.interface}", f"{link.b.device}:{link.b.interface}"),
            place=segment.place if segment else None,
            bridge=segment.bridge if segment else None,
            ports=segment.ports if segment else (),
        )
    return Record(
        prefix=layout.prefix,
        inventory=str(inventory),
        digest=network.digest,
        base=str(base),
        authorized=authorized,
        began_at=now(),
        devices=devices,
        links=links,
    )


def _device_record(device: Device) -> DeviceRecord:
    ports = tuple(port.name for port in device.interfaces if port.kind != "loopback")
    return DeviceRecord(
        device.id, disk.kind_of(device), device.role, device.site, ports, None, None
    )


def _prepare(layout: Layout, wiring: Wiring) -> None:
    """Note the namespaces, then make them and the directories of the lab."""
    names = [layout.namespace(name) for name in (*wiring.devices, *wiring.places)]
    layout.run.mkdir(parents=True, exist_ok=True)
    layout.run.chmod(0o755)
    (layout.run / "root").mkdir(exist_ok=True)
    layout.log.mkdir(exist_ok=True)
    write_owned(layout, Owned(tuple(names)))
    ip_batch(f"netns add {name}" for name in names)


def _plug(layout: Layout, wiring: Wiring) -> None:
    namespaces = {name: layout.namespace(name) for name in (*wiring.devices, *wiring.places)}
    ip_batch(cable_commands(wiring.cables, namespaces))
    for place in wiring.places:
        # A wire has no addresses of its own and says nothing.
        set_in_namespace(layout, place, _SILENT)
        ip_batch(bridge_commands(wiring, place), namespaces[place])


def set_in_namespace(layout: Layout, name: str, settings: Mapping[str, str]) -> None:
    """Write settings below /proc/sys/net, whose meaning hangs on who writes: a child does."""
    child = os.fork()
    if child == 0:
        try:
            kernel.join(layout.namespace_file(name), kernel.CLONE_NEWNET)
            for key, value in settings.items():
                Path("/proc/sys/net", key).write_text(value, encoding="ascii")
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        raise TinhnetError(f"{layout.namespace(name)}: {', '.join(settings)} cannot be set")


def _furnish(layout: Layout, network: DeclaredNetwork, record: Record) -> None:
    """Give every device that boots a disk, and every namespace a resolver."""
    booting = [device for device in network.devices.values() if disk.kind_of(device) != CONTROLLER]
    host_keys = keys.host_keys(layout, (device.id for device in booting))
    keys.write_known_hosts(layout, network, host_keys)
    keys.give_to_product(layout)
    trusted = trusted_by_pcs(layout, Path(record.base))
    for device in booting:
        content = disk.files(
            network, device, authorized=record.authorized, host_key=host_keys[device.id]
        )
        if device.role == "external":
            content += outside_files(layout, network, device)
        if device.role == PC:
            content += trusted
        disk.install(layout.disk(device.id), device, content)
    for device in network.devices.values():
        if disk.kind_of(device) in ("light", CONTROLLER):
            folder = RESOLVERS / layout.namespace(device.id)
            make_folder(folder)
            (folder / "resolv.conf").write_text(disk.resolver(network), encoding="utf-8")


def trusted_by_pcs(layout: Layout, base: Path) -> tuple[disk.File, ...]:
    """Return the files of the authorities the PCs trust: `lab trust`, else the product's own."""
    for path in (layout.state / "trusted.pem", layout.state.parents[1] / "pki" / "ca.pem"):
        if path.exists():
            return trusted_files(base, read_certificates(path))
    return ()


def _settle_controller(layout: Layout, network: DeclaredNetwork) -> None:
    """Address the controller's namespace: the product itself is started by `lab exec`."""
    for device in network.devices.values():
        if disk.kind_of(device) != CONTROLLER:
            continue
        cgroup.create(cgroup.group_of(layout.prefix, device.id))
        set_in_namespace(layout, device.id, {"ipv4/ping_group_range": "0 2147483647"})
        lines = ["link set lo up"]
        lines += [f"link set {port.name} up" for port in device.interfaces]
        for line in disk.bootstrap(network, device).splitlines():
            word, _, rest = line.partition(" ")
            if word == "address":
                port, _, address = rest.partition(" ")
                lines.append(f"address replace {address} dev {port}")
            else:
                lines.append(f"route replace {rest}")
        ip_batch(lines, layout.namespace(device.id))
