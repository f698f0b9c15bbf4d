# SPDX-License-Identifier: MIT
"""What is told to whom, and when again: pure decisions over threads.

Notices open threads, go on with them and end them; what nobody acknowledges
climbs to the next level and is repeated there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.telling.group import groups, leader
from alerts.telling.roster import Roster, levels, names, reached
from alerts.telling.thread import Thread, Threads, episode_of, name_of
from tinhnet.model.alert import AlertRecord, AlertState, Notice
from tinhnet.model.event import Severity
from tinhnet.receivers import RANK
from tinhnet.settings import NotifyConfig

URGENT = RANK[Severity.HIGH.value]
"""From this severity on somebody must acknowledge."""
RESOLVED = "resolved"
PARTLY_RESOLVED = "partly_resolved"
PASSED = "passed"
"""It came and went within one wait."""
ESCALATED = "escalated"
REPEATED = "repeated"
RECOVERIES = frozenset({RESOLVED, PARTLY_RESOLVED})
"""Told only to those who were told of the alert."""


@dataclass(frozen=True, slots=True)
class Item:
    """One alert in a message: since when it holds, and until when it did (None: it does)."""

    record: AlertRecord
    episode: int
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A message that is to be written: `reason` is why, `numbers` its number by receiver."""

    key: str
    numbers: Mapping[str, int]
    reason: str
    level: int
    items: tuple[Item, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows: the threads as they go on, and what is told."""

    threads: dict[str, Thread]
    orders: tuple[Order, ...]


def told(
    threads: Threads,
    notices: Sequence[Notice],
    records: Mapping[str, AlertRecord],
    roster: Roster,
    now: datetime,
    habits: NotifyConfig,
) -> Plan:
    """Return what a batch of notices leads to; a notice without its alert is passed over.

    A recovery of an alert that was never told is not told either.
    """
    after = dict(threads)
    orders: list[Order] = []
    homes = {member: one.key for one in threads.values() for member in one.members}
    going: dict[str, list[Notice]] = {}
    fresh: list[Notice] = []
    for notice in notices:
        if notice.fingerprint not in records:
            continue
        home = homes.get(name_of(notice.fingerprint, notice.episode))
        if home is None:
            fresh.append(notice)
        else:
            going.setdefault(home, []).append(notice)
    for key, mine in going.items():
        thread, order = _gone_on(threads[key], mine, records, roster, now, habits)
        orders += [order] if order else []
        if thread is None:
            del after[key]
        else:
            after[key] = thread
    for begun in groups(_begun(fresh), records, habits.most_messages):
        thread, order = _opened(begun, records, roster, now, habits)
        orders += [order] if order else []
        if thread is not None:
            after[thread.key] = thread
    return Plan(after, tuple(orders))


def looked_at(
    threads: Threads,
    records: Mapping[str, AlertRecord],
    roster: Roster,
    now: datetime,
    habits: NotifyConfig,
) -> Plan:
    """Return what is due by the clock: escalations and repeats of what nobody acknowledged."""
    after = dict(threads)
    orders = []
    for key, thread in threads.items():
        if thread.look_at is None or thread.look_at > now:
            continue
        items = _open_items(thread, records)
        if not items:
            after[key] = replace(thread, look_at=now + timedelta(seconds=habits.escalate_s))
            continue
        after[key], order = _louder(thread, items, roster, now, habits)
        orders += [order] if order else []
    return Plan(after, tuple(orders))


def due(threads: Threads, now: datetime) -> tuple[str, ...]:
    """Return the fingerprints of the alerts that are to be looked at now."""
    return tuple(
        episode_of(member)[0]
        for thread in threads.values()
        if thread.look_at is not None and thread.look_at <= now
        for member in thread.members
    )


def _begun(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Leave out the recoveries of alerts that this batch does not begin."""
    begun = {(one.fingerprint, one.episode) for one in notices if one.kind != RESOLVED}
    return tuple(one for one in notices if (one.fingerprint, one.episode) in begun)


def _opened(
    notices: Sequence[Notice],
    records: Mapping[str, AlertRecord],
    roster: Roster,
    now: datetime,
    habits: NotifyConfig,
) -> tuple[Thread | None, Order | None]:
    """Begin a thread; its alerts may be over already."""
    items: dict[str, Item] = {}
    for notice in notices:
        name = name_of(notice.fingerprint, notice.episode)
        record = records[notice.fingerprint]
        if notice.kind == RESOLVED:
            items[name] = replace(items[name], until=notice.at)
        else:
            items[name] = Item(record, notice.episode, _since(record, notice))
    if not items:
        return None, None
    first = leader(one.record for one in items.values())
    severity = first.alert.severity
    known = levels(roster, severity)
    if not known:
        return None, None
    key = next(name for name, one in items.items() if one.record is first)
    going = {name: one.since for name, one in items.items() if one.until is None}
    thread = Thread(
        key=key,
        members=going,
        told=dict.fromkeys(names(reached(roster, known[0], severity)), 1),
        level=known[0],
        look_at=_next(now, habits.escalate_s) if RANK[severity] >= URGENT else None,
    )
    reason = "firing" if going else PASSED
    order = Order(key, thread.told, reason, thread.level, tuple(items.values()), now)
    return thread if going else None, order


def _gone_on(
    thread: Thread,
    notices: Sequence[Notice],
    records: Mapping[str, AlertRecord],
    roster: Roster,
    now: datetime,
    habits: NotifyConfig,
) -> tuple[Thread | None, Order | None]:
    """Go on with a thread: recoveries to those who know, lapses to those on duty too."""
    members = dict(thread.members)
    items: dict[str, Item] = {}
    for notice in notices:
        name = name_of(notice.fingerprint, notice.episode)
        over = notice.at if notice.kind == RESOLVED else None
        record = records[notice.fingerprint]
        items[name] = Item(record, notice.episode, thread.members[name], over)
        if over is not None:
            members.pop(name, None)
    lapses = [one.kind for one in notices if one.kind != RESOLVED]
    reason = lapses[-1] if lapses else PARTLY_RESOLVED
    reason = reason if members else RESOLVED
    receivers = tuple(one.name for one in roster.receivers if one.name in thread.told)
    look_at = thread.look_at
    if reason not in RECOVERIES:
        severity = leader(one.record for one in items.values()).alert.severity
        known = levels(roster, severity)
        more = names(reached(roster, known[0], severity)) if known else ()
        receivers = tuple(dict.fromkeys((*receivers, *more)))
        if RANK[severity] >= URGENT:
            look_at = _next(now, habits.escalate_s)
    numbers = {name: thread.told.get(name, 0) + 1 for name in receivers}
    after = replace(thread, members=members, told={**thread.told, **numbers}, look_at=look_at)
    order = Order(thread.key, numbers, reason, thread.level, tuple(items.values()), now)
    return after if members else None, order if numbers else None


def _louder(
    thread: Thread,
    items: tuple[Item, ...],
    roster: Roster,
    now: datetime,
    habits: NotifyConfig,
) -> tuple[Thread, Order | None]:
    """Climb to the next level; on the last one tell those on duty at every level once more.

    Whoever came on duty since hears of it that way; whoever went off is left
    in peace.
    """
    severity = leader(one.record for one in items).alert.severity
    known = levels(roster, severity)
    higher = [level for level in known if level > thread.level]
    if higher:
        receivers = names(reached(roster, higher[0], severity))
        level, reason = higher[0], ESCALATED
    else:
        receivers = names([one for level in known for one in reached(roster, level, severity)])
        level, reason = thread.level, REPEATED
    numbers = {name: thread.told.get(name, 0) + 1 for name in receivers}
    pause_s = habits.escalate_s if len(higher) > 1 else habits.repeat_s
    after = replace(
        thread, told={**thread.told, **numbers}, level=level, look_at=_next(now, pause_s)
    )
    return after, Order(thread.key, numbers, reason, level, items, now) if numbers else None


def _open_items(thread: Thread, records: Mapping[str, AlertRecord]) -> tuple[Item, ...]:
    """Return the thread's urgent alerts that hold and that nobody takes care of."""
    found = []
    for member, since in thread.members.items():
        fingerprint, episode = episode_of(member)
        record = records.get(fingerprint)
        if record is None or record.alert.episode != episode:
            continue
        if record.alert.state is AlertState.FIRING and RANK[record.alert.severity] >= URGENT:
            found.append(Item(record, episode, since))
    return tuple(found)


def _since(record: AlertRecord, notice: Notice) -> datetime:
    """Return when the condition began, as far as the row still says so."""
    if record.alert.episode == notice.episode and record.alert.since is not None:
        return min(record.alert.since, notice.at)
    return notice.at


def _next(now: datetime, pause_s: float) -> datetime:
    return now + timedelta(seconds=pause_s)


def fingerprints(items: Iterable[Item]) -> tuple[str, ...]:
    """Return the fingerprints of a message's alerts."""
    return tuple(dict.fromkeys(one.record.alert.fingerprint for one in items))
