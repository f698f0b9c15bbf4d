# SPDX-License-Identifier: MIT
"""Walking a table: all its columns side by side, in as few round trips as the agent allows.

How much to ask for at once is learnt per agent: more while answers come
back full, less when they are too big or get lost.  Holes (a row without one
of the columns) are no trouble: cells are kept by column and index, not by
position.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collectors.snmp import ber, pdu
from collectors.snmp.errors import AgentError, EndlessError
from collectors.snmp.session import Session
from collectors.snmp.value import Absent, Value

MOST_ROWS = 200_000
"""Rows of one table; a table without end is an agent's fault, not a reason to grow."""
FIRST_VALUES = 60
"""Values that fit into one Ethernet frame, whatever they are."""
MOST_VALUES = 240

Column = Mapping[bytes, Value]
"""Cells by encoded index."""


@dataclass(slots=True)
class Pace:
    """What is known of one agent's limits; keep it from poll to poll.

    `values` is how many to ask for at once, `ceiling` what it may grow to.
    `rows` remembers how many rows a table had, by its first column, so that
    the next walk asks for exactly that.
    """

    values: int = FIRST_VALUES
    ceiling: int = MOST_VALUES
    rows: dict[bytes, int] = field(default_factory=dict)

    def shrink(self) -> None:
        """Ask for half from now on: the last answer was too big or did not come through."""
        self.ceiling = max(1, min(self.ceiling, self.values) // 2)
        self.values = self.ceiling

    def grow(self) -> None:
        """Ask for more: the last answer came back full.

        The ceiling recovers slowly, so that one lost packet does not slow an
        agent for ever and a way that drops large packets is seldom tried.
        """
        if self.values == self.ceiling:
            self.ceiling = min(MOST_VALUES, self.ceiling + 1)
        self.values = min(self.ceiling, self.values * 2)


@dataclass(slots=True)
class _Track:
    """How far the walk of one column has come."""

    prefix: bytes
    last: bytes
    order: tuple[int, ...] = ()
    is_done: bool = False
    cells: dict[bytes, Value] = field(default_factory=dict)

    def take(self, names: Sequence[bytes], values: Sequence[Value]) -> None:
        """Keep what belongs to this column; note when it has ended."""
        size = len(self.prefix)
        count = _leading(names, values, self.prefix)
        self.is_done = count < len(names)
        if count == 0:
            return
        indexes = [name[size:] for name in names[:count]]
        order = ber.arcs(indexes[-1])
        if order <= self.order or len(self.cells) + count > MOST_ROWS:
            raise EndlessError(
                f"the table below {ber.dotted(self.prefix)} does not end: "
                f"after {len(self.cells)} rows comes {ber.dotted(names[count - 1])}",
                "its agent is faulty: update or restart it, and tell its maker",
            )
        self.order = order
        self.last = names[count - 1]
        self.cells.update(zip(indexes, values, strict=False))


async def walk(session: Session, columns: Sequence[bytes], pace: Pace) -> list[Column]:
    """Return the cells of the columns, in the order in which they are given.

    A column that the agent does not have is empty.  Raises a SnmpError when
    the agent stops answering half-way: half a table is no table.
    """
    tracks = [_Track(prefix, prefix) for prefix in columns]
    await _walk_tracks(session, tracks, pace)
    pace.rows[columns[0]] = max(len(track.cells) for track in tracks)
    return [track.cells for track in tracks]


async def _walk_tracks(session: Session, tracks: Sequence[_Track], pace: Pace) -> None:
    expected = pace.rows.get(tracks[0].prefix)
    while active := [track for track in tracks if not track.is_done]:
        wanted = None if expected is None else expected + 1 - len(active[0].cells)

        def repetitions(tried: int, width: int = len(active), wanted: int | None = wanted) -> int:
            if tried:
                pace.shrink()
            most = max(1, pace.values // width)
            return most if wanted is None or wanted < 1 else min(most, wanted)

        try:
            answer = await session.get_bulk(tuple(track.last for track in active), repetitions)
        except AgentError as error:
            if error.status != pdu.TOO_BIG or (pace.values <= 1 and len(active) == 1):
                raise
            if pace.values <= len(active) and len(active) > 1:
                half = len(active) // 2
                await _walk_tracks(session, active[:half], pace)
                await _walk_tracks(session, active[half:], pace)
                return
            pace.shrink()
            continue
        _take_rows(active, answer)
        if len(answer.names) >= pace.values - len(active):
            pace.grow()


def _take_rows(active: Sequence[_Track], answer: pdu.Answer) -> None:
    """Deal an answer out to the columns; its last row may be cut off (RFC 3416, section 4.2.3)."""
    if not answer.names:
        raise AgentError(
            "the agent answers a bulk request with nothing",
            "its agent is faulty: update or restart it, and tell its maker",
        )
    width = len(active)
    for at, track in enumerate(active):
        names = answer.names[at::width]
        if names:
            track.take(names, answer.values[at::width])


def _leading(names: Sequence[bytes], values: Sequence[Value], prefix: bytes) -> int:
    """Return how many of the first names lie below `prefix` and exist."""
    end = len(names)
    if values[-1] is Absent.END_OF_MIB_VIEW:
        end = values.index(Absent.END_OF_MIB_VIEW)
    for at in range(end):
        if not names[at].startswith(prefix):
            return at
    return end
