# SPDX-License-Identifier: MIT
"""One poll of one device: a question what there is, then one walk per table there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from collectors import plan
from collectors.cells import Cells, first_arc
from collectors.observed import (
    Neighbour,
    Observation,
    ObservedDevice,
    ObservedInterface,
    ObservedSpace,
    OspfNeighbour,
)
from collectors.snmp import ber
from collectors.snmp.errors import CredentialsError
from collectors.snmp.session import Session
from collectors.snmp.value import Absent, Value, as_number, as_text
from collectors.snmp.walk import Pace, walk
from tinhnet.clock import Clock

_INSTANCE = b"\x00"
_KIBI = 1024
_SPEED_UNKNOWN = 2**32 - 1
_OSPF_INDEX_ARCS = 5
_LLDP_INDEX_ARCS = 3
_IPV4_ARCS = 4


@dataclass(frozen=True, slots=True)
class _Inventory:
    """What a device has: values of scalars, and which of the optional tables."""

    scalars: Mapping[str, Value]
    tables: frozenset[str]

    def number(self, word: str) -> int | None:
        return as_number(self.scalars.get(word))

    def text(self, word: str) -> str | None:
        return as_text(self.scalars.get(word))


async def poll(session: Session, pace: Pace, clock: Clock) -> Observation:
    """Return what a device says of itself.

    `pace` is what earlier polls learnt about its limits.  Raises a SnmpError
    when the device does not answer to the end: half an observation would
    look like interfaces that vanished.
    """
    found = await _take_inventory(session)
    at = clock()
    interfaces = await _poll_interfaces(session, pace, found)
    interfaces_at = clock()
    memory, storage = await _poll_storage(session, pace, found)
    names = {one.index: one.name for one in interfaces}
    ospf = await _poll_ospf(session, pace, found, names)
    bfd = await _poll_bfd(session, pace, found, names)
    lldp = await _poll_lldp(session, pace, found)
    router_id = found.scalars.get("router_id")
    return Observation(
        at=at,
        interfaces_at=interfaces_at,
        device=ObservedDevice(
            name=found.text("name"),
            description=found.text("description"),
            object_id=found.text("object_id"),
            contact=found.text("contact"),
            location=found.text("location"),
            uptime_ticks=found.number("uptime_ticks"),
            engine_uptime_s=found.number("engine_uptime_s"),
            router_id=str(router_id) if isinstance(router_id, IPv4Address) else None,
            host_uptime_ticks=found.number("host_uptime_ticks"),
        ),
        interfaces=interfaces,
        memory=memory,
        storage=storage,
        neighbours=(*map(_neighbour_of, ospf), *bfd, *lldp),
        ospf=ospf,
    )


async def _take_inventory(session: Session) -> _Inventory:
    """Ask in one request for all scalars and for what follows each optional table's name."""
    scalars = {word: ber.oid(name) for word, name in plan.SCALARS.items()}
    tables = {word: ber.oid(table.names[0]) for word, table in plan.OPTIONAL.items()}
    answer = await session.get_next((*scalars.values(), *tables.values()))
    pairs = list(zip(answer.names, answer.values, strict=True))
    behind = pairs[len(scalars) :]
    inventory = _Inventory(
        scalars={
            word: value
            for (word, name), (found, value) in zip(scalars.items(), pairs, strict=False)
            if found == name + _INSTANCE
        },
        tables=frozenset(
            word
            for (word, name), (found, value) in zip(tables.items(), behind, strict=True)
            if found.startswith(name) and value is not Absent.END_OF_MIB_VIEW
        ),
    )
    if not inventory.scalars and not inventory.tables:
        raise CredentialsError(
            f"{session.target} answers but shows nothing",
            "widen the view of this user or community on the device (for net-snmp: "
            "`view everything included .1` and `rouser NAME priv -V everything`)",
        )
    return inventory


async def _walk(session: Session, pace: Pace, columns: Mapping[str, str]) -> Cells:
    found = await walk(session, [ber.oid(name) for name in columns.values()], pace)
    return Cells(dict(zip(columns, found, strict=True)))


async def _walk_optional(session: Session, pace: Pace, found: _Inventory, word: str) -> Cells:
    """Walk an optional table; it is empty without a question when the device has none."""
    table = plan.OPTIONAL[word]
    columns = dict(zip(table.columns, table.names, strict=True))
    if word not in found.tables:
        return Cells({column: {} for column in columns})
    return await _walk(session, pace, columns)


