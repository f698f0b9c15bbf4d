# SPDX-License-Identifier: MIT
"""Tables are walked whole, whatever an agent does to its answers."""

import asyncio
import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    bulk_walk_cmd,
)
from pysnmp.proto import rfc1902

from collectors.snmp import ber
from collectors.snmp.errors import AgentError, EndlessError, NoAnswerError, SnmpError
from collectors.snmp.security import Community
from collectors.snmp.session import Patience
from collectors.snmp.walk import FIRST_VALUES, MOST_VALUES, Column, Pace, walk
from tests.collectors.agent import Made, Snmpd, serving, tree_of
from tests.collectors.random_cases import RANDOM
from tests.collectors.talk import LONG, SHORT, run, session, user

pytestmark = pytest.mark.patient

ENTRY = "1.3.6.1.2.1.2.2.1"
COLUMNS = tuple(ber.oid(f"{ENTRY}.{at}") for at in (1, 2, 3))


def rows_of(columns: Sequence[Column]) -> list[dict[tuple[int, ...], object]]:
    """Return the cells of columns by index."""
    return [{ber.arcs(index): value for index, value in one.items()} for one in columns]


def walked(
    made: Made, pace: Pace | None = None, patience: Patience = LONG, times: int = 1
) -> list[Column]:
    """Walk COLUMNS of an agent of ours, the last of several times."""
    pace = pace or Pace()

    async def work() -> list[Column]:
        async with serving(made), session(made.port, Community("public"), patience) as agent:
            for _ in range(times):
                made.asked.clear()
                found = await walk(agent, COLUMNS, pace)
            return found

    return run(work)


def table(rows: int, *, width: int = 3) -> dict[str, object]:
    """Return a full table with a neighbour behind it."""
    cells = {
        f"{ENTRY}.{column}.{row}": rfc1902.Integer32(100 * row + column)
        for column in range(1, width + 1)
        for row in range(1, rows + 1)
    }
    return cells | {f"{ENTRY}.9.1": rfc1902.Integer32(9)}


@pytest.mark.parametrize("security", [lambda: Community("public"), user], ids=["v2c", "v3"])
def test_snmpd_is_walked_as_pysnmp_walks_it(
    snmpd: Snmpd, security: Callable[[], Community]
) -> None:
    """The same names and values as the reference, column by column."""
    columns = ("1.3.6.1.2.1.1.9.1.2", "1.3.6.1.2.1.1.9.1.3", "1.3.6.1.2.1.1.9.1.4")

    async def theirs(column: str) -> dict[tuple[int, ...], bytes]:
        engine = SnmpEngine()
        target = await UdpTransportTarget.create(("127.0.0.1", snmpd.port), timeout=60)
        found = {}
        async for failed, status, _, bindings in bulk_walk_cmd(
            engine,
            CommunityData("public"),
            target,
            ContextData(),
            0,
            10,
            ObjectType(ObjectIdentity(column)),
            lexicographicMode=False,
            lookupMib=False,
        ):
            assert not failed
            assert not status
            for name, value in bindings:
                found[tuple(name)[len(column.split(".")) :]] = value
        engine.close_dispatcher()
        return found

    async def work() -> tuple[list[Column], list[dict[tuple[int, ...], object]]]:
        async with session(snmpd.port, security()) as agent:
            ours = await walk(agent, [ber.oid(column) for column in columns], Pace())
        return ours, [await theirs(column) for column in columns]

    ours, reference = run(work)

    assert [len(column) for column in ours] == [len(column) for column in reference]
    assert rows_of(ours)[0] == {k: str(v) for k, v in reference[0].items()}
    assert rows_of(ours)[1] == {k: bytes(v) for k, v in reference[1].items()}
    assert rows_of(ours)[2] == {k: int(v) for k, v in reference[2].items()}


@given(
    cells=st.dictionaries(
        st.tuples(st.integers(1, 3), st.integers(1, 40)), st.integers(0, 99), max_size=60
    ),
    behind=st.booleans(),
    most=st.sampled_from([1, 2, 3, 4, 7, 10, 10_000]),
    too_big=st.sampled_from([1, 2, 5, 30, 10_000]),
    known=st.sampled_from([None, 0, 1, 10, 50]),
)
@RANDOM
def test_every_cell_is_found_once(
    cells: dict[tuple[int, int], int],
    most: int,
    too_big: int,
    known: int | None,
    *,
    behind: bool,
) -> None:
    """Holes, missing columns, cut rows, refusals of size, wrong expectations: the same table."""
    rows = {f"{ENTRY}.{c}.{r}": rfc1902.Integer32(value) for (c, r), value in cells.items()}
    rows |= {"1.3.6.1.2.1.2.2.1.9.1": rfc1902.Integer32(1)} if behind else {}
    pace = Pace(rows={} if known is None else {COLUMNS[0]: known})
    found = rows_of(walked(Made(tree_of(rows), most=most, too_big=too_big), pace))
    wanted = [
        {(r,): value for (c, r), value in cells.items() if c == column} for column in (1, 2, 3)
    ]

    assert found == wanted


