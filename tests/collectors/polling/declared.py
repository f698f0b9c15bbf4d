# SPDX-License-Identifier: MIT
"""Declared devices for polls."""

from ipaddress import IPv4Address

from tinhnet.model.device import Device, Interface


def router(name: str, *, link: str | None = None) -> Device:
    """Return a router whose port c101 ends a link."""
    port = Interface("c101", "circuit", "", link, None, None, None, None, None, None, None)
    local = IPv4Address("127.0.0.1")
    return Device(
        id=name,
        site="dc",
        role="core",
        platform="frr",
        number=1,
        interfaces=(port,),
        router_id=local,
        management4=local,
        management6=None,
        bootstrap4=local,
        gateway4=None,
        gateway6=None,
        managed=True,
        services=(),
        description="",
    )
