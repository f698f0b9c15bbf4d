# SPDX-License-Identifier: MIT
"""The weathermap's drawing: where things stand by default, and two halves of every link.

The hubs of the data centre stand in the middle, one below the other; sites
stand left and right of them in staggered columns.  Places that people chose
win over these.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.link import Link
from webui.loads import Load, load_class

WIDTH, HEIGHT = 1600.0, 1000.0
MIDDLE = WIDTH / 2
EDGE = 110.0
SIDE = 560.0
"""Width of each side that sites may fill."""
PER_COLUMN = 14
HUB_Y = (360.0, 640.0, 140.0, 860.0)
BUSY = 0.5
GIGABIT = 1e9

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Node:
    """A site, or a device of the data centre, where it stands."""

    thing: str
    x: float
    y: float
    is_hub: bool


@dataclass(frozen=True, slots=True)
class Half:
    """The half of a link next to one end: coloured by what that end sends into it."""

    tone: str
    share: float | None
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Wire:
    """A link with its halves, the site's first; `width` follows its bandwidth."""

    link: Link
    load: Load | None
    halves: tuple[Half, Half]
    x: float
    y: float
    width: float

    @property
    def is_busy(self) -> bool:
        """Tell whether it carries so much that the share is written beside it."""
        return self.load is not None and self.load.fullest >= BUSY


def ends_of(network: DeclaredNetwork, link: Link) -> tuple[str, str]:
    """Return the things that a link joins: its site, and a device of the data centre."""
    if link.kind == "circuit":
        return f"site:{network.devices[link.a.device].site}", f"device:{link.b.device}"
    return f"device:{link.a.device}", f"device:{link.b.device}"


def lowest_of(network: DeclaredNetwork) -> str:
    """Return the lowest level of the province that has sites."""
    present = {site.kind for site in network.sites.values()}
    return next((one for one in reversed(network.province.levels) if one in present), "")


def laid_out(network: DeclaredNetwork, kept: Mapping[str, Place]) -> dict[str, Node]:
    """Return where everything stands that a link ends on."""
    joined = [ends_of(network, link) for link in network.links.values()]
    counted = Counter(end for pair in joined for end in pair)
    hubs = sorted(
        (one for one in counted if one.startswith("device:")), key=lambda one: (-counted[one], one)
    )
    sites = [one for one in counted if one.startswith("site:")]
    kinds = {one: network.sites[one.removeprefix("site:")].kind for one in sites}
    lowest = lowest_of(network)
    left = sorted(one for one in sites if kinds[one] == lowest)
    right = sorted(one for one in sites if kinds[one] != lowest)
    places = _hubs(hubs) | _side(left, EDGE, 1) | _side(right, WIDTH - EDGE, -1)
    places |= {thing: place for thing, place in kept.items() if thing in places}
    return {
        thing: Node(thing, x, y, thing.startswith("device:")) for thing, (x, y) in places.items()
    }


def wires_of(
    network: DeclaredNetwork, nodes: Mapping[str, Node], loads: Mapping[str, Load]
) -> list[Wire]:
    """Return every link as two halves that meet in the middle, the emptiest first.

    What flows up is seen on the site's half, what flows down on the other.
    """
    found = []
    for link in network.links.values():
        a, b = (nodes[end] for end in ends_of(network, link))
        load = loads.get(link.id)
        x, y = round((a.x + b.x) / 2, 1), round((a.y + b.y) / 2, 1)
        up = load.up_share if load else None
        down = load.down_share if load else None
        halves = (
            Half(load_class(up), up, a.x, a.y, x, y),
            Half(load_class(down), down, b.x, b.y, x, y),
        )
        found.append(Wire(link, load, halves, x, y, _width(link.bandwidth_bps)))
    return sorted(found, key=lambda one: one.load.fullest if one.load else -1.0)


def _hubs(hubs: Sequence[str]) -> dict[str, Place]:
    places = {}
    for number, hub in enumerate(hubs):
        row, column = number % len(HUB_Y), number // len(HUB_Y)
        places[hub] = (MIDDLE + 90.0 * column, HUB_Y[row])
    return places


def _side(sites: Sequence[str], edge: float, sign: int) -> dict[str, Place]:
    """Return staggered columns: neighbours stand in different ones, so that names have room."""
    columns = max(2, math.ceil(len(sites) / PER_COLUMN))
    apart = SIDE / columns
    step = (HEIGHT - 80.0) / max(1, len(sites))
    return {
        site: (
            round(edge + sign * apart * (number % columns), 1),
            round(40.0 + step * (number + 0.5), 1),
        )
        for number, site in enumerate(sites)
    }


def _width(bandwidth_bps: int | None) -> float:
    if bandwidth_bps is None or bandwidth_bps >= GIGABIT:
        return 7.0
    return 5.0 if bandwidth_bps >= GIGABIT / 10 else 3.5
