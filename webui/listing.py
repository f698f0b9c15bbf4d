# SPDX-License-Identifier: MIT
"""Lists of rows: search, filters, order and page, all of it in the address."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from flask import request
from flask_babel import LazyString

from webui.vietnamese import collation_key, composed, matches

SIZES = (50, 100, 200)
LONGEST_QUERY = 200
"""Characters of a search; more is cut, not refused."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a list; `key` is its name in the address.

    `order` gives what the column sorts by (text in Vietnamese order, None
    last) and is None where sorting says nothing.
    """

    key: str
    label: LazyString | str
    order: Callable[[Row], str | float | None] | None = None
    end: bool = False

    @property
    def sortable(self) -> bool:
        """Tell whether the heading is a link that sorts."""
        return self.order is not None


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """One page of a list with what the address says about it."""

    path: str
    q: str
    chosen: Mapping[str, str]
    sort: str
    page: int
    pages: int
    size: int
    total: int
    rows: Sequence[Row]

    @property
    def is_filtered(self) -> bool:
        """Tell whether a search or a filter is in force."""
        return bool(self.q or self.chosen)

    def address(self, **changes: str | int) -> str:
        """Return this list's address with some of its parameters changed."""
        page = changes.pop("page", self.page)
        parameters: dict[str, str | int] = {"q": self.q, **self.chosen, "sort": self.sort}
        if self.size != SIZES[0]:
            parameters["size"] = self.size
        parameters |= changes
        if page != 1:
            parameters["page"] = page
        kept = {name: value for name, value in parameters.items() if value != ""}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def order_of(self, key: str) -> str:
        """Return "ascending", "descending" or "" for a column."""
        if self.sort == key:
            return "ascending"
        return "descending" if self.sort == f"-{key}" else ""

    def toggled(self, key: str) -> str:
        """Return the order that a click on the column's heading asks for."""
        return f"-{key}" if self.sort == key else key


def listing(
    rows: Sequence[Row],
    columns: Sequence[Column[Row]],
    *,
    text: Callable[[Row], Sequence[str | None]],
    filters: Mapping[str, Callable[[Row, str], bool]],
) -> Listing[Row]:
    """Return the part of `rows` that the request's address asks for.

    Unknown filter values match nothing; an unknown order or a page that is
    not a number is ignored: an old bookmark still opens the list.
    """
    q = composed(request.args.get("q", ""))[:LONGEST_QUERY]
    chosen = {name: request.args[name] for name in filters if request.args.get(name)}
    kept = [
        row
        for row in rows
        if all(filters[name](row, value) for name, value in chosen.items())
        and matches(q, *text(row))
    ]
    sort = request.args.get("sort", "")
    ordered = _ordered(kept, columns, sort)
    size = _number("size", SIZES[0])
    size = size if size in SIZES else SIZES[0]
    pages = max(1, -(-len(ordered) // size))
    page = min(max(1, _number("page", 1)), pages)
    return Listing(
        path=request.path,
        q=q,
        chosen=chosen,
        sort=sort if ordered is not kept else "",
        page=page,
        pages=pages,
        size=size,
        total=len(ordered),
        rows=ordered[(page - 1) * size : page * size],
    )


def _number(name: str, fallback: int) -> int:
    """Return a number of the address, `fallback` where it is none."""
    value = request.args.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 10 else fallback  # noqa: PLR2004 no huge ints


def _ordered(rows: list[Row], columns: Sequence[Column[Row]], sort: str) -> list[Row]:
    """Return `rows` in the order asked for, or `rows` itself where none is known."""
    key = sort.removeprefix("-")
    order = next((column.order for column in columns if column.key == key), None)
    if order is None:
        return rows
    known = [(order(row), row) for row in rows]
    there = [(value, row) for value, row in known if value is not None]
    there.sort(key=lambda pair: _sort_key(pair[0]), reverse=sort.startswith("-"))
    return [row for _, row in there] + [row for value, row in known if value is None]


def _sort_key(value: str | float | None) -> tuple[float, object]:
    """Return a key under which numbers and Vietnamese text both sort."""
    if isinstance(value, str):
        return (0.0, collation_key(value))
    return (value or 0.0, ())