def test_a_known_table_takes_one_round_trip() -> None:
    """The second poll asks for exactly the rows of the first, and one to see the end."""
    made = Made(tree_of(table(15)))
    walked(made, times=2)

    assert made.asked == [("GetBulkRequestPDU", 3)]


def test_a_table_that_grew_or_shrank_is_still_whole() -> None:
    """What was learnt is an expectation, not a limit."""
    pace = Pace()
    wanted = [10, 30, 4, 0, 12]
    found = [len(walked(Made(tree_of(table(rows))), pace)[0]) for rows in wanted]

    assert found == wanted


def test_answers_that_come_back_full_make_the_pace_grow() -> None:
    """A large table is asked for in ever larger pieces, up to a limit."""
    pace = Pace()
    made = Made(tree_of(table(400)))
    walked(made, pace)

    assert pace.values == MOST_VALUES
    assert len(made.asked) < 400 * 3 / FIRST_VALUES


def test_lost_answers_make_the_pace_shrink() -> None:
    """A way that swallows large packets is met by smaller ones, and remembered."""
    pace = Pace()
    made = Made(tree_of(table(60)), spoil=lambda answer: [answer] if len(answer) < 500 else [])
    found = walked(made, pace, Patience(first_s=0.2, tries=9))

    assert [len(column) for column in found] == [60, 60, 60]
    assert pace.values < FIRST_VALUES


def test_refused_sizes_make_the_pace_shrink() -> None:
    """An agent that says tooBig is asked for less, and not again for as much."""
    pace = Pace()
    made = Made(tree_of(table(60)), too_big=20)
    walked(made, pace)
    asked = len(made.asked)
    walked(made, pace)

    assert pace.values <= 20
    assert len(made.asked) - asked < asked + 10


def test_a_lost_packet_does_not_slow_an_agent_for_ever() -> None:
    """The ceiling recovers, a little with every full answer."""
    pace = Pace()
    pace.shrink()
    low = pace.ceiling
    for _ in range(MOST_VALUES):
        pace.grow()

    assert low < pace.ceiling == pace.values == MOST_VALUES


@pytest.mark.parametrize("too_big", [0])
def test_an_agent_that_finds_one_value_too_big_is_named(too_big: int) -> None:
    """There is nothing smaller to ask for."""
    with pytest.raises(AgentError, match="too big"):
        walked(Made(tree_of(table(3)), too_big=too_big))


def test_an_empty_answer_is_an_error() -> None:
    """Not an empty table: the agent did not answer the question."""
    with pytest.raises(AgentError, match="nothing"):
        walked(Made(tree_of(table(3)), most=0))


def test_an_agent_that_goes_round_in_circles_is_named() -> None:
    """Without the check a walk of a faulty agent never ends."""
    made = Made(tree_of(table(5)), most=3)
    third, first = ber.oid(f"{ENTRY}.1.3"), ber.oid(f"{ENTRY}.1.1")
    made.spoil = lambda answer: [answer.replace(third, first)]

    with pytest.raises(EndlessError, match=r"does not end: after 2 rows comes .*\.1\.1"):
        walked(made)


def test_a_table_cut_off_by_silence_is_no_table() -> None:
    """Half a table would look like interfaces that vanished."""
    made = Made(tree_of(table(60)))
    answers: list[bytes] = []

    def then_silent(answer: bytes) -> list[bytes]:
        answers.append(answer)
        return [answer] if len(answers) == 1 else []

    made.spoil = then_silent
    with pytest.raises(NoAnswerError):
        walked(made, patience=SHORT)


def test_a_slow_agent_delays_no_other() -> None:
    """Two agents at once: the second one's table is there while the first stays silent."""

    async def work() -> tuple[int, bool]:
        good = Made(tree_of(table(20)))
        dead = Made(tree_of(table(20)), spoil=lambda _answer: [])
        async with (
            serving(good),
            serving(dead),
            session(good.port, Community("public")) as first,
            session(dead.port, Community("public")) as second,
        ):
            waiting = asyncio.ensure_future(walk(second, COLUMNS, Pace()))
            found = await walk(first, COLUMNS, Pace())
            is_waiting = not waiting.done()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return len(found[0]), is_waiting

    assert run(work) == (20, True)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(24, 1000), st.integers(0, 255)), max_size=3),
        min_size=1,
        max_size=6,
    )
)
@RANDOM
def test_no_answer_however_bent_makes_a_walk_crash_or_run_for_ever(
    bends: list[list[tuple[int, int]]],
) -> None:
    """Bent bytes give a table or a SnmpError; a hostile agent is bounded by what it sends."""
    made = Made(tree_of(table(6)))
    order = itertools.cycle(bends)

    def bend(answer: bytes) -> list[bytes]:
        bent = bytearray(answer)
        for at, byte in next(order):
            bent[at % len(bent)] = byte
        return [bytes(bent)]

    made.spoil = bend
    try:
        found = walked(made, patience=Patience(first_s=0.01, tries=1))
    except SnmpError:
        return
    assert all(len(column) < 100 for column in found)
