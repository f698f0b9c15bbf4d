# SPDX-License-Identifier: MIT
"""Samples as pages show them: which series are meant, drawn with what happened beside them."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import url_for
from flask_babel import format_datetime, lazy_gettext

from tinhnet.alerting.rules import METRICS, told
from tinhnet.store.engine import Transaction
from tinhnet.store.series.sample import Point, Series, select
from tinhnet.store.standing import alerts_about, events_about, jobs_between
from webui.alertview import title_of
from webui.context import index, web
from webui.figures import line
from webui.graph import RANGES, Frame, Graph, Mark, Range, Tick, graph_of, percentile
from webui.language import language
from webui.sentences import event_text

LABELS = ("device", "interface", "link", "site", "service", "mount", "from")
PAIRS = {"interface_in_bps": "interface_out_bps"}
"""What is drawn mirrored: above zero, and below."""
BACK = {out: into for into, out in PAIRS.items()}
MORE_UNITS = {"ospf_neighbours": "", "probe_round_trip_s": "s", "probe_lost": "bool"}
NO_ID = re.compile(r"[^A-Za-z0-9]+")
MOST_SERIES = 6
MOST_MARKS = 40
LEAST_GAP = timedelta(seconds=95)
"""Three polls of thirty seconds: a shorter silence is a poll that came late."""
TITLES = {
    "circuit_loss_ratio": lazy_gettext("Loss"),
    "circuit_round_trip_s": lazy_gettext("Round trip"),
    "circuit_jitter_s": lazy_gettext("Jitter"),
    "circuit_up": lazy_gettext("Circuit up"),
    "device_up": lazy_gettext("Device up"),
    "interface_in_bps": lazy_gettext("Traffic in (above) and out (below)"),
    "interface_errors_per_s": lazy_gettext("Packets with errors"),
    "interface_discards_per_s": lazy_gettext("Packets thrown away"),
    "interface_up": lazy_gettext("Interface up"),
    "device_uptime_s": lazy_gettext("Time since the start"),
    "storage_used_ratio": lazy_gettext("Storage used"),
    "memory_used_ratio": lazy_gettext("Memory used"),
    "service_up": lazy_gettext("Service works"),
    "service_duration_s": lazy_gettext("Time of the check"),
    "certificate_expires_s": lazy_gettext("Time until the certificate ends"),
    "clock_offset_s": lazy_gettext("Clock off by"),
    "ospf_neighbours": lazy_gettext("OSPF neighbours"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One graph with everything that says the same in words.

    `last`, `most` and `p95` are texts by track; `data` is what the crosshair
    reads out, as JSON.
    """

    id: str
    title: str
    about: str
    graph: Graph
    rows: tuple[tuple[datetime, str, str | None], ...]
    last: tuple[str | None, ...]
    most: tuple[str | None, ...]
    p95: tuple[str | None, ...]
    data: str
    is_pair: bool
    is_empty: bool
    csv: str
    address: str


def range_of(key: str) -> Range:
    """Return the range that an address names, six hours for anything else."""
    return next((one for one in RANGES if one.key == key), RANGES[1])


def unit_of(name: str) -> str:
    """Return the unit of a series, "" where it has none."""
    return METRICS.get(name) or MORE_UNITS.get(name, "")


def title_of_series(name: str) -> str:
    """Return what a series is called in the reader's language."""
    return str(TITLES.get(BACK.get(name, name), name))


def meant(name: str, labels: Mapping[str, str], within: timedelta) -> list[Series]:
    """Return the series of this name with all these labels that had a sample in the time."""
    return sorted(web().series.latest(select(BACK.get(name, name), **labels), within))


