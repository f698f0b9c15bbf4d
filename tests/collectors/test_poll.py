# SPDX-License-Identifier: MIT
"""A poll says what the device said, in our words; what it did not say is unknown."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pysnmp.proto import rfc1902

from collectors import plan
from collectors.observed import Observation
from collectors.poll import poll
from collectors.rows import observation_row
from collectors.snmp.errors import CredentialsError, NoAnswerError
from collectors.snmp.security import Community, Security
from collectors.snmp.session import Patience, Target
from collectors.snmp.walk import Pace
from tests.collectors.agent import Made, Snmpd, serving, tree_of
from tests.collectors.talk import LONG, SHORT, run, session, user

CONTRACT = Path(__file__).parents[2] / "docs/contracts/poll.schema.json"
AT = datetime(2026, 11, 28, 7, tzinfo=UTC)
IF, IFX = plan.IF_ENTRY, plan.IFX_ENTRY
HR, NEIGHBOUR = plan.STORAGE.entry, "1.3.6.1.2.1.14.10.1"
BFD, LLDP, PORTS = plan.BFD.entry, plan.LLDP.entry, plan.LLDP_PORTS.entry
Rows = dict[str, object]


def integer(number: int) -> object:
    """Return an INTEGER of pysnmp."""
    return rfc1902.Integer32(number)


def text(words: str | bytes) -> object:
    """Return an OCTET STRING of pysnmp."""
    return rfc1902.OctetString(words.encode() if isinstance(words, str) else words)


def system() -> Rows:
    """Return the system group of a router."""
    return {
        "1.3.6.1.2.1.1.1.0": text("Huawei AR651\r\nVRP"),
        "1.3.6.1.2.1.1.2.0": rfc1902.ObjectIdentifier("1.3.6.1.4.1.2011.2.224.279"),
        "1.3.6.1.2.1.1.3.0": rfc1902.TimeTicks(123456),
        "1.3.6.1.2.1.1.4.0": text("NOC"),
        "1.3.6.1.2.1.1.5.0": text("dien-ban"),
        "1.3.6.1.2.1.1.6.0": text("Điện Bàn"),
    }


def interface(index: int, name: str, *, has_wide: bool = True, speed_mbps: int = 1000) -> Rows:
    """Return the rows of an interface, counters made of its index."""
    low = min(speed_mbps * 1_000_000, 2**32 - 1)
    narrow = {
        f"{IF}.2.{index}": text(f"{name} interface"),
        f"{IF}.3.{index}": integer(6),
        f"{IF}.4.{index}": integer(1500),
        f"{IF}.5.{index}": rfc1902.Gauge32(low),
        f"{IF}.7.{index}": integer(1),
        f"{IF}.8.{index}": integer(7),
        f"{IF}.9.{index}": rfc1902.TimeTicks(500),
        f"{IF}.10.{index}": rfc1902.Counter32(index * 1000 + 10),
        f"{IF}.11.{index}": rfc1902.Counter32(index * 1000 + 11),
        f"{IF}.13.{index}": rfc1902.Counter32(index * 1000 + 13),
        f"{IF}.14.{index}": rfc1902.Counter32(index * 1000 + 14),
        f"{IF}.16.{index}": rfc1902.Counter32(index * 1000 + 16),
        f"{IF}.17.{index}": rfc1902.Counter32(index * 1000 + 17),
        f"{IF}.19.{index}": rfc1902.Counter32(index * 1000 + 19),
        f"{IF}.20.{index}": rfc1902.Counter32(index * 1000 + 20),
    }
    wide = {
        f"{IFX}.1.{index}": text(name),
        f"{IFX}.6.{index}": rfc1902.Counter64(2**40 + index * 1000 + 6),
        f"{IFX}.7.{index}": rfc1902.Counter64(2**40 + index * 1000 + 7),
        f"{IFX}.10.{index}": rfc1902.Counter64(2**40 + index * 1000 + 10),
        f"{IFX}.11.{index}": rfc1902.Counter64(2**40 + index * 1000 + 11),
        f"{IFX}.15.{index}": rfc1902.Gauge32(speed_mbps),
        f"{IFX}.18.{index}": text("kênh chính VNPT"),
        f"{IFX}.19.{index}": rfc1902.TimeTicks(77),
    }
    return narrow | (wide if has_wide else {})


def space(index: int, kind: int, name: str, unit: int, total: int, used: int) -> Rows:
    """Return a row of hrStorageTable."""
    return {
        f"{HR}.2.{index}": rfc1902.ObjectIdentifier(f"1.3.6.1.2.1.25.2.1.{kind}"),
        f"{HR}.3.{index}": text(name),
        f"{HR}.4.{index}": integer(unit),
        f"{HR}.5.{index}": integer(total),
        f"{HR}.6.{index}": integer(used),
    }


def ospf(address: str, state: int, *, on: int = 0) -> Rows:
    """Return a row of ospfNbrTable."""
    index = f"{address}.{on}"
    return {
        f"{NEIGHBOUR}.1.{index}": rfc1902.IpAddress(address),
        f"{NEIGHBOUR}.3.{index}": rfc1902.IpAddress("10.255.0.1"),
        f"{NEIGHBOUR}.5.{index}": integer(1),
        f"{NEIGHBOUR}.6.{index}": integer(state),
        f"{NEIGHBOUR}.7.{index}": rfc1902.Counter32(6),
        f"{NEIGHBOUR}.8.{index}": rfc1902.Gauge32(0),
    }


def address(own: str, on: int, mask: str) -> Rows:
    """Return a row of ipAddrTable."""
    return {
        f"1.3.6.1.2.1.4.20.1.2.{own}": integer(on),
        f"1.3.6.1.2.1.4.20.1.3.{own}": rfc1902.IpAddress(mask),
    }


def observed(rows: Rows, patience: Patience = LONG, **made: int) -> Observation:
    """Poll an agent that holds these rows."""

    async def work() -> Observation:
        async with (
            serving(Made(tree_of(rows), **made)) as agent,
            session(agent.port, Community("public"), patience) as talk,
        ):
            return await poll(talk, Pace(), lambda: AT)

    return run(work)


def row_of(observation: Observation) -> Mapping[str, object]:
    """Return the JSON document, held to its contract."""
    row = observation_row(observation, Target("127.0.0.1"))
    schema = json.loads(CONTRACT.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(json.dumps(row)))
    return row


def test_the_system_group_is_told_in_our_words() -> None:
    """Line breaks of a description must not break a line of ours."""
    row = row_of(observed(system()))

    assert row["device"] == {
        "address": "127.0.0.1",
        "port": 161,
        "at": "2026-11-28T07:00:00+00:00",
        "name": "dien-ban",
        "description": "Huawei AR651  VRP",
        "object_id": "1.3.6.1.4.1.2011.2.224.279",
        "contact": "NOC",
        "location": "Điện Bàn",
        "uptime_s": 1234.56,
        "engine_uptime_s": None,
        "router_id": None,
    }
    assert [row[key] for key in ("interfaces", "memory", "storage", "neighbours", "ospf")] == [
        [],
        [],
        [],
        [],
        [],
    ]


def test_an_interface_is_told_with_its_wide_counters() -> None:
    """Each column lands in its own field; the counters tell which by their last digits."""
    found = observed(system() | interface(3, "ge0/0/1"))

    assert asdict(found.interfaces[0]) == {
        "index": 3,
        "name": "ge0/0/1",
        "description": "ge0/0/1 interface",
        "alias": "kênh chính VNPT",
        "type": 6,
        "mtu": 1500,
        "speed_bps": 1_000_000_000,
        "admin_status": "up",
        "oper_status": "lower-layer-down",
        "last_change_ticks": 500,
        "discontinuity_ticks": 77,
        "bits": 64,
        "in_octets": 2**40 + 3006,
        "out_octets": 2**40 + 3010,
        "in_packets": 2**40 + 3007,
        "out_packets": 2**40 + 3011,
        "in_errors": 3014,
        "out_errors": 3020,
        "in_discards": 3013,
        "out_discards": 3019,
    }


def test_an_interface_without_wide_counters_has_narrow_ones() -> None:
    """RFC 2863 asks slow interfaces for 32 bits only; the row says which they are."""
    rows = system() | interface(1, "ge0") | interface(2, "serial0", has_wide=False)
    wide, narrow = observed(rows).interfaces

    assert (wide.bits, wide.in_octets) == (64, 2**40 + 1006)
    assert (narrow.bits, narrow.in_octets, narrow.out_octets) == (32, 2010, 2016)
    assert (narrow.in_packets, narrow.out_packets) == (2011, 2017)
    assert (narrow.name, narrow.alias) == ("serial0 interface", None)
    assert narrow.discontinuity_ticks is None


@pytest.mark.parametrize(
    ("rows", "speed_bps"),
    [
        (interface(1, "a", speed_mbps=10_000), 10_000_000_000),
        (interface(1, "a", speed_mbps=2) | {f"{IF}.5.1": rfc1902.Gauge32(2_048_000)}, 2_048_000),
        (interface(1, "a", speed_mbps=0), None),
        (interface(1, "lo", speed_mbps=10) | {f"{IF}.3.1": integer(24)}, None),
        (interface(1, "a", has_wide=False, speed_mbps=10_000), None),
    ],
    ids=["10G", "E1", "unknown", "loopback", "unknown-above-4G"],
)
def test_the_speed_is_exact_or_unknown(rows: Rows, speed_bps: int | None) -> None:
    """No rate above line speed is believed, so a wrong speed would hide true traffic."""
    assert observed(system() | rows).interfaces[0].speed_bps == speed_bps


def test_a_column_missing_in_one_row_is_unknown_there() -> None:
    """Not zero, and not the value of the next row."""
    rows = system() | interface(1, "a") | interface(2, "b") | interface(3, "c")
    del rows[f"{IF}.14.2"]
    del rows[f"{IF}.8.2"]
    found = observed(rows).interfaces

    assert [one.in_errors for one in found] == [1014, None, 3014]
    assert [one.oper_status for one in found] == ["lower-layer-down", None, "lower-layer-down"]


def test_memory_and_storage_are_told_apart() -> None:
    """HOST-RESOURCES-MIB keeps them in one table, with other things in between."""
    rows = system() | space(1, 2, "Physical memory", 1024, 4_000_000, 1_000_000)
    rows |= space(3, 1, "Shared memory", 1024, 5, 5) | space(31, 4, "/", 4096, 1000, 250)
    rows |= space(32, 9, "flash:", 512, 0, 0) | space(33, 4, "/srv", 4096, -2, -(2**31))
    row = row_of(observed(rows))

    assert row["memory"] == [
        {"name": "Physical memory", "kind": "memory", "total_bytes": 4_096_000_000}
        | {"used_bytes": 1_024_000_000, "used_ratio": 0.25}
    ]
    assert row["storage"] == [
        {"name": "/", "kind": "fixed-disk", "total_bytes": 4_096_000, "used_bytes": 1_024_000}
        | {"used_ratio": 0.25},
        {"name": "flash:", "kind": "flash", "total_bytes": 0, "used_bytes": 0, "used_ratio": None},
        {"name": "/srv", "kind": "fixed-disk", "total_bytes": 4096 * (2**32 - 2)}
        | {"used_bytes": 4096 * 2**31, "used_ratio": 0.5},
    ]


def test_memory_of_net_snmp_does_not_count_its_cache() -> None:
    """Linux fills memory with cache; counting it would alert every server every day."""
    memory = "1.3.6.1.4.1.2021.4"
    numbers = {3: 1000, 4: 900, 5: 8000, 6: 1000, 14: 500, 15: 4500}
    rows = system() | {f"{memory}.{at}.0": integer(number) for at, number in numbers.items()}
    found = observed(rows | space(1, 2, "Physical memory", 1024, 8000, 7000))

    assert [(one.name, one.total_bytes, one.used_bytes) for one in found.memory] == [
        ("memory", 8000 * 1024, 2000 * 1024),
        ("swap", 1000 * 1024, 100 * 1024),
    ]


def test_disks_of_net_snmp_stand_in_for_a_missing_table() -> None:
    """Small agents are built without HOST-RESOURCES-MIB."""
    disk = "1.3.6.1.4.1.2021.9.1"
    rows = {f"{disk}.2.1": text("/"), f"{disk}.6.1": integer(100), f"{disk}.8.1": integer(25)}
    found = observed(system() | rows)

    assert [(one.name, one.total_bytes, one.used_bytes) for one in found.storage] == [
        ("/", 102_400, 25_600)
    ]


def test_ospf_neighbours_are_told_with_their_interface() -> None:
    """The address decides, by the longest prefix; an unnumbered link names its interface."""
    rows = system() | interface(1, "ge0") | interface(2, "ge1") | interface(3, "tun0")
    rows |= ospf("10.0.0.2", 8) | ospf("10.0.1.9", 4) | ospf("192.0.2.1", 1, on=3)
    rows |= address("10.0.0.1", 1, "255.255.255.252") | address("10.0.1.1", 2, "255.255.255.0")
    rows |= address("10.0.3.1", 3, "255.0.0.0") | {
        "1.3.6.1.2.1.14.1.1.0": rfc1902.IpAddress("10.255.0.9")
    }
    row = row_of(observed(rows))
    neighbours = row["neighbours"]

    assert row["ospf"] == [
        {"router_id": "10.255.0.1", "address": where, "interface": on, "state": state}
        | {"priority": 1, "events": 6, "retransmissions_queued": 0}
        for where, on, state in (
            ("10.0.0.2", "ge0", "full"),
            ("10.0.1.9", "ge1", "two-way"),
            ("192.0.2.1", "tun0", "down"),
        )
    ]
    assert isinstance(neighbours, list)
    assert [(one["protocol"], one["id"], one["is_up"]) for one in neighbours] == [
        ("ospf", "10.255.0.1", True),
        ("ospf", "10.255.0.1", True),
        ("ospf", "10.255.0.1", False),
    ]
    assert isinstance(row["device"], dict)
    assert row["device"]["router_id"] == "10.255.0.9"


def test_bfd_sessions_are_neighbours() -> None:
    """Where an agent offers RFC 7331, with IPv4 and IPv6."""
    rows = system() | interface(7, "ge7")
    for index, (state, raw) in enumerate([(4, b"\x0a\0\0\x02"), (2, b"\xfd" + bytes(15))], 1):
        rows |= {
            f"{BFD}.11.{index}": integer(state),
            f"{BFD}.18.{index}": integer(7),
            f"{BFD}.22.{index}": text(raw),
        }
    found = observed(rows).neighbours

    assert [(one.protocol, one.interface, one.address, one.state, one.is_up) for one in found] == [
        ("bfd", "ge7", "10.0.0.2", "up", True),
        ("bfd", "ge7", "fd00::", "down", False),
    ]


def test_lldp_neighbours_are_named_by_port_and_chassis() -> None:
    """A MAC address is written as people write it; a name is left as it is."""
    rows = system() | {
        f"{LLDP}.4.0.2.1": integer(4),
        f"{LLDP}.5.0.2.1": text(bytes.fromhex("0253aabbccdd")),
        f"{LLDP}.6.0.2.1": integer(5),
        f"{LLDP}.7.0.2.1": text("GigabitEthernet0/0/1"),
        f"{LLDP}.9.0.2.1": text("core1"),
        f"{PORTS}.2.2": integer(3),
        f"{PORTS}.3.2": text(bytes.fromhex("020000000002")),
        f"{PORTS}.4.2": text("ge0/0/2"),
    }
    (found,) = observed(rows).neighbours

    assert (found.protocol, found.interface, found.id) == ("lldp", "ge0/0/2", "02:53:aa:bb:cc:dd")
    assert (found.name, found.port) == ("core1", "GigabitEthernet0/0/1")


def test_a_device_that_shows_nothing_is_named() -> None:
    """A view without a tree looks like a device without anything otherwise."""
    with pytest.raises(CredentialsError, match="shows nothing") as caught:
        observed({"1.2.3.0": integer(1)})
    assert "view" in caught.value.hint


def test_a_device_that_falls_silent_is_no_observation() -> None:
    """Half of it would look like interfaces that vanished."""
    made = Made(tree_of(system() | interface(1, "a")))
    answers: list[bytes] = []

    def then_silent(answer: bytes) -> list[bytes]:
        answers.append(answer)
        return [answer] if len(answers) == 1 else []

    made.spoil = then_silent

    async def work() -> Observation:
        async with serving(made), session(made.port, Community("public"), SHORT) as talk:
            return await poll(talk, Pace(), lambda: AT)

    with pytest.raises(NoAnswerError):
        run(work)


@pytest.mark.parametrize("limits", [{"too_big": 4}, {"too_big": 1}, {"most": 40}])
def test_a_small_agent_is_told_like_a_large_one(limits: dict[str, int]) -> None:
    """Refusing or cutting answers costs round trips, never values."""
    rows = system() | interface(1, "a") | interface(2, "b") | ospf("10.0.0.2", 8)

    assert observed(rows, **limits) == observed(rows)


def test_a_poll_takes_few_round_trips() -> None:
    """One question what there is, one per table that there is."""
    rows = system() | {"1.3.6.1.2.1.2.1.0": integer(2)} | interface(1, "a") | interface(2, "b")
    rows |= space(1, 4, "/", 4096, 10, 5)
    made = Made(tree_of(rows))

    async def work() -> None:
        async with serving(made), session(made.port, Community("public")) as talk:
            await poll(talk, Pace(), lambda: AT)

    run(work)

    assert [kind for kind, _ in made.asked] == ["GetNextRequestPDU"] + ["GetBulkRequestPDU"] * 2


@pytest.mark.parametrize("security", [lambda: Community("public"), user], ids=["v2c", "v3"])
def test_debians_snmpd_is_told_as_the_kernel_has_it(snmpd: Snmpd, security: type[Security]) -> None:
    """A real agent: interfaces as in /sys, memory as in /proc, the root's file system."""

    async def work() -> Observation:
        async with session(snmpd.port, security()) as talk:
            return await poll(talk, Pace(), lambda: AT)

    found = run(work)
    row_of(found)
    total_kib = int(Path("/proc/meminfo").read_text(encoding="utf-8").split()[1])
    loopback = next(one for one in found.interfaces if one.name == "lo")

    assert (found.device.name, found.device.location) == ("core1", "Tam Kỳ")
    assert found.device.uptime_ticks is not None
    assert (loopback.index, loopback.type, loopback.oper_status) == (1, 24, "up")
    assert loopback.bits == 64
    assert loopback.in_octets is not None
    assert found.memory[0].total_bytes == total_kib * 1024
    assert all(one.total_bytes is None or one.total_bytes >= 0 for one in found.storage)
