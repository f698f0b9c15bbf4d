# SPDX-License-Identifier: MIT
"""The province as tiles: where each site's tile stands and what its shape says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinhnet.model.place import Site

TILE_W = 108
TALL = 68
SMALL = 30
GAP = 6
HEAD_H = 26

SHAPES = {
    "proven": ("good", "M-5 0 -1.5 4 5.5 -4"),
    "failed": ("bad", "M-5 -5 5 5M5 -5-5 5"),
    "unreachable": ("lost", "M0 -6 6.5 5.5H-6.5ZM0 -1.5V2"),
    "stale": ("changed", "M0 -6A6 6 0 1 1 -.01 -6ZM0 -.5V.5"),
    "none": ("none", "M-5 0H5"),
}
"""Tone and drawn shape by state: a tick, a cross, a triangle, a dotted ring, a dash."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One tile, in the units of the drawing; `lines` are its name in parts."""

    site: Site
    state: str
    name: str
    tone: str
    shape: str
    x: int
    y: int
    width: int
    height: int
    lines: tuple[str, ...]
    sub: str
    tall: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of text over a group of tiles."""

    text: str
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole map."""

    width: int
    height: int
    cells: tuple[Cell, ...]
    headings: tuple[Heading, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What a site's tile says: its name in lines, a code where there is no room, its state."""

    name: str
    lines: tuple[str, ...]
    code: str
    state: str
    sub: str


@dataclass(frozen=True, slots=True)
class Block:
    """Sites drawn together under a heading, `tall` where names get room."""

    heading: str
    sites: Sequence[Site]
    tall: bool


def broken(name: str, *, is_proper_first: bool = False) -> tuple[str, ...]:
    """Return a name in one line, or in two: what the place is, and what it is called.

    English says what a place is in its last word (`is_proper_first`),
    Vietnamese in its first one and the small words behind it.

    >>> broken("Thành phố Tam Kỳ"), broken("Tam Kỳ City", is_proper_first=True)
    (('Thành phố', 'Tam Kỳ'), ('Tam Kỳ', 'City'))
    """
    words = name.split()
    if len(words) == 1:
        return (name,)
    capitals = (at for at, word in enumerate(words) if at and word[0].isupper())
    cut = len(words) - 1 if is_proper_first else next(capitals, 1)
    return (" ".join(words[:cut]), " ".join(words[cut:]))


def draw(blocks: Sequence[Block], looks: Mapping[str, Look]) -> Drawing:
    """Return the map: one block under the other, tiles where the sites say.

    Sites without a tile are left out; empty rows between blocks close up.
    """
    columns = max((_right(site) for block in blocks for site in block.sites), default=1)
    cells: list[Cell] = []
    headings: list[Heading] = []
    y = 0
    for block in blocks:
        rows = sorted({site.tile.row for site in block.sites if site.tile})
        if not rows:
            continue
        headings.append(Heading(block.heading, y + HEAD_H - 9))
        y += HEAD_H
        height = TALL if block.tall else SMALL
        for site in block.sites:
            if site.tile:
                top = y + rows.index(site.tile.row) * (height + GAP)
                cells.append(_cell(site, looks[site.id], top, height, tall=block.tall))
        y += len(rows) * (height + GAP) + GAP
    return Drawing(
        columns * (TILE_W + GAP) - GAP, max(y - 2 * GAP, 1), tuple(cells), tuple(headings)
    )


def _right(site: Site) -> int:
    """Return the column after a site's tile."""
    return site.tile.column + site.tile.width if site.tile else 1


def _cell(site: Site, look: Look, top: int, height: int, *, tall: bool) -> Cell:
    """Return the tile of a site; its name where there is room, else its code."""
    assert site.tile is not None  # noqa: S101 the caller chose sites that have one
    tone, shape = SHAPES[look.state]
    wide = site.tile.width > 1
    name = (look.name,) if wide else look.lines
    return Cell(
        site=site,
        state=look.state,
        name=look.name,
        tone=tone,
        shape=shape,
        x=site.tile.column * (TILE_W + GAP),
        y=top,
        width=site.tile.width * (TILE_W + GAP) - GAP,
        height=height,
        lines=name if tall or wide else (look.code,),
        sub=look.sub,
        tall=tall,
    )
