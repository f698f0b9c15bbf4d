# SPDX-License-Identifier: MIT
"""The province as tiles: where each site's tile stands and what its shape says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinhnet.model.place import Site

SHAPES = {
    "proven": ("good", "M-5 0 -1.5 4 5.5 -4"),
    "failed": ("bad", "M-5 -5 5 5M5 -5-5 5"),
    "unreachable": ("lost", "M0 -6 6.5 5.5H-6.5ZM0 -1.5V2"),
    "stale": ("changed", "M0 -6A6 6 0 1 1 -.01 -6ZM0 -.5V.5"),
    "none": ("none", "M-5 0H5"),
    "up": ("good", "M-5 0 -1.5 4 5.5 -4"),
    "down": ("bad", "M-5 -5 5 5M5 -5-5 5"),
    "degraded": ("lost", "M0 -6 6.5 5.5H-6.5ZM0 -1.5V2"),
    "unknown": ("none", "M-3.2 -3A3.2 3.2 0 1 1 0 .6V2M0 5.5V5.6"),
    "maintenance": ("changed", "M0 -6.5 6.5 0 0 6.5 -6.5 0Z"),
}
"""Tone and drawn shape by state: a tick, a cross, a triangle, a dotted ring, a dash;
a question mark for what nobody knows, a diamond for planned work."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The measures of a map, in the units of the drawing: of tiles, gaps and headings."""

    tile_w: int = 108
    tall: int = 68
    small: int = 30
    gap: int = 6
    head: int = 26


PAGE = Sizes()
WALL = Sizes(tile_w=196, tall=76, small=64, gap=8, head=40)
"""Type of 26 units: at least 24 pixels on a screen of 1080 lines, readable at four metres."""


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


def draw(blocks: Sequence[Block], looks: Mapping[str, Look], sizes: Sizes = PAGE) -> Drawing:
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
        headings.append(Heading(block.heading, y + sizes.head * 2 // 3))
        y += sizes.head
        height = sizes.tall if block.tall else sizes.small
        for site in block.sites:
            if site.tile:
                top = y + rows.index(site.tile.row) * (height + sizes.gap)
                cells.append(_cell(site, looks[site.id], (top, height), sizes, tall=block.tall))
        y += len(rows) * (height + sizes.gap) + sizes.gap
    return Drawing(
        columns * (sizes.tile_w + sizes.gap) - sizes.gap,
        max(y - 2 * sizes.gap, 1),
        tuple(cells),
        tuple(headings),
    )


def _right(site: Site) -> int:
    """Return the column after a site's tile."""
    return site.tile.column + site.tile.width if site.tile else 1


def _cell(site: Site, look: Look, place: tuple[int, int], sizes: Sizes, *, tall: bool) -> Cell:
    """Return the tile of a site, its top and height given; its name where there is room."""
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
        x=site.tile.column * (sizes.tile_w + sizes.gap),
        y=place[0],
        width=site.tile.width * (sizes.tile_w + sizes.gap) - sizes.gap,
        height=place[1],
        lines=name if tall or wide else (look.code,),
        sub=look.sub,
        tall=tall,
    )