async def _poll_interfaces(
    session: Session, pace: Pace, found: _Inventory
) -> tuple[ObservedInterface, ...]:
    count = found.number("interfaces")
    first = ber.oid(plan.INTERFACES["description"])
    if count is not None and 0 <= count <= _KIBI:
        pace.rows.setdefault(first, count)
    wide = await _walk(session, pace, plan.INTERFACES)
    indexes = [index for index in wide.indexes if first_arc(index) is not None]
    if all(wide.number("in_octets", index) is not None for index in indexes):
        return tuple(_interface(index, wide, wide, bits=64) for index in indexes)
    narrow = await _walk(session, pace, plan.NARROW_COUNTERS)
    return tuple(
        _interface(index, wide, narrow, bits=32)
        if wide.number("in_octets", index) is None
        else _interface(index, wide, wide, bits=64)
        for index in indexes
    )


def _interface(index: bytes, cells: Cells, counters: Cells, *, bits: int) -> ObservedInterface:
    number = first_arc(index) or 0
    description = cells.text("description", index)
    admin, oper = cells.number("admin_status", index), cells.number("oper_status", index)
    return ObservedInterface(
        index=number,
        name=cells.text("name", index) or description or str(number),
        description=description,
        alias=cells.text("alias", index) or None,
        type=cells.number("type", index),
        mtu=cells.number("mtu", index),
        speed_bps=_speed(cells, index),
        admin_status=None if admin is None else plan.ADMIN_STATUS.get(admin),
        oper_status=None if oper is None else plan.OPER_STATUS.get(oper),
        last_change_ticks=cells.number("last_change_ticks", index),
        discontinuity_ticks=cells.number("discontinuity_ticks", index),
        bits=bits,
        in_octets=counters.number("in_octets", index),
        out_octets=counters.number("out_octets", index),
        in_packets=counters.number("in_packets", index),
        out_packets=counters.number("out_packets", index),
        in_errors=cells.number("in_errors", index),
        out_errors=cells.number("out_errors", index),
        in_discards=cells.number("in_discards", index),
        out_discards=cells.number("out_discards", index),
    )


def _speed(cells: Cells, index: bytes) -> int | None:
    """Return bit/s; 0 is how agents say that they do not know.

    ifSpeed is exact below 4.29 Gbit/s where ifHighSpeed rounds to a million.
    """
    if cells.number("type", index) == plan.LOOPBACK_TYPE:
        return None
    low_bps, high_mbps = cells.number("speed", index), cells.number("high_speed", index)
    if low_bps and low_bps != _SPEED_UNKNOWN:
        return low_bps
    return high_mbps * 1_000_000 if high_mbps else None


async def _poll_storage(
    session: Session, pace: Pace, found: _Inventory
) -> tuple[tuple[ObservedSpace, ...], tuple[ObservedSpace, ...]]:
    """Return memory and file systems, each from the first MIB that has it."""
    cells = await _walk_optional(session, pace, found, "storage")
    spaces = [_space(cells, index) for index in cells.indexes]
    storage = tuple(one for one in spaces if one.kind not in (*plan.MEMORY_KINDS, "other"))
    named = {one.name for one in storage}
    disks = await _walk_optional(session, pace, found, "disks")
    storage += tuple(
        ObservedSpace(
            name=disks.text("description", index) or "",
            kind="fixed-disk",
            total_bytes=_kibi(disks.size("total", index)),
            used_bytes=_kibi(disks.size("used", index)),
        )
        for index in disks.indexes
        if disks.text("description", index) not in named
    )
    memory = _memory(found) or tuple(one for one in spaces if one.kind in plan.MEMORY_KINDS)
    return memory, storage


def _space(cells: Cells, index: bytes) -> ObservedSpace:
    unit = cells.size("unit", index)
    total, used = cells.size("total", index), cells.size("used", index)
    return ObservedSpace(
        name=cells.text("description", index) or "",
        kind=plan.STORAGE_KINDS.get(cells.text("type", index) or "", "other"),
        total_bytes=None if unit is None or total is None else unit * total,
        used_bytes=None if unit is None or used is None else unit * used,
    )


def _memory(found: _Inventory) -> tuple[ObservedSpace, ...]:
    """Return memory and swap of UCD-SNMP-MIB, empty where an agent has none of it.

    Buffers and cache are given back on demand and do not count as used.
    """
    total, free = found.number("memory_total"), found.number("memory_free")
    if total is None:
        return ()
    kept = (found.number("memory_buffers") or 0) + (found.number("memory_cached") or 0)
    used = None if free is None else max(0, total - free - kept)
    spaces = [ObservedSpace("memory", "memory", _kibi(total), _kibi(used))]
    swap, swap_free = found.number("swap_total"), found.number("swap_free")
    if swap is not None:
        swapped = None if swap_free is None else max(0, swap - swap_free)
        spaces.append(ObservedSpace("swap", "virtual-memory", _kibi(swap), _kibi(swapped)))
    return tuple(spaces)


