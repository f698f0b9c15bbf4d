# SPDX-License-Identifier: MIT
"""Which series there are, and the place each of them has in a file."""

import json
import sqlite3
from collections.abc import Iterable, Mapping

from tinhnet.store.series.keep import Kind, kind_of
from tinhnet.store.series.sample import Selector, Series

SCHEMA = """
CREATE TABLE series (id INTEGER PRIMARY KEY, place INTEGER NOT NULL UNIQUE,
  name TEXT NOT NULL, labels TEXT NOT NULL, UNIQUE (name, labels));
"""
MEMBER_BITS = 8
MEMBER = (1 << MEMBER_BITS) - 1
"""A place is the number of a group, shifted by 8 bits, and the member's number in it."""

_NAME = ""  # stands for the name among the labels, whose keys are never empty


class Registry:
    """The series of a file in memory; a series is never forgotten and keeps its place.

    Series of a device are told of together, so neighbours share a group, and
    a group is written and read as one blob.
    """

    def __init__(self) -> None:
        self.places: dict[Series, int] = {}
        self.kinds: dict[int, Kind] = {}
        self._by_label: dict[tuple[str, str], list[Series]] = {}
        self._open: dict[str, int] = {}
        self._last = 0

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Learn the series that were written since the last time."""
        rows = connection.execute(
            "SELECT id, place, name, labels FROM series WHERE id > ? ORDER BY id", (self._last,)
        )
        for number, place, name, labels in rows:
            self._learn(Series(name, tuple(map(tuple, json.loads(labels)))), place)
            self._last = number

    def write(self, wanted: Iterable[Series], connection: sqlite3.Connection) -> dict[Series, int]:
        """Write series that have no place yet and return theirs; `refresh` after the commit."""
        fresh: dict[Series, int] = {}
        last = dict(self._open)
        groups = max(self.kinds, default=0)
        for series in wanted:
            if series in self.places or series in fresh:
                continue
            kind = kind_of(series.name)
            place = last.get(kind.name, MEMBER) + 1
            if (place & MEMBER) % kind.group == 0:
                groups += 1
                place = groups << MEMBER_BITS
            fresh[series] = last[kind.name] = place
            connection.execute(
                "INSERT INTO series (place, name, labels) VALUES (?, ?, ?)",
                (place, series.name, json.dumps(series.labels, ensure_ascii=False)),
            )
        return fresh

    def find(self, selector: Selector) -> list[Series]:
        """Return the series that a selector means, oldest first."""
        pairs = list(selector.labels)
        if selector.name is not None:
            pairs.append((_NAME, selector.name))
        lists = [self._by_label.get(pair, []) for pair in pairs]
        narrowest = min(lists, key=len) if lists else list(self.places)
        return [series for series in narrowest if selector.matches(series)]

    def by_group(self, wanted: Iterable[Series]) -> Mapping[int, list[tuple[int, Series]]]:
        """Return known series with their member numbers by group."""
        found: dict[int, list[tuple[int, Series]]] = {}
        for series in wanted:
            place = self.places[series]
            found.setdefault(place >> MEMBER_BITS, []).append((place & MEMBER, series))
        return found

    def _learn(self, series: Series, place: int) -> None:
        kind = kind_of(series.name)
        self.places[series] = place
        self.kinds.setdefault(place >> MEMBER_BITS, kind)
        self._open[kind.name] = place
        for pair in ((_NAME, series.name), *series.labels):
            self._by_label.setdefault(pair, []).append(series)
