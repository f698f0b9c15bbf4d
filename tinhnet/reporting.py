# SPDX-License-Identifier: MIT
"""What comes to the controller by itself, and on which of its ports.

Typed once: devices are told these ports, packet filters let them through, the
proof tries them and the workers take them.  All are above 1023: the product
has no rights of its own.
"""

from dataclasses import dataclass

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device

AGENT_PORT = 7443
"""TLS; what probe agents saw."""
SYSLOG_PORT = 5514
"""UDP and TCP; log lines of routers and servers."""
TRAP_PORT = 5162
"""UDP; SNMPv3 traps and informs."""


@dataclass(frozen=True, slots=True)
class Way:
    """One kind of report: the port it comes to and what people call it."""

    protocol: str
    port: int
    purpose: str


AGENTS = Way("tcp", AGENT_PORT, "reports of probe agents")
FROM_DEVICES = (
    Way("udp", SYSLOG_PORT, "log lines"),
    Way("tcp", SYSLOG_PORT, "log lines"),
    Way("udp", TRAP_PORT, "SNMP traps"),
)
WAYS = (AGENTS, *FROM_DEVICES)


def controllers_of(network: DeclaredNetwork) -> tuple[Device, ...]:
    """Return the devices on which the product runs, in declared order."""
    return tuple(one for one in network.devices.values() if one.role == "controller")
