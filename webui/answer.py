# SPDX-License-Identifier: MIT
"""Shapes that many calls of the API share: questions, pages of rows and errors."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from webui.vietnamese import composed, matches

BLUEPRINT = "api"
MOST = 1000
"""Rows of one answer."""
LARGEST = 2**63 - 1
"""The largest number of a row."""
YEARS = range(1970, 2200)
"""A moment outside of them is a mistake, and has no time in some zone."""

Item = TypeVar("Item")


def _near(moment: datetime) -> datetime:
    if moment.year not in YEARS:
        raise ValueError(f"a year from {YEARS[0]} to {YEARS[-1]} is expected")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_near)]
"""A moment with its zone, near enough to reckon with."""


class Problem(BaseModel):
    """An error (RFC 9457): `hint` says what to do, `id` stands in the product's log."""

    type: str
    title: str
    status: int
    detail: str
    hint: str
    id: str


class Asked(BaseModel):
    """What somebody asks with; an unknown parameter is an error, not a silent no-op."""

    model_config = ConfigDict(extra="forbid")


class Query(Asked):
    """What every list takes."""

    q: str | None = Field(
        None, max_length=200, description="words to search, with or without accents"
    )
    page: int = Field(1, ge=1, description="page, from 1")
    size: int = Field(200, ge=1, le=MOST, description="rows of a page")


class Page(BaseModel):
    """One page of a list; `total` counts the rows of all pages."""

    total: int
    page: int
    size: int


def page_of(
    rows: Sequence[Item],
    query: Query,
    text: Callable[[Item], Sequence[str | None]],
    equal: Mapping[str, str | bool | None],
) -> tuple[Page, list[Item]]:
    """Return the rows that match the search and whose fields equal what was asked for."""
    wanted = {name: value for name, value in equal.items() if value is not None}
    q = composed(query.q or "")
    found = [
        row
        for row in rows
        if all(getattr(row, name) == value for name, value in wanted.items())
        and matches(q, *text(row))
    ]
    start = (query.page - 1) * query.size
    page = Page(total=len(found), page=query.page, size=query.size)
    return page, found[start : start + query.size]
