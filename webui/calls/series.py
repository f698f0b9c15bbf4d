# SPDX-License-Identifier: MIT
"""Calls about samples: the newest of each series, and what a time shows."""

from datetime import datetime, timedelta

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from tinhnet.actions import RequestError
from tinhnet.store.series.sample import Point, Sample, Selector, Series, select
from webui.answer import Asked, Moment, Problem
from webui.context import web
from webui.person import needs

TAG = Tag(name="series", description="What was measured; docs/watch.md names the series.")
MOST_SERIES = 20
"""Series of one window."""
MOST_POINTS = 20_000
"""Points of one window, over all its series."""
MOST_LATEST = 5000
HOUR = timedelta(hours=1)
NAME = "[a-z][a-z0-9_]{0,99}"


class LabelQuery(Asked):
    """Which series: a name, and labels that it must carry; an unknown parameter is an error."""

    name: str = Field(pattern=f"^{NAME}$", description="such as interface_in_bps")
    device: str | None = None
    interface: str | None = None
    link: str | None = None
    site: str | None = None
    service: str | None = None
    mount: str | None = None
    from_site: str | None = Field(
        None, description="the label `from` of services: a site, or datacentre"
    )

    def selector(self) -> Selector:
        """Return the selector of the series that are meant."""
        labels = {
            "device": self.device,
            "interface": self.interface,
            "link": self.link,
            "site": self.site,
            "service": self.service,
            "mount": self.mount,
            "from": self.from_site,
        }
        return select(self.name, **{key: value for key, value in labels.items() if value})


class LatestQuery(LabelQuery):
    """Which series, and how old a sample may be."""

    within: int = Field(600, ge=1, le=30 * 86400, description="seconds")


class WindowQuery(LabelQuery):
    """Which series, from when to before when, and in steps of how many seconds."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Moment | None = Field(
        None, alias="from", description="RFC 3339 with its zone; an hour before `to` by default"
    )
    end: Moment | None = Field(None, alias="to", description="before when; now by default")
    step: int | None = Field(
        None, ge=1, le=86400, description="seconds; without it the samples themselves"
    )


class LatestRow(BaseModel):
    """The newest sample of a series."""

    name: str
    labels: dict[str, str]
    at: datetime
    value: float


class LatestAnswer(BaseModel):
    """The newest samples; a silent series is not there: silence is unknown, not zero."""

    total: int
    items: list[LatestRow]


class WindowRow(BaseModel):
    """A series with its points: time, minimum, mean, maximum, samples; gaps are left out."""

    name: str
    labels: dict[str, str]
    points: list[tuple[datetime, float, float, float, int]]


class WindowAnswer(BaseModel):
    """What a time shows."""

    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    step: int | None
    items: list[WindowRow]


def add(calls: APIBlueprint) -> None:
    """Add the calls."""

    @calls.get(
        "/series/latest",
        tags=[TAG],
        summary="The newest sample of each series",
        responses={200: LatestAnswer, 400: Problem},
    )
    @needs("network.view")
    def latest(query: LatestQuery) -> Response:
        found = web().series.latest(query.selector(), timedelta(seconds=query.within))
        rows = [_latest(found[series]) for series in sorted(found)]
        return jsonify(total=len(rows), items=rows[:MOST_LATEST])

    @calls.get(
        "/series/window",
        tags=[TAG],
        summary="What was measured from one time to another",
        responses={200: WindowAnswer, 400: Problem},
    )
    @needs("network.view")
    def window(query: WindowQuery) -> Response:
        end = query.end or web().now()
        start = query.start or end - HOUR
        step = None if query.step is None else timedelta(seconds=query.step)
        _check_size(start, end, step)
        items = _measured(query, start, end, step)
        return jsonify(
            {
                "from": start.isoformat(),
                "to": end.isoformat(),
                "step": query.step,
                "items": items,
            }
        )


def _measured(
    query: LabelQuery, start: datetime, end: datetime, step: timedelta | None
) -> list[dict[str, object]]:
    """Return the series that are meant with their points; RequestError when it is too much."""
    known = web().series.latest(query.selector(), web().now() - start + HOUR)
    if len(known) > MOST_SERIES:
        raise RequestError(
            "%(count)s series are meant, %(most)s are answered at most",
            "name more labels",
            count=len(known),
            most=MOST_SERIES,
        )
    items: list[dict[str, object]] = []
    left = MOST_POINTS
    for series in sorted(known):
        points = web().series.window(series, start, end, step)
        left -= len(points)
        if left < 0:
            raise RequestError(
                "more than %(most)s points are meant",
                "ask for a larger step or a shorter time",
                most=MOST_POINTS,
            )
        items.append(_labelled(series) | {"points": [_point(one) for one in points]})
    return items


def _check_size(start: datetime, end: datetime, step: timedelta | None) -> None:
    """Refuse a time that ends before it begins, or has too many steps."""
    if start >= end:
        raise RequestError("`from` must lie before `to`", "swap them")
    if step is not None and (end - start) / step > MOST_POINTS:
        raise RequestError(
            "more than %(most)s points are meant",
            "ask for a larger step or a shorter time",
            most=MOST_POINTS,
        )


def _labelled(series: Series) -> dict[str, object]:
    return {"name": series.name, "labels": dict(series.labels)}


def _latest(sample: Sample) -> dict[str, object]:
    return _labelled(sample.series) | {"at": sample.at.isoformat(), "value": sample.value}


def _point(point: Point) -> list[object]:
    return [point.at.isoformat(), point.minimum, point.mean, point.maximum, point.samples]
