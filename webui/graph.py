# SPDX-License-Identifier: MIT
"""Graphs of samples as SVG, drawn by the server: no library, no inline style, prints as it is.

A graph of one series stands on its zero line; of a pair, what goes in stands
above and what goes out hangs below.  Where nobody measured there is a gap.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from tinhnet.store.series.sample import Point

WIDTH, HEIGHT = 960, 280
LEFT, RIGHT, TOP, BOTTOM = 74, 12, 26, 26
ZONE = timezone(timedelta(hours=7), "ICT")
"""Vietnam; no daylight saving time."""
TICKS = (60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000)
"""Seconds between two marks of time."""
MOST_TICKS = 9
LINES = 4
DAY_S = 86400
HALF = 2


@dataclass(frozen=True, slots=True)
class Range:
    """A choice of the reader: how long, in which steps."""

    key: str
    length: timedelta
    step: timedelta


RANGES = (
    Range("1h", timedelta(hours=1), timedelta(seconds=30)),
    Range("6h", timedelta(hours=6), timedelta(minutes=1)),
    Range("24h", timedelta(hours=24), timedelta(minutes=5)),
    Range("7d", timedelta(days=7), timedelta(minutes=30)),
    Range("30d", timedelta(days=30), timedelta(hours=2)),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """The time that a graph shows; silence longer than `gap` is not bridged."""

    start: datetime
    end: datetime
    gap: timedelta


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened: `kind` is "alert", "event" or "job"."""

    at: datetime
    kind: str
    text: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A mark where it stands."""

    x: float
    mark: Mark


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid with what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Track:
    """One series: paths of its mean and of the band from least to greatest."""

    name: str
    line: str
    band: str


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole graph, in the units of its drawing."""

    tracks: tuple[Track, ...]
    times: tuple[Tick, ...]
    values: tuple[Tick, ...]
    limits: tuple[Tick, ...]
    marks: tuple[Placed, ...]
    zero: float
    start: datetime
    end: datetime
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class Scale:
    """How times and values become places."""

    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        """Return where a time stands."""
        share = (at - self.start) / (self.end - self.start)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Return where a value stands."""
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def pieces(points: Sequence[Point], gap: timedelta) -> list[list[Point]]:
    """Return the points cut where nobody measured for longer than `gap`."""
    found: list[list[Point]] = []
    for point in points:
        if not found or point.at - found[-1][-1].at > gap:
            found.append([])
        found[-1].append(point)
    return found


def nice(most: float) -> float:
    """Return a round step of which about four reach `most`."""
    if most <= 0:
        return 1.0
    rough = most / LINES
    size = 10.0 ** math.floor(math.log10(rough))
    return next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= rough)


def percentile(points: Sequence[Point], share: float) -> float | None:
    """Return the value that `share` of the steps do not exceed; None without any."""
    if not points:
        return None
    ordered = sorted(point.mean for point in points)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def graph_of(
    frame: Frame,
    up: tuple[str, Sequence[Point]],
    down: tuple[str, Sequence[Point]] | None,
    limits: Sequence[Tick],
    marks: Sequence[Mark],
    told: Callable[[float], str],
) -> Graph:
    """Return the drawing of one series, or of a pair mirrored at zero.

    `limits` are values with their names, drawn on both sides of a pair;
    `told` says a value with its unit.
    """
    high = max((point.maximum for point in up[1]), default=0.0)
    low = min((point.minimum for point in up[1]), default=0.0)
    deep = max((point.maximum for point in down[1]), default=0.0) if down else 0.0
    seen = max(high, deep, -low)
    near = [one.at for one in limits if one.at <= seen * HALF]
    step = nice(max([seen, *near]) or 1.0)
    top = step * max(1, math.ceil(max([high, *near]) / step + 1e-9))
    bottom = -step * max(1, math.ceil(max([deep, *near]) / step + 1e-9)) if down else min(0.0, low)
    scale = Scale(frame.start, frame.end, bottom, top)
    tracks = [_track(up, scale, frame.gap, sign=1)]
    if down:
        tracks.append(_track(down, scale, frame.gap, sign=-1))
    count = round((top - bottom) / step)
    values = [bottom + step * number for number in range(count + 1)]
    signs = (1, -1) if down else (1,)
    return Graph(
        tracks=tuple(tracks),
        times=_times(scale),
        values=tuple(Tick(scale.y(one), told(abs(one))) for one in values),
        limits=tuple(
            Tick(scale.y(sign * one.at), one.text)
            for one in limits
            if one.at in near
            for sign in signs
        ),
        marks=tuple(
            Placed(scale.x(one.at), one) for one in marks if frame.start <= one.at < frame.end
        ),
        zero=scale.y(0.0),
        start=frame.start,
        end=frame.end,
    )


def _track(named: tuple[str, Sequence[Point]], scale: Scale, gap: timedelta, *, sign: int) -> Track:
    name, points = named
    lines, bands = [], []
    for piece in pieces(points, gap):
        places = [(scale.x(one.at), scale.y(sign * one.mean)) for one in piece]
        if len(places) == 1:
            x, y = places[0]
            places.append((round(x + 1.5, 1), y))
        lines.append("M" + "L".join(f"{x} {y}" for x, y in places))
        if any(one.minimum != one.maximum for one in piece):
            over = [f"{scale.x(one.at)} {scale.y(sign * one.maximum)}" for one in piece]
            under = [f"{scale.x(one.at)} {scale.y(sign * one.minimum)}" for one in reversed(piece)]
            bands.append("M" + "L".join([*over, *under]) + "Z")
    return Track(name, "".join(lines), "".join(bands))


def _times(scale: Scale) -> tuple[Tick, ...]:
    length = (scale.end - scale.start).total_seconds()
    every = next((one for one in TICKS if length / one <= MOST_TICKS), TICKS[-1])
    offset = ZONE.utcoffset(None).total_seconds()
    first = math.ceil((scale.start.timestamp() + offset) / every) * every - offset
    found = []
    at = first
    while at < scale.end.timestamp():
        moment = datetime.fromtimestamp(at, ZONE)
        is_day = every >= DAY_S or (length > DAY_S and moment.hour == 0 and moment.minute == 0)
        text = moment.strftime("%d/%m" if is_day else "%H:%M")
        found.append(Tick(scale.x(moment), text))
        at += every
    return tuple(found)
