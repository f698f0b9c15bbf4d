# SPDX-License-Identifier: MIT
"""Is it up?  Decided from who asked, when, and what came of it; pure functions.

One lost packet is never an outage.  Where packets were lost lately, more of
them must be lost in a row before the thing is down: chance alone then does
what otherwise only an outage does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tinhnet import sentences
from tinhnet.model.observation import State

LEAST_RUN = 3
LONGEST_RUN = 10
LEAST_SPAN_S = 0.19
"""Seconds between the first and the last request of a run; a burst asks every 0.1 s."""
CHANCE = 1e-4
"""How likely a run may be by chance before it is no sign of an outage."""
MEMORY_S = 60.0
SILENCE_S = 10.0
"""Seconds after which nothing is known of what nobody asked."""
LOSSY_RATIO = 0.05
LOSSY_LEAST = 2
LOSSY_OF = 20
"""Requests below which a share of them says nothing."""


class Asked(NamedTuple):
    """One request at a time (Unix seconds) and its answer; `taken_s` None means none came."""

    at: float
    taken_s: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """What was asked outside of outages, and how much of it was lost."""

    asked: int
    lost: int

    @property
    def ratio(self) -> float:
        """The share that was lost, 0 where nothing was asked."""
        return self.lost / self.asked if self.asked else 0.0

    @property
    def is_much(self) -> bool:
        """Tell whether the share is both large and no chance of few requests."""
        return self.asked >= LOSSY_OF and self.lost >= LOSSY_LEAST and self.ratio >= LOSSY_RATIO


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one asker's requests say: `at` is when the newest of them that counts was sent.

    `lost_since` is when the first of those was sent that have no answer; it
    is None unless the state is down.
    """

    state: State
    at: float
    why: str
    lost_since: float | None = None


def judge(asked: Sequence[Asked], now: float, *, is_clean: bool = False) -> Verdict | None:
    """Return what requests in the order of time say, None when there are none.

    Up while fewer than a run is lost, with the time of the last answer; with
    neither a run nor an answer nothing is known yet.  `is_clean`: the caller
    knows that none was lost within MEMORY_S, which is so nearly always, and
    spares us a look at sixty requests.
    """
    if not asked:
        return None
    newest = asked[-1]
    if now - newest.at > SILENCE_S:
        silent = sentences.NOT_ASKED % {"seconds": f"{now - newest.at:.0f}"}
        return Verdict(State.UNKNOWN, newest.at, silent)
    run = _trailing(asked)
    answered = asked[: len(asked) - len(run)]
    loss = Loss(len(answered), 0) if is_clean else loss_of(answered, now)
    if is_outage(run, loss):
        return Verdict(State.DOWN, newest.at, _lost(run), run[0].at)
    if len(run) == len(asked):
        return Verdict(State.UNKNOWN, newest.at, sentences.NO_ANSWER_YET)
    last = asked[-len(run) - 1]
    if loss.is_much:
        lossy = sentences.LOSSY % {"share": f"{loss.ratio:.0%}", "count": loss.asked}
        return Verdict(State.DEGRADED, last.at, lossy)
    taken_ms = f"{(last.taken_s or 0.0) * 1000:.1f}"
    return Verdict(State.UP, last.at, sentences.ANSWERS_IN % {"milliseconds": taken_ms})


def join(verdicts: Mapping[str, Verdict], refusing: frozenset[str] = frozenset()) -> Verdict:
    """Return what several askers of one thing say together; who works proves that it works.

    A proof from before the first request that another asker lost proves
    nothing any more.  `refusing` are askers that never had an answer: beside
    one that has, they say more of themselves than of the thing.
    """
    known = {who: one for who, one in verdicts.items() if one.state is not State.UNKNOWN}
    if not known:
        newest = max(verdicts.values(), key=lambda one: one.at, default=None)
        return newest or Verdict(State.UNKNOWN, 0.0, sentences.NOBODY_ASKS)
    down = {who: one for who, one in known.items() if one.state is State.DOWN}
    lost_since = min((one.lost_since or one.at for one in down.values()), default=-math.inf)
    working = [one for one in known.values() if one.state.works and one.at >= lost_since]
    if not working:
        return max(down.values(), key=lambda one: one.at)
    at = max(one.at for one in working)
    broken = sorted(set(down) - refusing)
    if broken:
        fails = {"askers": ", ".join(broken), "why": down[broken[0]].why}
        return Verdict(State.DEGRADED, at, sentences.FAILS_FOR % fails)
    lossy = next((one for one in working if one.state is State.DEGRADED), None)
    best = max(working, key=lambda one: one.at)
    return Verdict(State.DEGRADED, at, lossy.why) if lossy else Verdict(State.UP, at, best.why)


def loss_of(asked: Sequence[Asked], now: float) -> Loss:
    """Return the loss within MEMORY_S; requests of outages are time without service, not loss."""
    count = lost = 0
    run: list[Asked] = []
    for one in asked:
        if one.at < now - MEMORY_S:
            continue
        if one.taken_s is None:
            run.append(one)
            continue
        if not _is_long(run, LEAST_RUN):
            lost += len(run)
            count += len(run)
        run = []
        count += 1
    if not _is_long(run, LEAST_RUN):
        lost += len(run)
        count += len(run)
    return Loss(count, lost)


def is_outage(run: Sequence[Asked], loss: Loss) -> bool:
    """Tell whether requests that were lost in a row are more than chance."""
    return _is_long(run, needed(loss))


def needed(loss: Loss) -> int:
    """Return how many requests must be lost in a row, given the loss so far."""
    if not loss.is_much:
        return LEAST_RUN
    if loss.lost >= loss.asked:
        return LONGEST_RUN
    by_chance = math.ceil(math.log(CHANCE) / math.log(loss.ratio))
    return min(max(by_chance, LEAST_RUN), LONGEST_RUN)


def _is_long(run: Sequence[Asked], least: int) -> bool:
    return len(run) >= least and run[-1].at - run[0].at >= LEAST_SPAN_S


def _trailing(asked: Sequence[Asked]) -> Sequence[Asked]:
    """Return the requests since the last answer."""
    for index in range(len(asked) - 1, -1, -1):
        if asked[index].taken_s is not None:
            return asked[index + 1 :]
    return asked


def _lost(run: Sequence[Asked]) -> str:
    said = next((one.why for one in reversed(run) if one.why), "")
    lost = {"count": len(run), "seconds": f"{run[-1].at - run[0].at:.1f}"}
    return sentences.LOST_SAYING % {**lost, "why": said} if said else sentences.LOST % lost
