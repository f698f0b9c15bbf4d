# SPDX-License-Identifier: MIT
"""Rules over samples, judged as new samples come; what is remembered survives a restart."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.naming import DATACENTRE, place_of_labels
from alerts.statement import Statement
from tinhnet.alerting.life import fingerprint
from tinhnet.alerting.rules import Rule
from tinhnet.alerting.trial import Condition, Point, Watch, absent_at, judge
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store.series.sample import Sample, Series, series_of

FORGET = timedelta(days=1)
"""After so long without a value a series is not expected any more."""
AT_CENTRE = frozenset({"certificate_expires_s", "service_duration_s"})
"""Metrics that rules judge as seen from the data centre: one certificate is one alert."""
REACHED = "service_up_at_site"


@dataclass(frozen=True, slots=True)
class Kept:
    """What outlives a restart of the rules' watches: by rule, and by series as text."""

    watches: Mapping[str, Mapping[str, Watch]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What a rule said of one series at one moment."""

    series: Series
    condition: Condition
    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """When a rule is judged; before `started` nobody looked, so that nothing was absent then."""

    now: datetime
    started: datetime


def judged(
    rule: Rule,
    watches: Mapping[Series, Watch],
    newest: Mapping[Series, Sample],
    owners: Mapping[Series, str],
    course: Course,
) -> tuple[dict[Series, Watch], list[Said]]:
    """Return what to remember of a rule's series, and what it says of each.

    `newest` has the newest sample of each series, none of one that is too
    old; `owners` names the device that measures a series.
    """
    after: dict[Series, Watch] = {}
    found: list[Said] = []
    for series in watches.keys() | newest.keys():
        watch, sample = watches.get(series, Watch()), newest.get(series)
        if sample is not None and (not watch.points or sample.at > watch.points[-1].at):
            after[series], condition = judge(rule, watch, Point(sample.at, sample.value))
            if rule.kind != "absence":
                found.append(Said(series, condition, sample.at, sample.value))
        elif not watch.points or course.now - watch.points[-1].at > FORGET:
            found.append(Said(series, Condition.CLEAR, course.now, None))
        else:
            after[series] = watch
            is_old = course.now - watch.points[-1].at > timedelta(seconds=rule.stale_s)
            if is_old and rule.kind != "absence":
                found.append(Said(series, Condition.UNKNOWN, course.now, None))
    if rule.kind == "absence":
        lasts = {series: one.points[-1].at for series, one in after.items()}
        found += _absences(rule, lasts, owners, course)
    return after, found


def _absences(
    rule: Rule, lasts: Mapping[Series, datetime], owners: Mapping[Series, str], course: Course
) -> Iterator[Said]:
    """Yield what is absent: one series, or at once all that a device measures.

    Where no series of the metric has a new value, the collector is silent,
    and nothing is said of what it does not measure.
    """
    fed_since = course.now - timedelta(seconds=rule.for_s / 2)
    is_fed = any(at >= fed_since for at in lasts.values())
    groups: dict[str, list[datetime]] = {}
    for series, at in lasts.items():
        if series in owners:
            groups.setdefault(owners[series], []).append(at)
    silent = {owner for owner, times in groups.items() if len(times) > 1 and max(times) < fed_since}
    for series, at in lasts.items():
        is_own = is_fed and owners.get(series) not in silent
        yield _absence(rule, series, at, course, is_known=is_own)
    for owner, times in groups.items():
        if owner in silent:
            alone = series_of(rule.metric, device=owner)
            yield _absence(rule, alone, max(times), course, is_known=is_fed)
        else:
            yield Said(series_of(rule.metric, device=owner), Condition.CLEAR, course.now, None)


def _absence(rule: Rule, series: Series, last: datetime, course: Course, *, is_known: bool) -> Said:
    begins = absent_at(rule, max(last, course.started))
    if course.now < begins:
        return Said(series, Condition.CLEAR, last, None)
    if is_known:
        return Said(series, Condition.HOLDS, begins, None)
    return Said(series, Condition.UNKNOWN, course.now, None)


def owners_of(watched: Iterable[Series], network: DeclaredNetwork) -> dict[Series, str]:
    """Return the device that measures each series: an interface's own, a circuit's centre end."""
    found = {}
    for series in watched:
        link = network.links.get(series.label("link") or "")
        owner = series.label("device") or (link.b.device if link else None)
        if owner is not None:
            found[series] = owner
    return found


def newest_for(
    rule: Rule, newest: Mapping[Series, Sample], network: DeclaredNetwork
) -> dict[Series, Sample]:
    """Return those samples that a rule is about: of its metric, and of what is declared."""
    at_centre = rule.metric in AT_CENTRE
    return {
        series: one
        for series, one in newest.items()
        if series.name == rule.metric
        and (not at_centre or (series.label("from") or DATACENTRE) == DATACENTRE)
        and is_declared(series, network)
    }


def is_declared(series: Series, network: DeclaredNetwork) -> bool:
    """Tell whether a series is of something declared: an unused port may be down for ever."""
    labels = dict(series.labels)
    device = network.devices.get(labels.get("device", ""))
    if "device" in labels and device is None:
        return False
    if "interface" in labels and device is not None:
        return any(port.name == labels["interface"] for port in device.interfaces)
    return labels.get("link") is None or labels["link"] in network.links


def reached(
    newest: Mapping[Series, Sample], broken: Mapping[str, str], connected: frozenset[str]
) -> dict[Series, Sample]:
    """Return whether services that work at the data centre answer the PC of a site, too.

    A site that has no circuit tells nothing of a service, nor does a service
    that is broken or explained.
    """
    works = {
        series.label("service")
        for series, one in newest.items()
        if (series.label("from") or DATACENTRE) == DATACENTRE and one.value > 0
    }
    found = {}
    for series, one in newest.items():
        service, site = series.label("service"), series.label("from") or DATACENTRE
        is_about = site != DATACENTRE and site in connected and service in works
        if service is not None and is_about and f"service:{service}" not in broken:
            renamed = series_of(REACHED, service=service, **{"from": site})
            found[renamed] = Sample(renamed, one.at, one.value)
    return found


def labels_of(series: Series) -> dict[str, str]:
    """Return the labels by which an alert is told from others: not those that follow from them."""
    labels = dict(series.labels)
    if "device" in labels or "link" in labels:
        labels.pop("site", None)
    if "interface" in labels:
        labels.pop("link", None)
    return labels


def said_as_statements(
    rule: Rule, said: Iterable[Said], network: DeclaredNetwork, alive: frozenset[str]
) -> Iterator[Statement]:
    """Yield what concerns an alert: conditions that hold, and whatever is said of one alive."""
    for one in said:
        is_over = one.condition is not Condition.HOLDS
        if is_over and not alive:
            continue
        labels = labels_of(one.series)
        if is_over and fingerprint(rule.id, labels) not in alive:
            continue
        place = place_of_labels(dict(one.series.labels), network)
        yield Statement(rule, labels, place, one.condition, one.at, one.value)


def kept_of(watches: Mapping[str, Mapping[Series, Watch]], rules: Mapping[str, Rule]) -> Kept:
    """Return what of the watches cannot be found out again: what holds, and points of rates."""
    found = {}
    for id_, held in watches.items():
        is_rate = id_ in rules and rules[id_].kind == "rate"
        kept = {text_of(series): one for series, one in held.items() if is_rate or one.holds}
        if kept:
            found[id_] = kept
    return Kept(found)


def watches_of(kept: Kept) -> dict[str, dict[Series, Watch]]:
    """Return the watches that were kept."""
    return {
        id_: {series_of_text(text): one for text, one in held.items()}
        for id_, held in kept.watches.items()
    }


def holding(watches: Mapping[str, Mapping[Series, Watch]]) -> frozenset[tuple[str, Series]]:
    """Return which rule holds of which series: what a restart must not forget."""
    return frozenset(
        (id_, series) for id_, held in watches.items() for series, one in held.items() if one.holds
    )


def text_of(series: Series) -> str:
    """Return a series as text: name and labels, a tab between them."""
    return "\t".join([series.name, *(f"{key}={value}" for key, value in series.labels)])


def series_of_text(text: str) -> Series:
    """Return what `text_of` wrote."""
    name, *pairs = text.split("\t")
    return Series(name, tuple((one.partition("=")[0], one.partition("=")[2]) for one in pairs))
