# SPDX-License-Identifier: MIT
"""Rows of places: where somebody put a thing on a map."""

from collections.abc import Mapping
from typing import TypeAlias

from sqlalchemy import Connection, delete, insert, select

from tinhnet.store.schema.watch import positions

Place: TypeAlias = tuple[float, float]


def places(connection: Connection, view: str) -> dict[str, Place]:
    """Return where things stand on a map, as far as somebody put them there."""
    rows = connection.execute(select(positions).where(positions.c.view == view))
    return {row.thing: (row.x, row.y) for row in rows}


def put_places(connection: Connection, view: str, found: Mapping[str, Place]) -> None:
    """Keep where things stand; others keep their places."""
    connection.execute(
        delete(positions).where(positions.c.view == view, positions.c.thing.in_(sorted(found)))
    )
    rows = [{"view": view, "thing": thing, "x": x, "y": y} for thing, (x, y) in found.items()]
    if rows:
        connection.execute(insert(positions), rows)


def clear_places(connection: Connection, view: str) -> int:
    """Forget every place of a map; return how many there were."""
    return connection.execute(delete(positions).where(positions.c.view == view)).rowcount