def _kibi(blocks: int | None) -> int | None:
    return None if blocks is None else blocks * _KIBI


async def _poll_ospf(
    session: Session, pace: Pace, found: _Inventory, names: Mapping[int, str]
) -> tuple[OspfNeighbour, ...]:
    cells = await _walk_optional(session, pace, found, "ospf")
    if not cells.indexes:
        return ()
    columns = dict(zip(plan.ADDRESSES.columns, plan.ADDRESSES.names, strict=True))
    prefixes = _prefixes(await _walk(session, pace, columns))
    neighbours = []
    for index in cells.indexes:
        numbers = ber.arcs(index)
        if len(numbers) != _OSPF_INDEX_ARCS or max(numbers[:4]) > 0xFF:  # noqa: PLR2004 octets
            continue
        address = IPv4Address(bytes(numbers[:4]))
        on = numbers[4] or _interface_of(address, prefixes)
        state = cells.number("state", index)
        neighbours.append(
            OspfNeighbour(
                router_id=cells.address("router_id", index),
                address=str(address),
                interface=names.get(on) if on else None,
                state=None if state is None else plan.OSPF_STATE.get(state),
                priority=cells.number("priority", index),
                events=cells.number("events", index),
                retransmissions_queued=cells.number("queued", index),
            )
        )
    return tuple(neighbours)


def _prefixes(cells: Cells) -> list[tuple[IPv4Network, int]]:
    """Return the prefixes of a device and their interfaces, longest first."""
    found = []
    for index in cells.indexes:
        numbers, on = ber.arcs(index), cells.number("interface", index)
        mask = cells.address("mask", index)
        if len(numbers) != _IPV4_ARCS or on is None or mask is None:
            continue
        try:
            address = ".".join(map(str, numbers))
            found.append((IPv4Network(f"{address}/{mask}", strict=False), on))
        except (AddressValueError, NetmaskValueError):
            continue  # a faulty agent's row: no interface is named rather than a wrong one
    return sorted(found, key=lambda pair: -pair[0].prefixlen)


def _interface_of(address: IPv4Address, prefixes: list[tuple[IPv4Network, int]]) -> int | None:
    return next((on for prefix, on in prefixes if address in prefix), None)


async def _poll_bfd(
    session: Session, pace: Pace, found: _Inventory, names: Mapping[int, str]
) -> tuple[Neighbour, ...]:
    cells = await _walk_optional(session, pace, found, "bfd")
    neighbours = []
    for index in cells.indexes:
        number = cells.number("state", index)
        state = None if number is None else plan.BFD_STATE.get(number)
        neighbours.append(
            Neighbour(
                protocol="bfd",
                interface=names.get(cells.number("interface", index) or 0),
                id=None,
                name=None,
                address=cells.address("address", index),
                port=None,
                state=state,
                is_up=None if state is None else state == "up",
            )
        )
    return tuple(neighbours)


async def _poll_lldp(session: Session, pace: Pace, found: _Inventory) -> tuple[Neighbour, ...]:
    """Return LLDP neighbours; an entry lives as long as its neighbour announces itself."""
    cells = await _walk_optional(session, pace, found, "lldp")
    if not cells.indexes:
        return ()
    columns = dict(zip(plan.LLDP_PORTS.columns, plan.LLDP_PORTS.names, strict=True))
    ports = await _walk(session, pace, columns)
    local = {first_arc(index): _port_name(ports, index) for index in ports.indexes}
    neighbours = []
    for index in cells.indexes:
        numbers = ber.arcs(index)
        if len(numbers) != _LLDP_INDEX_ARCS:
            continue
        chassis_kind, port_kind = (
            cells.number(word, index) for word in ("chassis_kind", "port_kind")
        )
        neighbours.append(
            Neighbour(
                protocol="lldp",
                interface=local.get(numbers[1]),
                id=cells.identity("chassis", index, is_mac=chassis_kind == plan.CHASSIS_MAC),
                name=cells.text("name", index) or None,
                address=None,
                port=cells.identity("port", index, is_mac=port_kind == plan.PORT_MAC),
                state=None,
                is_up=True,
            )
        )
    return tuple(neighbours)


def _port_name(ports: Cells, index: bytes) -> str | None:
    """Return a local port's name; one that is a MAC address is better told by its description."""
    if ports.number("kind", index) == plan.PORT_MAC:
        return ports.text("description", index)
    return ports.text("port", index)


def _neighbour_of(one: OspfNeighbour) -> Neighbour:
    return Neighbour(
        protocol="ospf",
        interface=one.interface,
        id=one.router_id,
        name=None,
        address=one.address,
        port=None,
        state=one.state,
        is_up=None if one.state is None else one.state in plan.OSPF_UP,
    )
