# SPDX-License-Identifier: MIT
"""Random hours in the province, asked in random order by a worker that dies at random."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alerts.stage import Stage, stage
from tinhnet.model.alert import AlertState

SITES = ("dien-ban", "hoi-an", "tam-ky", "so-gtvt", "dai-loc")
BREAKABLE = (
    *(f"link:{site}-1" for site in SITES),
    "link:hoi-an-2",
    "site:dien-ban",
    "site:tam-ky",
    "device:core1",
    "device:core2",
    "device:fw1",
    "device:web1",
    "device:dai-loc-pc",
    "service:portal",
)
QUIET_S = 1300.0
"""Longer than a flapping alert must be quiet."""


def hour(play: Stage, dice: random.Random) -> set[str]:
    """Break and mend things, ask some of all things at a time; return what was broken."""
    broken: set[str] = set()
    for _ in range(60):
        roll = dice.random()
        if roll < 0.12:
            new = dice.choice(BREAKABLE)
            play.broken.add(new)
            broken.add(new)
        elif roll < 0.3 and play.broken:
            play.broken.discard(dice.choice(sorted(play.broken)))
        elif roll < 0.34:
            play.restart()
        play.clock.now += timedelta(seconds=dice.uniform(0.05, 2))
        play.look(dice.sample(play.asked, dice.randrange(1, len(play.asked))))
        play.step()
        if dice.random() < 0.7:
            play.clock.now += timedelta(seconds=dice.uniform(0.05, 0.4))
            play.answer()
            play.step()
    return broken


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_every_firing_ends_once_and_nothing_sound_is_blamed(tmp_path: Path, seed: int) -> None:
    """No recovery without its alert, none twice, and whoever is named was broken."""
    dice = random.Random(seed)  # noqa: S311 no secret
    with stage(tmp_path / "var") as play:
        broken = hour(play, dice)
        play.broken.clear()
        for _ in range(6):
            play.pass_time(1)
        play.pass_time(QUIET_S, every=100)
        told = play.told()
        alive = [one for one in play.alerts() if one.alert.state is not AlertState.RESOLVED]
        known = {one.alert.thing for one in play.alerts() if one.alert.rule.endswith("-down")}

    # From outside, a building that loses power after one of its circuits was cut is its other
    # circuit, and two circuits that are cut at once are its building or its router.
    emptied = {f"site:{site}" for site in SITES}
    emptied |= {f"device:{site}-cpe1" for site in SITES}
    emptied |= {f"link:{site}-{n}" for site in SITES if f"site:{site}" in broken for n in (1, 2)}
    assert [one.alert.thing for one in alive if one.alert.rule.endswith("-down")] == []
    assert known <= broken | emptied
    for thing in known:
        kinds = [kind for kind, about in told if about == thing]
        assert kinds == ["firing", "resolved"] * (len(kinds) // 2), thing
