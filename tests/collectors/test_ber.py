# SPDX-License-Identifier: MIT
"""Our BER says what pysnmp's says, and survives whatever it is fed."""

from contextlib import suppress
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import rfc1902
from pysnmp.proto.api import v2c

from collectors.snmp import ber, pdu
from collectors.snmp.errors import MalformedError
from collectors.snmp.value import Absent, Value, as_number, as_text
from tests.collectors.random_cases import ARC, NAMES, RANDOM

VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: (rfc1902.Integer32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (rfc1902.Counter32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (rfc1902.Gauge32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (rfc1902.TimeTicks(n), n)),
    st.integers(0, 2**64 - 1).map(lambda n: (rfc1902.Counter64(n), n)),
    st.binary(max_size=300).map(lambda text: (rfc1902.OctetString(text), text)),
    st.binary(max_size=300).map(lambda text: (rfc1902.Opaque(text), text)),
    st.ip_addresses(v=4).map(lambda one: (rfc1902.IpAddress(str(one)), one)),
    NAMES.map(lambda name: (rfc1902.ObjectName(name), ".".join(map(str, name)))),
    st.builds(lambda: (v2c.Null(""), None)),
    st.builds(lambda: (v2c.NoSuchObject(""), Absent.NO_SUCH_OBJECT)),
    st.builds(lambda: (v2c.NoSuchInstance(""), Absent.NO_SUCH_INSTANCE)),
    st.builds(lambda: (v2c.EndOfMibView(""), Absent.END_OF_MIB_VIEW)),
)
BINDINGS = st.lists(st.tuples(NAMES, VALUES), max_size=30)


def response(
    bindings: list[tuple[tuple[int, ...], tuple[object, Value]]], number: int = 7
) -> bytes:
    """Return a response PDU in pysnmp's coding."""
    answer = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(answer)
    v2c.apiPDU.set_request_id(answer, number)
    v2c.apiPDU.set_varbinds(answer, [(name, value) for name, (value, _) in bindings])
    encoded = encoder.encode(answer)
    assert isinstance(encoded, bytes)
    return encoded


@given(BINDINGS, st.integers(-(2**31), 2**31 - 1))
@RANDOM
def test_we_read_what_pysnmp_writes(
    bindings: list[tuple[tuple[int, ...], tuple[object, Value]]], number: int
) -> None:
    """Every type of value, every size: the same names, values and request id."""
    answer = pdu.read_answer(response(bindings, number), 0)

    assert answer.request_id == number
    assert list(answer.names) == [ber.encode_arcs(name) for name, _ in bindings]
    assert list(answer.values) == [value for _, (_, value) in bindings]


@given(
    st.lists(NAMES, max_size=12),
    st.integers(0, 2**31 - 1),
    st.sampled_from([pdu.GET, pdu.GET_NEXT, pdu.GET_BULK]),
)
@RANDOM
def test_pysnmp_reads_what_we_write(names: list[tuple[int, ...]], number: int, kind: int) -> None:
    """An agent's codec must find the same question in our bytes."""
    request = pdu.Request(kind, tuple(ber.encode_arcs(name) for name in names), 0, 0)
    specs = {
        pdu.GET: v2c.GetRequestPDU(),
        pdu.GET_NEXT: v2c.GetNextRequestPDU(),
        pdu.GET_BULK: v2c.GetBulkRequestPDU(),
    }
    read, rest = decoder.decode(request.encode(number), asn1Spec=specs[kind])

    assert rest == b""
    assert int(v2c.apiPDU.get_request_id(read)) == number
    assert [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(read)] == names


def test_bulk_numbers_stand_where_pysnmp_looks_for_them() -> None:
    """Non-repeaters and max-repetitions are easily swapped, and then a poll crawls."""
    request = pdu.Request(pdu.GET_BULK, (ber.oid("1.3.6.1"),), 3, 250)
    read, _ = decoder.decode(request.encode(1), asn1Spec=v2c.GetBulkRequestPDU())

    assert int(v2c.apiBulkPDU.get_non_repeaters(read)) == 3
    assert int(v2c.apiBulkPDU.get_max_repetitions(read)) == 250


@given(BINDINGS, st.data())
@RANDOM
def test_a_cut_or_bent_packet_is_refused_or_read_but_never_worse(
    bindings: list[tuple[tuple[int, ...], tuple[object, Value]]], data: st.DataObject
) -> None:
    """Anything on the network can send bytes; only MalformedError may come of it."""
    good = bytearray(response(bindings))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        good[at] = data.draw(st.integers(0, 255))
    bent = bytes(good[: data.draw(st.integers(0, len(good)))])

    try:
        answer = pdu.read_answer(bent, 0)
    except MalformedError:
        return
    assert len(answer.names) == len(answer.values) <= len(bent)


@given(st.binary(max_size=200))
@RANDOM
def test_noise_is_refused_by_name(noise: bytes) -> None:
    """Noise in every reader: refused as malformed, by no other exception."""
    readers = [
        lambda: ber.read_integer(noise, 0),
        lambda: ber.read_octets(noise, 0),
        lambda: ber.read_bindings(noise, 0, len(noise)),
        lambda: ber.dotted(noise),
        lambda: ber.arcs(noise),
    ]
    for reader in readers:
        with suppress(MalformedError):
            reader()


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_packet_cut_anywhere_is_refused(cut: int) -> None:
    """Half an answer must never pass for a whole one."""
    name = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 4)
    whole = response([(name, (rfc1902.Counter32(2**31), None))] * 3)

    with pytest.raises(MalformedError):
        pdu.read_answer(whole[:-cut], 0)


