# SPDX-License-Identifier: MIT
"""What collectors wrote last, read once per write however many pages ask."""

from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from tinhnet.store.engine import Transaction
from tinhnet.store.observed import Sight, observation_of, raw_of
from tinhnet.store.standing import sheets_of, stamps


@dataclass(frozen=True, slots=True)
class Kept:
    """A collector's row as it was read; `states` differs when a state did."""

    sight: Sight
    states: int


class Sights:
    """The newest row of every collector; rows that did not change are not read again."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, Kept] = {}

    def read(self, connection: Transaction) -> tuple[Sight, ...]:
        """Return what every collector wrote last, by source."""
        return tuple(one.sight for one in self._current(connection).values())

    def signature(self, connection: Transaction) -> tuple[object, ...]:
        """Return what differs when something changed state, and not when it was only asked."""
        return tuple((source, one.states) for source, one in self._current(connection).items())

    def _current(self, connection: Transaction) -> dict[str, Kept]:
        wanted = stamps(connection)
        with self._lock:
            known = dict(self._kept)
        changed = [one for one, at in wanted.items() if _at(known.get(one)) != at]
        for sheet in sheets_of(connection, changed) if changed else ():
            raw = raw_of(sheet)
            seen = {thing: observation_of(one) for thing, one in raw.items()}
            states = hash(tuple(sorted((thing, one[0]) for thing, one in raw.items())))
            known[sheet.source] = Kept(Sight(sheet.source, sheet.at, seen), states)
        found = {source: known[source] for source in sorted(wanted) if source in known}
        with self._lock:
            self._kept = found
        return found


def _at(kept: Kept | None) -> datetime | None:
    return None if kept is None else kept.sight.at
