# SPDX-License-Identifier: MIT
"""Graphs of samples: a range to choose, marks of what happened, a table, and a file to keep."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask_babel import gettext

from tinhnet.alerting.rules import METRICS
from tinhnet.spreadsheet import BOM, line_of
from webui.context import index, web
from webui.figures import rate
from webui.graph import RANGES, Tick
from webui.page import Page
from webui.person import needs
from webui.seriesview import (
    BACK,
    LABELS,
    MORE_UNITS,
    MOST_SERIES,
    PAIRS,
    figure,
    marks_of,
    meant,
    range_of,
    title_of_series,
)
from webui.watch import watched

_pages = Blueprint("series", __name__, url_prefix="/series")
PAGE = Page(_pages)

NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")
KNOWN = METRICS.keys() | MORE_UNITS.keys()
MOST_NAMED = 60


@_pages.get("")
@needs("network.view")
def show() -> str:
    """Draw the series of a name and labels; without a name, say what can be drawn."""
    name, labels = _asked()
    chosen = range_of(request.args.get("range", ""))
    if not name:
        names = sorted((one, title_of_series(one)) for one in KNOWN if one not in BACK)
        return render_template("series_names.html", names=names)
    if name not in KNOWN:
        abort(404)
    found = meant(name, labels, chosen.length)
    now = web().now()
    with web().store.reading() as connection:
        marks = marks_of(connection, labels, now - chosen.length, now + timedelta(minutes=1))
    return render_template(
        "series.html",
        name=name,
        title=title_of_series(name),
        labels=labels,
        figures=[
            figure(one, chosen, marks, _limits(dict(one.labels))) for one in found[:MOST_SERIES]
        ],
        others=found[MOST_SERIES : MOST_SERIES + MOST_NAMED],
        total=len(found),
        ranges=RANGES,
        chosen=chosen,
        marks=marks,
        watch=watched(),
        address=_address,
    )


@_pages.get("/csv")
@needs("network.view")
def download() -> Response:
    """Return the steps of a range as a table that any program opens."""
    name, labels = _asked()
    if name not in KNOWN:
        abort(404)
    chosen, now = range_of(request.args.get("range", "")), web().now()
    series = meant(name, labels, chosen.length)

    def lines() -> Iterator[str]:
        yield BOM + line_of(["at", "name", *LABELS, "minimum", "mean", "maximum", "samples"])
        for one in series:
            halves = [one]
            if one.name in PAIRS:
                halves.append(type(one)(PAIRS[one.name], one.labels))
            for half in halves:
                said = [half.label(label) or "" for label in LABELS]
                for point in web().series.window(half, now - chosen.length, now, chosen.step):
                    values = (point.minimum, point.mean, point.maximum, point.samples)
                    yield line_of([point.at.isoformat(), half.name, *said, *values])

    file = "-".join([name, *labels.values(), chosen.key])
    safe = NO_NAME.sub("_", file)
    return Response(
        "".join(lines()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{safe}.csv"'},
    )


def _asked() -> tuple[str, dict[str, str]]:
    """Return the name and the labels of the address."""
    labels = {one: request.args[one][:400] for one in LABELS if request.args.get(one)}
    return request.args.get("name", ""), labels


def _address(**changes: str) -> str:
    """Return this page's address with something changed."""
    name, labels = _asked()
    return f"{url_for('series.show')}?{urlencode({'name': name, **labels} | changes)}"


def _limits(labels: Mapping[str, str]) -> list[Tick]:
    """Return the contract's bandwidth where a series is about a circuit."""
    link = index().network.links.get(labels.get("link", ""))
    if link is None or link.bandwidth_bps is None or "interface" not in labels:
        return []
    text = gettext("contract %(bandwidth)s", bandwidth=rate(link.bandwidth_bps))
    return [Tick(float(link.bandwidth_bps), text)]