def figure(
    series: Series,
    chosen: Range,
    marks: Sequence[Mark] = (),
    limits: Sequence[Tick] = (),
) -> Figure:
    """Return the graph of a series, mirrored with its other half where it has one."""
    now = web().now()
    step_s = chosen.step.total_seconds()
    end = datetime.fromtimestamp((now.timestamp() // step_s + 1) * step_s, now.tzinfo)
    frame = Frame(end - chosen.length, end, max(LEAST_GAP, chosen.step * 3))
    other = PAIRS.get(series.name)
    up = web().series.window(series, frame.start, end, chosen.step)
    down = (
        web().series.window(Series(other, series.labels), frame.start, end, chosen.step)
        if other
        else None
    )
    say = teller(series.name)
    names = (str(lazy_gettext("in")), str(lazy_gettext("out"))) if other else ("", "")
    drawing = graph_of(
        frame,
        (names[0], up),
        (names[1], down) if down is not None else None,
        limits,
        marks,
        say,
    )
    tracks = [up] if down is None else [up, down]
    rows = tuple(_rows(up, down, say))
    asked = urlencode({"name": series.name, **dict(series.labels), "range": chosen.key})
    return Figure(
        id=NO_ID.sub("-", "-".join(["g", series.name, *(value for _, value in series.labels)])),
        title=title_of_series(series.name),
        about=about(series),
        graph=drawing,
        rows=rows,
        last=tuple(say(one[-1].mean) if one else None for one in tracks),
        most=tuple(say(max(p.maximum for p in one)) if one else None for one in tracks),
        p95=tuple(
            None if (value := percentile(one, 0.95)) is None else say(value) for one in tracks
        ),
        data=_data(rows, drawing),
        is_pair=down is not None,
        is_empty=not any(tracks),
        csv=f"{url_for('series.download')}?{asked}",
        address=f"{url_for('series.show')}?{asked}",
    )


def figures(
    name: str,
    labels: Mapping[str, str],
    chosen: Range,
    marks: Sequence[Mark] = (),
    limits: Sequence[Tick] = (),
) -> list[Figure]:
    """Return the graphs of all series that are meant, not more than a page can carry."""
    found = meant(name, labels, chosen.length)
    return [figure(one, chosen, marks, limits) for one in found[:MOST_SERIES]]


def about(series: Series) -> str:
    """Return what a series is about, without the words that say it twice."""
    labels = dict(series.labels)
    return " · ".join(labels[one] for one in LABELS if one in labels)


def teller(name: str) -> Callable[[float], str]:
    """Return what says a value of a series with its unit."""
    unit, spoken = unit_of(name), language()
    return lambda value: told(value, unit, spoken)


def marks_of(
    connection: Transaction, labels: Mapping[str, str], start: datetime, end: datetime
) -> list[Mark]:
    """Return what happened to a device, link or site: alerts, events, jobs that changed it."""
    found: list[Mark] = []
    column = next((one for one in ("link", "device", "site") if labels.get(one)), None)
    if column is None:
        return found
    value = labels[column]
    for record in alerts_about(connection, column, value, start, MOST_MARKS):
        if record.alert.fired_at is not None:
            address = url_for("alerts.show", fingerprint=record.alert.fingerprint)
            found.append(Mark(record.alert.fired_at, "alert", title_of(record), address))
    found += [
        Mark(one.event.at, "event", line(event_text(one.event), 160))
        for one in events_about(connection, column, value, (start, end), limit=MOST_MARKS)
    ]
    for job in jobs_between(connection, _devices(column, value), start, end):
        at = job.started_at or job.requested_at
        found.append(
            Mark(at, "job", f"{job.id} {job.playbook}", url_for("jobs.show", job_id=job.id))
        )
    return sorted(found, key=lambda mark: mark.at, reverse=True)[:MOST_MARKS]


def _devices(column: str, value: str) -> list[str]:
    """Return the devices that a link, a device or a site is made of."""
    network = index().network
    if column == "device":
        return [value]
    if column == "link" and value in network.links:
        link = network.links[value]
        return [link.a.device, link.b.device]
    return [one.id for one in network.devices.values() if one.site == value]


def _rows(
    up: Sequence[Point], down: Sequence[Point] | None, say: Callable[[float], str]
) -> Iterator[tuple[datetime, str, str | None]]:
    """Yield time and values as text, a row for each step that somebody measured."""
    beneath = {point.at: point.mean for point in down or ()}
    above = {point.at: point.mean for point in up}
    for at in sorted(above.keys() | beneath.keys()):
        first = say(above[at]) if at in above else "—"
        second = None if down is None else say(beneath[at]) if at in beneath else "—"
        yield at, first, second


def _data(rows: Sequence[tuple[datetime, str, str | None]], graph: Graph) -> str:
    """Return what the crosshair reads out: place, time, value, value."""
    whole = graph.end - graph.start
    width = graph.right - graph.left
    found = [
        [
            round(graph.left + (at - graph.start) / whole * width, 1),
            format_datetime(at, "HH:mm dd/MM"),
            first,
            second,
        ]
        for at, first, second in rows
    ]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
