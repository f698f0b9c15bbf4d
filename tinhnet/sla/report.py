# SPDX-License-Identifier: MIT
"""The report of a month: claims, planned work and the declared network through the ledger."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tinhnet.actions import RequestError
from tinhnet.alerting.ledger import (
    Claim,
    Exclusion,
    Interval,
    Lines,
    Period,
    Row,
    Work,
    lines,
    month,
    rows_of,
)
from tinhnet.alerting.windows import occurrences, things_of
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.settings import SlaConfig
from tinhnet.store.claims import list_claims
from tinhnet.store.windows import KeptWindow, list_windows

KINDS = ("circuit", "site", "unit", "carrier")
MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
THING = "link:"
WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class Planned:
    """Planned work that touched the month; `counts` says that its time is taken out."""

    work: Work
    owner: str
    reason: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a month, until now where it goes on.

    `claims` is how many claims it stands on: none means that nothing was
    measured.  `targets` are contracts by circuit or carrier, as ratios.
    """

    month: str
    period: Period
    claims: int
    lines: Lines
    rows: tuple[Row, ...]
    planned: tuple[Planned, ...]
    targets: Mapping[str, float]
    notice_s: float

    def of_kind(self, kind: str) -> tuple[Row, ...]:
        """Return the rows of one kind."""
        return tuple(row for row in self.rows if row.kind == kind)

    def intervals(self, kind: str, subject: str) -> tuple[Interval, ...]:
        """Return the time of a subject, as it went by; of several lines one after the other."""
        held: Mapping[str, Sequence[tuple[Interval, ...]]] = {
            "circuit": {id_: (line,) for id_, line in self.lines.circuits.items()},
            "site": {id_: (line,) for id_, line in self.lines.sites.items()},
            "unit": self.lines.units,
            "carrier": self.lines.carriers,
        }[kind]
        found = [one for line in held.get(subject, ()) for one in line]
        return tuple(sorted(found, key=lambda one: (one.start, one.subject)))


def report_of(context: Context, network: DeclaredNetwork, text: str) -> Report:
    """Return the report of a month such as 2026-11; RequestError for anything else."""
    whole = month_of(text)
    settings, now = context.config.sla, context.now
    period = Period(whole.start, max(whole.start, min(whole.end, now)))
    with context.store.reading() as connection:
        claims = list_claims(connection, period.start, period.end)
        windows = list_windows(connection, lifted=True)
    rule = Exclusion(settings.notice_s)
    planned = planned_in(windows, network, period, rule)
    works = [one.work for one in planned]
    found = lines(network, (as_declared(one) for one in claims), works, period, rule)
    return Report(
        month=text,
        period=period,
        claims=len(claims),
        lines=found,
        rows=rows_of(found) if period.start < period.end else (),
        planned=planned,
        targets=targets_of(settings, network),
        notice_s=settings.notice_s,
    )


def month_of(text: str) -> Period:
    """Return the month that a text such as 2026-11 names."""
    match = MONTH.fullmatch(text)
    if match is None:
        raise RequestError("%(month)s is no month", "expected 2026-11", month=repr(text))
    return month(int(match[1]), int(match[2]))


def as_declared(claim: Claim) -> Claim:
    """Return a claim with its circuit named as in the declared network."""
    if not claim.subject.startswith(THING):
        return claim
    subject = claim.subject.removeprefix(THING)
    return Claim(subject, claim.is_up, claim.start, claim.end, claim.source)


def planned_in(
    windows: Iterable[KeptWindow], network: DeclaredNetwork, period: Period, rule: Exclusion
) -> tuple[Planned, ...]:
    """Return the planned work of a period, as it begins; a lifted window ends when it was lifted.

    A window about rules alone hides alerts and is no planned work.
    """
    found = []
    for kept in windows:
        window = kept.window
        if not window.is_planned or window.scope.rules:
            continue
        subjects = subjects_of(things_of(window.scope, network), window.scope.things, network)
        for number, one in enumerate(occurrences(window, period.start, period.end)):
            end = min(one.end, kept.lifted_at) if kept.lifted_at else one.end
            if not subjects or end <= max(one.start, period.start):
                continue
            id_ = window.id if window.recurrence is None else f"{window.id}#{number + 1}"
            work = Work(id_, subjects, one.start, end, window.announced_at)
            found.append(Planned(work, window.owner, window.reason, rule.covers(work)))
    return tuple(sorted(found, key=lambda one: (one.work.start, one.work.id)))


def subjects_of(
    things: Iterable[str], named: Iterable[str], network: DeclaredNetwork
) -> frozenset[str]:
    """Return the circuits and sites that planned work on things is about.

    Work on a device that somebody named is work on the circuits that end on
    it: nobody can tell then whether the carrier's part works.
    """
    devices = {one.removeprefix("device:") for one in named if one.startswith("device:")}
    found = {one.partition(":")[2] for one in things if one.startswith((THING, "site:"))}
    ends = {
        link.id
        for link in network.links.values()
        if link.kind == "circuit" and {link.a.device, link.b.device} & devices
    }
    return frozenset(found | ends)


def targets_of(settings: SlaConfig, network: DeclaredNetwork) -> dict[str, float]:
    """Return the contracts by circuit or carrier; TinhnetError names everything that is wrong."""
    found: dict[str, float] = {}
    faults = []
    for text in settings.targets:
        name, _, percent = text.partition("=")
        known = name in network.carriers or name in network.links
        try:
            value = float(percent)
        except ValueError:
            value = -1.0
        if not known or not 0 <= value <= WHOLE:
            faults.append(text)
        else:
            found[name] = value / WHOLE
    if faults:
        raise TinhnetError(
            f"sla.targets: {', '.join(faults)}: no circuit or carrier with a percentage",
            "write vnpt=99.9 or dien-ban-1=99.95",
        )
    return found


def target_of(report: Report, row: Row, network: DeclaredNetwork) -> float | None:
    """Return the contract of a row, None where none is declared: then nothing is judged."""
    if row.kind == "carrier":
        return report.targets.get(row.subject)
    if row.kind != "circuit":
        return None
    own = report.targets.get(row.subject)
    return own if own is not None else report.targets.get(network.links[row.subject].carrier or "")


def newest_month(now: datetime) -> str:
    """Return the month of Vietnam in which a moment lies."""
    return f"{now + timedelta(hours=7):%Y-%m}"
