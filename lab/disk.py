# SPDX-License-Identifier: MIT
"""What stands on a bare device's disk: its name, its key, one address, one route."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from lab import kernel
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device, Interface

ACCOUNT_ID = 2016  # uid and gid of `tinhnet` in the base root
_MB_BY_KIND = {"router": 64, "server": 384, "light": 24}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a disk: path below the root, text, mode and owner (uid and gid)."""

    path: str
    text: str
    mode: int = 0o644
    owner: int = 0


@dataclass(frozen=True, slots=True)
class HostKey:
    """The ssh host key of a device: OpenSSH private key and public line."""

    private: str
    public: str


def kind_of(device: Device) -> str:
    """Return how the lab builds a device: router, server, light or controller."""
    if device.role == "controller":
        return "controller"
    if device.platform == "frr":
        return "router"
    return "server" if device.role == "server" else "light"


def resolver(network: DeclaredNetwork) -> str:
    """Return the resolv.conf of a province: its own name servers."""
    servers = [
        str(network.devices[service.server].management4)
        for service in network.services.values()
        if service.check.kind == "dns" and service.server in network.devices
    ]
    names = dict.fromkeys(servers)
    lines = [f"search {network.province.domain}", "options timeout:1 attempts:2"]
    return "".join(f"{line}\n" for line in [*(f"nameserver {name}" for name in names), *lines])


def bootstrap(network: DeclaredNetwork, device: Device) -> str:
    """Return /etc/tinhnet/bootstrap: all that a bare device knows of the network.

    A router knows its bootstrap address and the way to the management prefix;
    a firewall or core forwards, too, so that those behind it can be reached
    as soon as it knows more.  Any other device knows its addresses and its
    default gateway.
    """
    if kind_of(device) == "router":
        return _lines(_router_lines(network, device))
    return _lines(_host_lines(device))


def files(
    network: DeclaredNetwork, device: Device, *, authorized: str, host_key: HostKey
) -> tuple[File, ...]:
    """Return the files that turn the base root into this bare device."""
    seed = f"{network.province.id}/{device.id}".encode()
    common = (
        File("etc/hostname", f"{device.id}\n"),
        File("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {device.id}\n::1 localhost\n"),
        File("etc/machine-id", hashlib.md5(seed, usedforsecurity=False).hexdigest() + "\n"),
        File("etc/resolv.conf", resolver(network)),
        File("etc/tinhnet/bootstrap", bootstrap(network, device)),
        *host_key_files(host_key),
    )
    keys = "home/tinhnet/.ssh/authorized_keys"
    return (*common, File(keys, authorized, 0o600, ACCOUNT_ID))


def host_key_files(key: HostKey) -> tuple[File, File]:
    """Return the two files of a device's host key."""
    path = "etc/ssh/ssh_host_ed25519_key"
    return File(path, key.private, 0o600), File(f"{path}.pub", key.public)


def install(disk: Path, device: Device, content: tuple[File, ...]) -> None:
    """Mount a fresh disk of the device's size and write its files."""
    disk.mkdir(parents=True, exist_ok=True)
    size = _MB_BY_KIND[kind_of(device)]
    kernel.mount("tmpfs", disk, "tmpfs", kernel.MS_NODEV, f"mode=755,size={size}m")
    upper = disk / "upper"
    upper.mkdir()
    (disk / "work").mkdir()
    for file in content:
        write(upper, file)
    if kind_of(device) == "router":
        wants = upper / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True)
        (wants / "frr.service").symlink_to("/lib/systemd/system/frr.service")


def write(upper: Path, file: File) -> None:
    """Write one file; the directories of an account are its own."""
    target = upper / file.path
    missing = [parent for parent in target.parents if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir()
        below_home = "home/tinhnet" in str(parent)
        parent.chmod(0o700 if below_home else 0o755)
        if below_home:
            os.chown(parent, ACCOUNT_ID, ACCOUNT_ID)
    target.touch(mode=0o600)
    target.write_text(file.text, encoding="utf-8")
    target.chmod(file.mode)
    os.chown(target, file.owner, file.owner)


def _router_lines(network: DeclaredNetwork, device: Device) -> Iterator[str]:
    port = _holder(device, device.bootstrap4)
    if port is None or port.address4 is None:
        return
    management = network.province.management4
    yield f"address {port.name} {port.address4}"
    if device.gateway4 is not None and device.gateway4 not in management:
        yield f"route {management} via {device.gateway4}"
    if device.role in ("core", "firewall"):
        yield "forward"


def _host_lines(device: Device) -> Iterator[str]:
    for interface in device.interfaces:
        for address in (interface.address4, interface.address6):
            if address is not None:
                nodad = " nodad" if address.version == 6 else ""  # noqa: PLR2004 the IP version
                yield f"address {interface.name} {address}{nodad}"
    if device.gateway4 is not None:
        yield f"route default via {device.gateway4}"
    if device.gateway6 is not None:
        yield f"route default via {device.gateway6}"


def _holder(device: Device, address: IPv4Address) -> Interface | None:
    for interface in device.interfaces:
        own: IPv4Interface | None = interface.address4
        if own is not None and own.ip == address and interface.kind != "loopback":
            return interface
    return None


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in dict.fromkeys(lines))
