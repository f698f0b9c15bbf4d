# SPDX-License-Identifier: MIT
"""What is asked of every device, as data: names of objects and the words of their numbers.

Sources: SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), HOST-RESOURCES-MIB (RFC
2790), IP-MIB (RFC 4293), OSPF-MIB (RFC 4750), BFD-STD-MIB (RFC 7331),
LLDP-MIB (IEEE 802.1AB), UCD-SNMP-MIB (net-snmp).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of a table by our word for them; the first one every row has."""

    entry: str
    columns: Mapping[str, int]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns as dotted names, in order."""
        return tuple(f"{self.entry}.{column}" for column in self.columns.values())


SCALARS = {
    "description": "1.3.6.1.2.1.1.1",
    "object_id": "1.3.6.1.2.1.1.2",
    "uptime_ticks": "1.3.6.1.2.1.1.3",
    "contact": "1.3.6.1.2.1.1.4",
    "name": "1.3.6.1.2.1.1.5",
    "location": "1.3.6.1.2.1.1.6",
    "interfaces": "1.3.6.1.2.1.2.1",
    "router_id": "1.3.6.1.2.1.14.1.1",
    "engine_uptime_s": "1.3.6.1.6.3.10.2.1.3",
    "host_uptime_ticks": "1.3.6.1.2.1.25.1.1",
    "swap_total": "1.3.6.1.4.1.2021.4.3",
    "swap_free": "1.3.6.1.4.1.2021.4.4",
    "memory_total": "1.3.6.1.4.1.2021.4.5",
    "memory_free": "1.3.6.1.4.1.2021.4.6",
    "memory_buffers": "1.3.6.1.4.1.2021.4.14",
    "memory_cached": "1.3.6.1.4.1.2021.4.15",
}
"""Objects with the single instance 0; memory is in units of 1024 bytes."""

IF_ENTRY = "1.3.6.1.2.1.2.2.1"
IFX_ENTRY = "1.3.6.1.2.1.31.1.1.1"
INTERFACES = {
    "description": f"{IF_ENTRY}.2",
    "type": f"{IF_ENTRY}.3",
    "mtu": f"{IF_ENTRY}.4",
    "speed": f"{IF_ENTRY}.5",
    "admin_status": f"{IF_ENTRY}.7",
    "oper_status": f"{IF_ENTRY}.8",
    "last_change_ticks": f"{IF_ENTRY}.9",
    "in_discards": f"{IF_ENTRY}.13",
    "in_errors": f"{IF_ENTRY}.14",
    "out_discards": f"{IF_ENTRY}.19",
    "out_errors": f"{IF_ENTRY}.20",
    "name": f"{IFX_ENTRY}.1",
    "in_octets": f"{IFX_ENTRY}.6",
    "in_packets": f"{IFX_ENTRY}.7",
    "out_octets": f"{IFX_ENTRY}.10",
    "out_packets": f"{IFX_ENTRY}.11",
    "high_speed": f"{IFX_ENTRY}.15",
    "alias": f"{IFX_ENTRY}.18",
    "discontinuity_ticks": f"{IFX_ENTRY}.19",
}
"""ifTable and ifXTable have the same index and are walked as one."""
NARROW_COUNTERS = {
    "in_octets": f"{IF_ENTRY}.10",
    "in_packets": f"{IF_ENTRY}.11",
    "out_octets": f"{IF_ENTRY}.16",
    "out_packets": f"{IF_ENTRY}.17",
}
"""32 bits wide; asked for only where an interface has no wide ones."""

LOOPBACK_TYPE = 24
"""softwareLoopback: net-snmp gives it 10 Mbit/s, which it exceeds every day."""

STORAGE = Table(
    "1.3.6.1.2.1.25.2.3.1", {"type": 2, "description": 3, "unit": 4, "total": 5, "used": 6}
)
DISKS = Table("1.3.6.1.4.1.2021.9.1", {"description": 2, "total": 6, "used": 8})
"""UCD-SNMP-MIB's dskTable in units of 1024 bytes: what HOST-RESOURCES-MIB leaves out."""
ADDRESSES = Table("1.3.6.1.2.1.4.20.1", {"interface": 2, "mask": 3})
OSPF = Table(
    "1.3.6.1.2.1.14.10.1",
    {"address": 1, "router_id": 3, "priority": 5, "state": 6, "events": 7, "queued": 8},
)
BFD = Table("1.3.6.1.2.1.222.1.2.1", {"state": 11, "interface": 18, "address": 22})
LLDP = Table(
    "1.0.8802.1.1.2.1.4.1.1",
    {"chassis_kind": 4, "chassis": 5, "port_kind": 6, "port": 7, "name": 9},
)
LLDP_PORTS = Table("1.0.8802.1.1.2.1.3.7.1", {"kind": 2, "port": 3, "description": 4})
OPTIONAL = {"storage": STORAGE, "disks": DISKS, "ospf": OSPF, "bfd": BFD, "lldp": LLDP}
"""Tables that many devices do not have; the first request finds out."""

ADMIN_STATUS = {1: "up", 2: "down", 3: "testing"}
OPER_STATUS = {
    1: "up",
    2: "down",
    3: "testing",
    4: "unknown",
    5: "dormant",
    6: "not-present",
    7: "lower-layer-down",
}
OSPF_STATE = {
    1: "down",
    2: "attempt",
    3: "init",
    4: "two-way",
    5: "exchange-start",
    6: "exchange",
    7: "loading",
    8: "full",
}
OSPF_UP = frozenset(("full", "two-way"))
"""Two routers of a LAN that are neither designated nor backup rightly stay at two-way."""
BFD_STATE = {1: "admin-down", 2: "down", 3: "init", 4: "up", 5: "failing"}
STORAGE_TYPES = "1.3.6.1.2.1.25.2.1"
STORAGE_KINDS = {
    f"{STORAGE_TYPES}.2": "memory",
    f"{STORAGE_TYPES}.3": "virtual-memory",
    f"{STORAGE_TYPES}.4": "fixed-disk",
    f"{STORAGE_TYPES}.5": "removable-disk",
    f"{STORAGE_TYPES}.8": "ram-disk",
    f"{STORAGE_TYPES}.9": "flash",
    f"{STORAGE_TYPES}.10": "network-disk",
}
"""hrStorageType; swap stands beside memory in UCD-SNMP-MIB alone."""
MEMORY_KINDS = frozenset(("memory", "virtual-memory"))
CHASSIS_MAC = 4
PORT_MAC = 3
"""LLDP subtypes whose value is a MAC address."""