@pytest.mark.parametrize(
    ("bindings", "why"),
    [
        ("3009060352010341012a00", "content runs on behind the value"),
        ("30070603520103410001", "content of another length than the binding"),
        ("3007060352010341 00", "a counter without a byte is unknown, not zero"),
        ("3007060352010302 00", "an integer without a byte is unknown, not zero"),
        ("3011060352010341 0a 00000000000000000001", "an integer of ten bytes"),
        ("3007060352010340 00", "an address without bytes"),
        ("3009060352010399 0101", "an unknown type"),
        ("30800603520103410101", "an indefinite length"),
        ("3085000000000506035201034101 01", "a length of five bytes"),
        ("3109060352010341012a", "no sequence"),
        ("3008050352010341012a", "no name"),
        ("300806035201034181012a", "a value's length over its binding"),
    ],
)
def test_what_snmp_forbids_is_refused(bindings: str, why: str) -> None:
    """Guessing at a faulty agent's meaning would show its guess as a measurement."""
    raw = bytes.fromhex(bindings)

    with pytest.raises(MalformedError):
        pytest.fail(f"{why}: {ber.read_bindings(raw, 0, len(raw))}")


def test_a_binding_may_not_reach_behind_the_list() -> None:
    """The bytes behind the list belong to somebody else."""
    raw = bytes.fromhex("3008060352010341012a")

    with pytest.raises(MalformedError):
        ber.read_bindings(raw, 0, len(raw) - 1)
    assert ber.read_bindings(raw, 0, len(raw)) == ([bytes.fromhex("520103")], [0x2A])


@given(st.integers(-(2**63), 2**64 - 1))
@RANDOM
def test_integers_take_the_shortest_form(number: int) -> None:
    """A long form is read by few agents; pysnmp itself writes -128 in two bytes."""
    ours, theirs = ber.integer(number), encoder.encode(rfc1902.univ.Integer(number))

    assert decoder.decode(ours) == (number, b"")
    assert len(ours) <= len(theirs)
    assert ber.read_integer(ber.integer(number), 0)[0] == number


@given(st.binary(max_size=70_000))
@RANDOM
def test_lengths_survive_the_way(content: bytes) -> None:
    """Lengths of one, two and three bytes."""
    encoded = ber.element(ber.OCTET_STRING, content)

    assert ber.read_octets(encoded, 0) == (content, len(encoded))
    assert encoded == encoder.encode(rfc1902.univ.OctetString(content))


@given(st.lists(ARC, max_size=20))
@RANDOM
def test_an_index_survives_the_way(index: list[int]) -> None:
    """Rows are found again by their index."""
    assert ber.arcs(b"".join(ber.encode_arc(one) for one in index)) == tuple(index)


@pytest.mark.parametrize(
    "text", ["0.0", "1.3.6.1.2.1.1.3.0", "2.100.3", "2.999", "1.0.8802.1.1.2", "0.39.4294967295"]
)
def test_a_name_survives_the_way(text: str) -> None:
    """The first byte holds two arcs, and of root 2 more than a byte."""
    assert ber.dotted(ber.oid(text)) == text


@pytest.mark.parametrize("raw", ["8f ffffff7f 90808080 00", "81", "ff ff ff ff ff 01"])
def test_a_name_with_a_bad_sub_identifier_is_refused(raw: str) -> None:
    """Cut off, or larger than 32 bits."""
    with pytest.raises(MalformedError):
        ber.arcs(bytes.fromhex(raw))


def test_only_answers_are_read() -> None:
    """A request that somebody sends to our port is no answer."""
    request = pdu.Request(pdu.GET, (ber.oid("1.3"),)).encode(1)

    with pytest.raises(MalformedError, match="no answer"):
        pdu.read_answer(request, 0)


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        (5, 5, None),
        (b"Qu\xe1\xba\xa3ng Nam", None, "Quảng Nam"),
        (b"caf\xe9", None, "café"),
        (b"a\x1b[2J\nb\x00", None, "a [2J b"),
        (b"\xe2\x80\xaeabc", None, "abc"),
        (Absent.NO_SUCH_OBJECT, None, None),
        (None, None, None),
        ("1.3.6", None, "1.3.6"),
        (IPv4Address("10.0.0.1"), None, None),
    ],
)
def test_a_value_is_a_number_a_text_or_unknown(
    value: Value, number: int | None, text: str | None
) -> None:
    """What is absent is None, never 0; what a device says moves no cursor."""
    assert (as_number(value), as_text(value)) == (number, text)
