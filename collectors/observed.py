# SPDX-License-Identifier: MIT
"""What a device said of itself when it was polled: observed, never declared.

None means that the device did not say; it is never 0.  Times of a device
are seconds since its agent began (sysUpTime).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObservedDevice:
    """The system group.

    `uptime_ticks` is sysUpTime as it came, in hundredths of a second and
    wrapping after 497 days; `engine_uptime_s` (SNMPv3 agents) does not wrap.
    `host_uptime_ticks` (HOST-RESOURCES-MIB) is the machine's, whoever restarts
    its agent.
    """

    name: str | None
    description: str | None
    object_id: str | None
    contact: str | None
    location: str | None
    uptime_ticks: int | None
    engine_uptime_s: int | None
    router_id: str | None
    host_uptime_ticks: int | None = None


@dataclass(frozen=True, slots=True)
class ObservedInterface:
    """One row of ifTable and ifXTable.

    `bits` is the width of octet and packet counters, 64 or 32; errors and
    discards are always 32 bits wide.  `discontinuity_ticks` is
    ifCounterDiscontinuityTime: it changes when the counters began anew.
    """

    index: int
    name: str
    description: str | None
    alias: str | None
    type: int | None
    mtu: int | None
    speed_bps: int | None
    admin_status: str | None
    oper_status: str | None
    last_change_ticks: int | None
    discontinuity_ticks: int | None
    bits: int
    in_octets: int | None
    out_octets: int | None
    in_packets: int | None
    out_packets: int | None
    in_errors: int | None
    out_errors: int | None
    in_discards: int | None
    out_discards: int | None


@dataclass(frozen=True, slots=True)
class ObservedSpace:
    """Memory or a file system; `kind` is a word of `collectors.plan.STORAGE_KINDS`."""

    name: str
    kind: str
    total_bytes: int | None
    used_bytes: int | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who is at the other end, by any protocol: `ospf`, `bfd` or `lldp`.

    `id` is a router id (ospf) or chassis id (lldp).  `is_up` is None when the
    protocol's state is unknown.
    """

    protocol: str
    interface: str | None
    id: str | None
    name: str | None
    address: str | None
    port: str | None
    state: str | None
    is_up: bool | None


@dataclass(frozen=True, slots=True)
class OspfNeighbour:
    """One row of ospfNbrTable (RFC 4750); `events` counts changes of state and errors."""

    router_id: str | None
    address: str
    interface: str | None
    state: str | None
    priority: int | None
    events: int | None
    retransmissions_queued: int | None


@dataclass(frozen=True, slots=True)
class Observation:
    """A whole poll.

    `at` is when the system group was read, `interfaces_at` when the last
    counter was: on a slow way seconds lie between them.
    """

    at: datetime
    interfaces_at: datetime
    device: ObservedDevice
    interfaces: tuple[ObservedInterface, ...]
    memory: tuple[ObservedSpace, ...]
    storage: tuple[ObservedSpace, ...]
    neighbours: tuple[Neighbour, ...]
    ospf: tuple[OspfNeighbour, ...]
