# SPDX-License-Identifier: MIT
"""The worker `notify`: notices become messages, messages are delivered, fates are kept.

What is told to whom is decided and written in the transaction that moves the
cursor; delivering happens outside of any transaction, and its outcome is
written afterwards.  A kill in between repeats at most the tries under way,
each under the key and number it had.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.telling.courier import Courier, chosen, dropped, is_needless
from alerts.telling.heartbeat import Outside
from alerts.telling.record import entries, event, is_bad
from alerts.telling.roster import Roster
from alerts.telling.schedule import (
    RECOVERIES,
    RESOLVED,
    Order,
    due,
    fingerprints,
    looked_at,
    told,
)
from alerts.telling.thread import next_look, of_text, to_text
from alerts.telling.ways import Ways
from alerts.telling.wording import Setting, facts, worded
from tinhnet.context import Context
from tinhnet.logs import log_of
from tinhnet.model.event import Event
from tinhnet.sentences import NEVER_TOLD, NO_RECEIVER
from tinhnet.store import alerts, deliveries, events
from tinhnet.store.deliveries import KeptDelivery
from tinhnet.store.duties import on_duty
from tinhnet.store.engine import Transaction
from tinhnet.store.heartbeats import move, position
from tinhnet.store.memories import recall, remember
from tinhnet.worker import Identity

READER = "notify"
AT_ONCE = 2000
"""Notices of one batch."""
BUSY_S = 0.05
"""Seconds between two looks at tries under way."""
IDLE_S = 5.0
TIDY_S = 3600.0

log = log_of("notify")


class Notifying:
    """The worker at work."""

    def __init__(self, context: Context, identity: Identity) -> None:
        del identity
        self._courier = Courier(context.config.notify)
        self._ways = Ways()
        self._outside = Outside()
        self._first: tuple[int, datetime] | None = None
        self._look_at: datetime | None = context.now
        self._tidied: datetime | None = None
        self._done: list[KeptDelivery] = []

    def step(self, context: Context) -> float:
        """Decide what is told, hand over what is due, keep what became of it."""
        now = context.now
        self._keep(context, self._courier.finished(now))
        self._keep_events(context, self._ways.refresh(context, now))
        self._decide(context, now)
        self._hand_over(context, now)
        self._keep_events(context, self._outside.step(context, now))
        self._tidy(context, now)
        return self._wait(context, now)

    @property
    def is_busy(self) -> bool:
        """Tell whether a try is under way."""
        return self._courier.is_busy or self._outside.is_busy

    def close(self, context: Context) -> None:
        """Let the tries under way end and keep what became of them."""
        self._keep(context, self._courier.close(context.now))
        self._outside.close()

    def _decide(self, context: Context, now: datetime) -> None:
        """Write deliveries for what is to be told, once what belongs together is there."""
        with context.store.reading() as connection:
            found = alerts.notices_after(connection, position(connection, READER), limit=1)
        self._first = self._seen(found[0].number, now) if found else None
        if not self._is_complete(context, now) and not self._is_due(now):
            return
        with context.store.writing() as connection:
            self._write(context, connection, now)

    def _write(self, context: Context, connection: Transaction, now: datetime) -> None:
        habits = context.config.notify
        threads = before = of_text(recall(connection, READER))
        roster = Roster(self._ways.receivers, on_duty(connection, now))
        orders: tuple[Order, ...] = ()
        if self._is_complete(context, now):
            found = alerts.notices_after(connection, position(connection, READER), AT_ONCE)
            stale = now - timedelta(seconds=habits.give_up_s)
            notices = [
                one.notice for one in found if one.notice.at >= stale or one.notice.kind == RESOLVED
            ]
            records = alerts.find_alerts(connection, {one.fingerprint for one in notices})
            plan = told(threads, notices, records, roster, now, habits)
            threads, orders = plan.threads, plan.orders
            if found:
                move(connection, READER, found[-1].number)
            self._first = None
            log.info(
                "notices_taken", notices=len(found), messages=len(orders), threads=len(threads)
            )
        known = alerts.find_alerts(connection, set(due(threads, now)))
        later = looked_at(threads, known, roster, now, habits)
        kept = self._kept(context, (*orders, *later.orders))
        deliveries.add_deliveries(connection, kept)
        if later.threads != before:
            remember(connection, READER, to_text(later.threads), now)
        self._look_at = next_look(later.threads)

    def _kept(self, context: Context, orders: Sequence[Order]) -> list[KeptDelivery]:
        """Return the deliveries of orders, worded for each receiver."""
        setting = Setting(self._ways.network, public_url(context))
        by_name = {one.name: one for one in self._ways.receivers}
        found = []
        for order in orders:
            told_ = facts(order, setting)
            for name, number in order.numbers.items():
                receiver = by_name[name]
                said = worded(order, setting, receiver.language or context.config.notify.language)
                found.append(
                    KeptDelivery(
                        receiver=name,
                        key=order.key,
                        message=number,
                        notifier=receiver.notifier,
                        at=order.at,
                        subject=context.secrets.mask(said.subject),
                        text=context.secrets.mask(said.text),
                        facts=told_,
                        fingerprints=fingerprints(order.items),
                        due_at=order.at,
                    )
                )
        return found

    def _hand_over(self, context: Context, now: datetime) -> None:
        """Begin the tries that are due, one for each receiver that is free."""
        with context.store.reading() as connection:
            waiting = deliveries.list_open(connection)
            if not waiting:
                return
            by_receiver: dict[str, list[KeptDelivery]] = defaultdict(list)
            for one in waiting:
                by_receiver[one.receiver].append(one)
            known = {
                (one.receiver, one.key): deliveries.was_told(connection, one.receiver, one.key)
                for mine in by_receiver.values()
                for one in _heads(mine)
                if one.facts.get("reason") in RECOVERIES
            }
        over = []
        for name, mine in by_receiver.items():
            if name not in self._ways.by_name:
                old = now - timedelta(seconds=context.config.notify.give_up_s)
                over += [
                    dropped(one, NO_RECEIVER % {"receiver": name}) for one in mine if one.at < old
                ]
            elif self._courier.is_free(name, now):
                needless = [one for one in _heads(mine) if is_needless(one, known)]
                over += [dropped(one, NEVER_TOLD) for one in needless]
                picked = chosen(mine, known, now)
                if picked is not None:
                    over += self._try(context, picked)
        self._keep(context, over)

    def _try(self, context: Context, picked: KeptDelivery) -> list[KeptDelivery]:
        """Begin a try; a receiver that is set wrong is a failed one, and the reason is kept."""
        way = self._ways.way(picked.receiver, context)
        if way.notifier is not None:
            self._courier.hand_over(picked, way)
            return []
        return [self._courier.failed(picked, "; ".join(way.faults), context.now)]

    def _keep(self, context: Context, done: Sequence[KeptDelivery]) -> None:
        """Write what became of deliveries, into the alerts' timelines too.

        What cannot be written now is written with the next step, before
        anything else is tried.
        """
        now, mask = context.now, context.secrets.mask
        self._done += [replace(one, detail=mask(one.detail)) for one in done]
        done = tuple(self._done)
        if not done:
            return
        with context.store.writing() as connection:
            for one in done:
                deliveries.settle(connection, one)
                if one.due_at is None:
                    alerts.add_entries(connection, entries(one, now))
            events.append(connection, [event(one, now) for one in done if is_bad(one)])
        self._done.clear()
        for one in done:
            log.info(
                "delivery",
                receiver=one.receiver,
                key=one.key,
                message=one.message,
                fate=one.fate,
                tries=one.tries,
                detail=one.detail,
            )

    def _keep_events(self, context: Context, found: Sequence[Event]) -> None:
        if found:
            with context.store.writing() as connection:
                events.append(connection, found)

    def _tidy(self, context: Context, now: datetime) -> None:
        """Let old records go, now and then."""
        if self._tidied is not None and (now - self._tidied).total_seconds() < TIDY_S:
            return
        self._tidied = now
        with context.store.writing() as connection:
            deliveries.let_go(connection, now - timedelta(days=context.config.notify.keep_days))

    def _seen(self, number: int, now: datetime) -> tuple[int, datetime]:
        """Return the oldest notice that waits, with when it was first seen."""
        if self._first is not None and self._first[0] == number:
            return self._first
        return number, now

    def _is_complete(self, context: Context, now: datetime) -> bool:
        """Tell whether the notices waited long enough for what belongs to them."""
        wait = timedelta(seconds=context.config.notify.group_wait_s)
        return self._first is not None and now >= self._first[1] + wait

    def _is_due(self, now: datetime) -> bool:
        return self._look_at is not None and self._look_at <= now

    def _wait(self, context: Context, now: datetime) -> float:
        """Return how long nothing will be due."""
        if self.is_busy:
            return BUSY_S
        times = [self._look_at, self._outside.next_at, self._due_at(context)]
        if self._first is not None:
            times.append(self._first[1] + timedelta(seconds=context.config.notify.group_wait_s))
        waits = [(one - now).total_seconds() for one in times if one is not None]
        return min(max(min(waits, default=IDLE_S), BUSY_S), IDLE_S)

    def _due_at(self, context: Context) -> datetime | None:
        """Return when the next delivery may be tried; only the first of a thread counts."""
        with context.store.reading() as connection:
            waiting = deliveries.list_open(connection)
        times = []
        for name in self._ways.by_name:
            heads = _heads(one for one in waiting if one.receiver == name)
            first = min((one.due_at for one in heads if one.due_at), default=None)
            if first is not None:
                times.append(max(first, self._courier.free_at(name) or first))
        return min(times, default=None)


def public_url(context: Context) -> str:
    """Return where people open the pages."""
    web = context.config.web
    host = f"[{web.host}]" if ":" in web.host else web.host
    return web.public_url.rstrip("/") or f"http://{host}:{web.port}"


def _heads(waiting: Iterable[KeptDelivery]) -> list[KeptDelivery]:
    """Return the first open message of each thread."""
    heads: dict[str, KeptDelivery] = {}
    for one in waiting:
        if one.key not in heads or one.message < heads[one.key].message:
            heads[one.key] = one
    return list(heads.values())
