# SPDX-License-Identifier: MIT
"""Tries under way: one at a time for each receiver, in threads that touch no store.

A receiver that does not answer delays nobody else.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.message import Delivery, Fate, Message, retry
from alerts.telling.ready import Ready
from alerts.telling.schedule import RECOVERIES
from tinhnet.sentences import NOTIFIER_FAILED
from tinhnet.settings import NotifyConfig
from tinhnet.store.deliveries import DELIVERED, DROPPED, GIVEN_UP, REFUSED, RETRY, KeptDelivery

AT_ONCE = 16
REST_MAX_S = 60.0
"""Seconds for which a receiver that failed again and again is left alone at most."""


@dataclass(slots=True)
class Rest:
    """How a receiver did of late: failures in a row, and until when it is left alone."""

    failures: int = 0
    until: datetime | None = None


class Courier:
    """Hands messages over and remembers who is busy, who rests."""

    def __init__(self, habits: NotifyConfig) -> None:
        self._habits = habits
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tell")
        self._busy: dict[str, tuple[KeptDelivery, Future[Delivery]]] = {}
        self._rests: dict[str, Rest] = {}

    @property
    def is_busy(self) -> bool:
        """Tell whether any try is under way."""
        return bool(self._busy)

    def hand_over(self, delivery: KeptDelivery, way: Ready) -> None:
        """Begin a try; the receiver must be idle."""
        if way.notifier is None:
            return
        message = Message(
            key=delivery.key,
            number=delivery.message,
            at=delivery.at,
            subject=delivery.subject,
            text=delivery.text,
            facts=delivery.facts,
        )
        future = self._pool.submit(way.notifier.deliver, message, way.settings)
        self._busy[delivery.receiver] = delivery, future

    def is_free(self, receiver: str, now: datetime) -> bool:
        """Tell whether a receiver may be tried now."""
        rest = self._rests.get(receiver)
        return receiver not in self._busy and (
            rest is None or rest.until is None or rest.until <= now
        )

    def finished(self, now: datetime, *, wait: bool = False) -> list[KeptDelivery]:
        """Return the deliveries whose try has ended, with what became of them."""
        done = []
        for receiver, (delivery, future) in list(self._busy.items()):
            if not wait and not future.done():
                continue
            error = future.exception()
            found = _failed(error) if error else future.result()
            del self._busy[receiver]
            self._remember(receiver, found, now)
            done.append(judged(delivery, found, now, self._habits))
        return done

    def failed(self, delivery: KeptDelivery, why: str, now: datetime) -> KeptDelivery:
        """Return a delivery that could not even be tried; its receiver rests."""
        found = retry(why)
        self._remember(delivery.receiver, found, now)
        return judged(delivery, found, now, self._habits)

    def free_at(self, receiver: str) -> datetime | None:
        """Return until when a receiver is left alone, None where it is not."""
        rest = self._rests.get(receiver)
        return rest.until if rest else None

    def close(self, now: datetime) -> list[KeptDelivery]:
        """Wait for the tries under way and return what became of them."""
        self._pool.shutdown(wait=True)
        return self.finished(now, wait=True)

    def _remember(self, receiver: str, found: Delivery, now: datetime) -> None:
        """Leave a receiver alone for longer with every failure in a row, or as long as it asks."""
        if found.fate is not Fate.RETRY:
            self._rests.pop(receiver, None)
            return
        rest = self._rests.setdefault(receiver, Rest())
        rest.failures += 1
        pause_s = min(pause(rest.failures, self._habits), REST_MAX_S)
        rest.until = now + timedelta(seconds=max(pause_s, found.wait_s or 0.0))


def pause(tries: int, habits: NotifyConfig) -> float:
    """Return the seconds after so many tries; each one doubles them."""
    doublings = min(max(tries - 1, 0), 16)
    return min(habits.retry_s * float(1 << doublings), habits.retry_max_s)


def judged(
    delivery: KeptDelivery, found: Delivery, now: datetime, habits: NotifyConfig
) -> KeptDelivery:
    """Return a delivery after a try: over, or due again unless it is too old by then."""
    tries = delivery.tries + 1
    if found.fate is not Fate.RETRY:
        fate = DELIVERED if found.fate is Fate.DELIVERED else REFUSED
        return replace(delivery, fate=fate, tries=tries, detail=found.detail, due_at=None)
    due_at = now + timedelta(seconds=max(pause(tries, habits), found.wait_s or 0.0))
    if due_at - delivery.at > timedelta(seconds=habits.give_up_s):
        return replace(delivery, fate=GIVEN_UP, tries=tries, detail=found.detail, due_at=None)
    return replace(delivery, fate=RETRY, tries=tries, detail=found.detail, due_at=due_at)


def chosen(
    waiting: Iterable[KeptDelivery], told: Mapping[tuple[str, str], bool], now: datetime
) -> KeptDelivery | None:
    """Return what one receiver is told next, None while nothing is due.

    What was tried least goes first, so that a message nobody takes holds no
    other up; but never a later message of a thread before an earlier one,
    and a recovery only where its alert was told (`told`, by receiver and key).
    """
    heads: dict[str, KeptDelivery] = {}
    for one in waiting:
        first = heads.get(one.key)
        if first is None or one.message < first.message:
            heads[one.key] = one
    ready_ = [
        one
        for one in heads.values()
        if one.due_at is not None and one.due_at <= now and not is_needless(one, told)
    ]
    return min(ready_, key=lambda one: (one.tries, one.at, one.key), default=None)


def is_needless(one: KeptDelivery, told: Mapping[tuple[str, str], bool]) -> bool:
    """Tell whether a message is about the end of what this receiver never heard of."""
    is_recovery = one.facts.get("reason") in RECOVERIES
    return is_recovery and not told.get((one.receiver, one.key), False)


def _failed(error: BaseException) -> Delivery:
    """Return the outcome of a try that broke in our own code."""
    return retry(NOTIFIER_FAILED % {"error": repr(error)})


def dropped(one: KeptDelivery, why: str) -> KeptDelivery:
    """Return a delivery that is not tried any more."""
    return replace(one, fate=DROPPED, detail=why, due_at=None)
