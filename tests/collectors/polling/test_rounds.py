# SPDX-License-Identifier: MIT
"""When devices are asked: each in its own place of the period, whatever others do."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

import pytest

from collectors.polling.rounds import Rounds
from tests.collectors.heard import until, working

pytestmark = pytest.mark.patient

LATE_S = 1.0
"""What a round may come late by (issue 3: one device delays no other by more than 1 s)."""


class Asked:
    """Answers as it was told to, and notes who was asked when and how many at once."""

    def __init__(self, behave: Callable[[str], tuple[float, bool]]) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)
        self.most_at_once = 0
        self._behave = behave
        self._now: dict[str, int] = defaultdict(int)

    async def __call__(self, device: str) -> bool:
        """Answer after the seconds that this device takes."""
        self.times[device].append(time.monotonic())
        self._now[device] += 1
        self.most_at_once = max(self.most_at_once, self._now[device])
        seconds, answers = self._behave(device)
        await asyncio.sleep(seconds)
        self._now[device] -= 1
        return answers

    def pauses(self, device: str) -> list[float]:
        """Return the seconds between one question to a device and the next."""
        return [after - before for before, after in pairwise(self.times[device])]


def test_devices_are_spread_over_the_period() -> None:
    """A thousand questions at one moment would look like an outage."""
    asked = Asked(lambda _: (0.0, True))
    began = time.monotonic()

    with working(Rounds([f"d{number}" for number in range(10)], asked, 2.0)):
        until(lambda: len(asked.times) == 10, "everybody was asked")

    for number in range(10):
        assert -0.05 <= asked.times[f"d{number}"][0] - began - number * 0.2 <= LATE_S


def test_whoever_does_not_answer_is_asked_with_growing_pauses() -> None:
    """Up to the period: a dead device costs less, one that comes back is seen soon."""
    asked = Asked(lambda _: (0.0, False))

    with working(Rounds(["dead"], asked, 1.0, first_pause_s=0.1)):
        until(lambda: len(asked.times["dead"]) == 8, "it was asked eight times")

    pauses = asked.pauses("dead")
    for pause, at_least in zip(pauses, (0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0), strict=False):
        assert at_least - 0.02 <= pause <= at_least + LATE_S


def test_a_round_longer_than_the_period_piles_nothing_up() -> None:
    """It is asked once at a time, keeps its place, and the others keep theirs."""
    asked = Asked(lambda device: (1.3 if device == "slow" else 0.0, True))

    with working(Rounds(["slow", "quick"], asked, 0.5)):
        until(lambda: len(asked.times["slow"]) == 4, "the slow one was asked four times")

    assert asked.most_at_once == 1
    assert all(pause > 1.3 for pause in asked.pauses("slow"))
    first, last = asked.times["quick"][0], asked.times["quick"][-1]
    assert abs((last - first) / 0.5 - (len(asked.times["quick"]) - 1)) <= LATE_S / 0.5


def test_a_wish_is_granted_at_once_and_keeps_the_place() -> None:
    """Root causes are proven by asking now, not within thirty seconds."""
    asked = Asked(lambda _: (0.0, True))
    rounds = Rounds(["core1", "core2"], asked, 60.0)

    with working(rounds):
        until(lambda: asked.times["core1"], "the first was asked")
        wished = time.monotonic()
        assert rounds.look(["core2", "stranger"]) == ["core2"]
        until(lambda: asked.times["core2"], "the wish was granted")

    assert asked.times["core2"][0] - wished < LATE_S


def test_a_wish_before_the_first_round_is_kept() -> None:
    """The alert worker may wish while this one still starts."""
    asked = Asked(lambda _: (0.0, True))
    rounds = Rounds(["core1", "core2"], asked, 600.0)

    assert rounds.look(["core2"]) == ["core2"]
    with working(rounds):
        until(lambda: asked.times["core2"], "the wish was granted")


def test_an_answer_that_cannot_be_read_ends_nobody_elses_polling() -> None:
    """A fault in our code about one odd device must not blind the NOC."""
    asked = Asked(lambda _: (0.0, True))

    async def ask(device: str) -> bool:
        if device == "odd":
            asked.times["odd"].append(time.monotonic())
            raise ValueError("what no agent ever said")
        return await asked(device)

    with working(Rounds(["odd", "even"], ask, 0.2, first_pause_s=0.05)):
        until(lambda: min(len(asked.times[one]) for one in ("odd", "even")) > 3, "both go on")


def test_it_ends_in_time_while_somebody_keeps_it_waiting() -> None:
    """A worker that does not stop is killed, and what it holds is lost."""
    asked = Asked(lambda _: (3600.0, True))

    with working(Rounds(["silent"], asked, 0.1)):
        until(lambda: asked.times["silent"], "it was asked")
