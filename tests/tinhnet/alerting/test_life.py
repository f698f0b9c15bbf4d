# SPDX-License-Identifier: MIT
"""An alert's life: told once, ended once, whatever happens in between."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.plain import dump, load
from tinhnet.alerting.life import (
    Acknowledged,
    Cleared,
    Event,
    Habits,
    Raised,
    Released,
    Silenced,
    Ticked,
    Unsilenced,
    due_at,
    fingerprint,
    step,
)
from tinhnet.errors import TinhnetError
from tinhnet.model.alert import Alert, AlertState, Notice

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
RANDOM = settings(max_examples=100, deadline=None, derandomize=True, database=None)
PLAIN = Habits()


def at(seconds: float) -> datetime:
    """Return the time so many seconds after the beginning."""
    return ZERO + timedelta(seconds=seconds)


def fresh() -> Alert:
    """Return an alert to which nothing has happened."""
    return Alert("f", "circuit-down", "link:dien-ban-1", "high", ZERO)


def live(habits: Habits, *events: Event) -> tuple[Alert, list[tuple[str, float]]]:
    """Return the alert after events, and the notices with their seconds."""
    alert, told = run(habits, events)
    return alert, [(one.kind, (one.at - ZERO).total_seconds()) for one in told]


def run(habits: Habits, events: tuple[Event, ...]) -> tuple[Alert, list[Notice]]:
    """Return the alert after events, and all notices."""
    alert, told = fresh(), []
    for event in events:
        alert, notices = step(alert, event, habits)
        told += notices
    return alert, told


def test_an_alert_fires_and_resolves() -> None:
    """One notice each; the episode has a beginning and an end."""
    alert, told = live(PLAIN, Raised(at(10)), Ticked(at(20)), Cleared(at(30)))

    assert told == [("firing", 10), ("resolved", 30)]
    assert alert.state is AlertState.RESOLVED
    assert alert.resolved_at == at(30)
    assert alert.episode == 1


def test_a_condition_must_hold_for_a_while() -> None:
    """It is pending first, and fires at the second its time is over, not at the next tick."""
    habits = Habits(for_s=30)

    early, _ = live(habits, Raised(at(10)), Ticked(at(39)))
    late, told = live(habits, Raised(at(10)), Raised(at(25)), Ticked(at(100)))

    assert early.state is AlertState.PENDING
    assert due_at(early, habits) == at(40)
    assert late.state is AlertState.FIRING
    assert told == [("firing", 40)]


def test_a_condition_that_ends_while_pending_is_never_told() -> None:
    """No alert, so no recovery either; the next one begins to wait from its own start."""
    habits = Habits(for_s=30)

    alert, told = live(habits, Raised(at(0)), Cleared(at(29)), Raised(at(30)), Ticked(at(59)))

    assert told == []
    assert alert.state is AlertState.PENDING


def test_an_alert_stays_for_a_while_after_its_condition_ends() -> None:
    """A short break is part of the same episode."""
    habits = Habits(clear_s=60)

    alert, told = live(
        habits,
        Raised(at(0)),
        Cleared(at(10)),
        Cleared(at(50)),
        Raised(at(69)),
        Cleared(at(100)),
        Ticked(at(161)),
    )

    assert told == [("firing", 0), ("resolved", 160)]
    assert alert.episode == 1


def test_flapping_is_damped_to_one_alert_until_it_is_quiet() -> None:
    """The fourth beginning within the window opens an episode that ends after quiet only."""
    habits = Habits(flaps=3, flap_window_s=100, flap_quiet_s=50)
    events: list[Event] = []
    for begin in range(0, 100, 10):
        events += [Raised(at(begin)), Cleared(at(begin + 5))]

    alert, told = live(habits, *events, Ticked(at(144)))
    after, _ = live(habits, *events, Ticked(at(145)))

    assert told == [
        ("firing", 0),
        ("resolved", 5),
        ("firing", 10),
        ("resolved", 15),
        ("firing", 20),
    ]
    assert alert.is_flapping
    assert after.state is AlertState.RESOLVED
    assert not after.is_flapping


def test_slow_repetition_is_no_flapping() -> None:
    """Beginnings outside the window are forgotten."""
    habits = Habits(flaps=3, flap_window_s=100, flap_quiet_s=50)
    events: list[Event] = []
    for begin in range(0, 500, 60):
        events += [Raised(at(begin)), Cleared(at(begin + 5))]

    alert, told = live(habits, *events)

    assert not alert.is_flapping
    assert len(told) == 2 * len(events) / 2


def test_an_acknowledgement_has_an_owner_and_lapses() -> None:
    """Nobody forgets it: it ends by itself and says so."""
    taken = Acknowledged(at(10), "lan", "ticket 4711", at(100))

    held, _ = live(PLAIN, Raised(at(0)), taken)
    lapsed, told = live(PLAIN, Raised(at(0)), taken, Ticked(at(200)))

    assert held.state is AlertState.ACKNOWLEDGED
    assert held.acknowledgement is not None
    assert (held.acknowledgement.owner, held.acknowledgement.at) == ("lan", at(10))
    assert due_at(held, PLAIN) == at(100)
    assert lapsed.state is AlertState.FIRING
    assert told == [("firing", 0), ("acknowledgement_lapsed", 100)]


def test_an_acknowledgement_ends_with_its_episode() -> None:
    """The next outage is news again."""
    taken = Acknowledged(at(10), "lan", "ticket 4711", at(1000))

    alert, told = live(PLAIN, Raised(at(0)), taken, Cleared(at(20)), Raised(at(30)))

    assert alert.acknowledgement is None
    assert told == [("firing", 0), ("resolved", 20), ("firing", 30)]


def test_an_acknowledgement_can_be_taken_back() -> None:
    """It is firing again; people know of it already."""
    taken = Acknowledged(at(10), "lan", "ticket 4711", at(1000))

    alert, told = live(PLAIN, Raised(at(0)), taken, Released(at(20)))

    assert alert.state is AlertState.FIRING
    assert told == [("firing", 0)]


@pytest.mark.parametrize(
    ("owner", "reason", "until", "said"),
    [
        ("", "why", 100, "owner and a reason"),
        ("lan", "  ", 100, "owner and a reason"),
        ("lan", "why", 10, "which is past"),
    ],
    ids=["no owner", "no reason", "no time"],
)
def test_an_acknowledgement_that_says_nothing_is_refused(
    owner: str, reason: str, until: float, said: str
) -> None:
    """Who, why and until when are what it is for."""
    alert, _ = live(PLAIN, Raised(at(0)))

    with pytest.raises(TinhnetError, match=said):
        step(alert, Acknowledged(at(10), owner, reason, at(until)), PLAIN)


def test_what_does_not_hold_cannot_be_acknowledged() -> None:
    """A click on an old page must not hide the next outage."""
    alert, _ = live(PLAIN, Raised(at(0)), Cleared(at(5)))

    with pytest.raises(TinhnetError, match="nothing to acknowledge"):
        step(alert, Acknowledged(at(10), "lan", "why", at(100)), PLAIN)


def test_a_silenced_alert_is_not_told_and_neither_is_its_end() -> None:
    """Begun and ended in silence: recorded, never told."""
    alert, told = live(
        PLAIN, Silenced(at(0), "W1"), Raised(at(10)), Cleared(at(20)), Unsilenced(at(30), "W1")
    )

    assert told == []
    assert alert.episode == 1
    assert alert.resolved_at == at(20)


def test_an_alert_that_outlives_its_silence_is_told_then() -> None:
    """The silence is over and the cause remains; with two silences, when both are over."""
    alert, told = live(
        PLAIN,
        Silenced(at(0), "W1"),
        Silenced(at(1), "W2"),
        Raised(at(10)),
        Unsilenced(at(20), "W1", is_lapse=True),
        Unsilenced(at(30), "W2", is_lapse=True),
    )

    assert told == [("firing", 30)]
    assert alert.state is AlertState.FIRING


def test_a_silence_that_lapses_over_a_known_alert_says_so() -> None:
    """Told before, hidden since: whoever silenced it must hear that it still holds."""
    lapse = [Raised(at(0)), Silenced(at(10), "W1"), Unsilenced(at(60), "W1", is_lapse=True)]
    lifted = [Raised(at(0)), Silenced(at(10), "W1"), Unsilenced(at(60), "W1")]
    both = [Raised(at(0)), Silenced(at(9), "W2"), *lapse[1:]]

    assert live(PLAIN, *lapse)[1] == [("firing", 0), ("silence_lapsed", 60)]
    assert live(PLAIN, *lifted)[1] == [("firing", 0)]
    assert live(PLAIN, *both)[1] == [("firing", 0)]


def test_an_alert_told_before_its_silence_ends_aloud() -> None:
    """Who was woken by it must hear that it is over."""
    _, told = live(PLAIN, Raised(at(0)), Silenced(at(10), "W1"), Cleared(at(20)))

    assert told == [("firing", 0), ("resolved", 20)]


def test_a_silence_by_somebody_else_is_not_lifted() -> None:
    """Lifting what does not hide it changes nothing."""
    alert, told = live(PLAIN, Raised(at(0)), Silenced(at(1), "W1"), Unsilenced(at(2), "W9"))

    assert alert.state is AlertState.SILENCED
    assert told == [("firing", 0)]


def test_an_acknowledgement_that_lapses_in_silence_stays_silent() -> None:
    """Hidden is hidden; the end of the silence tells."""
    _, told = live(
        PLAIN,
        Raised(at(0)),
        Acknowledged(at(1), "lan", "why", at(50)),
        Silenced(at(2), "W1"),
        Unsilenced(at(90), "W1", is_lapse=True),
    )

    assert told == [("firing", 0), ("silence_lapsed", 90)]


def test_an_old_event_counts_as_happening_now() -> None:
    """Time never runs backwards in the list people read."""
    _, told = live(PLAIN, Ticked(at(50)), Raised(at(10)))

    assert told == [("firing", 50)]


def test_a_fingerprint_is_the_same_in_any_order_and_differs_by_any_label() -> None:
    """It is how a silence of last week finds this alert."""
    one = fingerprint("circuit-down", {"link": "dien-ban-1", "site": "dien-ban"})

    assert one == fingerprint("circuit-down", {"site": "dien-ban", "link": "dien-ban-1"})
    assert one != fingerprint("circuit-down", {"link": "dien-ban-2", "site": "dien-ban"})
    assert one != fingerprint("circuit-loss", {"link": "dien-ban-1", "site": "dien-ban"})
    assert one == "b57bd17509ee44e7"


def test_a_rule_that_became_stricter_fires_now_and_not_in_the_past() -> None:
    """Habits change when a rule is edited; what people read keeps its order."""
    alert, _ = live(Habits(for_s=60), Raised(at(0)), Ticked(at(30)))

    _, notices = step(alert, Ticked(at(31)), Habits(for_s=10))

    assert [(one.kind, one.at) for one in notices] == [("firing", at(30))]


def random_events(seed: int) -> tuple[Event, ...]:
    """Return a life in which anything happens, in any order."""
    dice = random.Random(seed)  # noqa: S311 nothing secret is drawn
    now, events = 0.0, []
    for _ in range(dice.randint(1, 40)):
        now += dice.choice((0, 1, 5, 30, 120))
        name = dice.choice(("W1", "W2", "job:J1"))
        events.append(
            dice.choice(
                (
                    Raised(at(now)),
                    Raised(at(now)),
                    Cleared(at(now)),
                    Cleared(at(now)),
                    Acknowledged(at(now), "lan", "why", at(now + dice.choice((1, 60, 600)))),
                    Released(at(now)),
                    Silenced(at(now), name),
                    Unsilenced(at(now), name, is_lapse=dice.random() < 0.5),
                    Ticked(at(now)),
                )
            )
        )
    return tuple(events)


def survive(alert: Alert, event: Event, habits: Habits) -> tuple[Alert, tuple[Notice, ...]]:
    """Step, and go on where an acknowledgement is refused."""
    try:
        return step(alert, event, habits)
    except TinhnetError:
        return step(alert, Ticked(event.at), habits)


habits_of = st.builds(
    Habits,
    for_s=st.sampled_from([0.0, 10.0, 60.0]),
    clear_s=st.sampled_from([0.0, 20.0]),
    flaps=st.integers(2, 5),
    flap_window_s=st.sampled_from([60.0, 600.0]),
    flap_quiet_s=st.sampled_from([30.0, 300.0]),
)


@RANDOM
@given(seed=st.integers(0, 2**32), habits=habits_of)
def test_no_recovery_without_its_alert_and_none_lost_or_doubled(seed: int, habits: Habits) -> None:
    """Every firing has one end once the world is quiet, and no end comes without a firing."""
    alert, told = fresh(), []
    for event in (*random_events(seed), Cleared(at(1e5)), Ticked(at(2e5))):
        alert, notices = survive(alert, event, habits)
        told += notices
        if alert.state is AlertState.FIRING:
            assert alert.is_told

    episodes: dict[int, list[str]] = {}
    for notice in told:
        episodes.setdefault(notice.episode, []).append(notice.kind)
    for kinds in episodes.values():
        assert kinds[0] == "firing"
        assert kinds[-1] == "resolved"
        assert kinds.count("firing") == kinds.count("resolved") == 1
    assert len({notice.key for notice in told}) == len(told)
    assert [one.at for one in told] == sorted(one.at for one in told)


@RANDOM
@given(seed=st.integers(0, 2**32), habits=habits_of)
def test_a_kill_at_any_moment_loses_and_doubles_nothing(seed: int, habits: Habits) -> None:
    """What was not yet written is done again, under the same keys."""
    dice = random.Random(seed)  # noqa: S311 nothing secret is drawn
    straight, written = fresh(), dump(fresh())
    kept: dict[str, Notice] = {}
    wanted: dict[str, Notice] = {}
    for event in random_events(seed):
        straight, notices = survive(straight, event, habits)
        wanted |= {one.key: one for one in notices}
        for _ in range(dice.choice((1, 1, 2, 3))):  # killed before the write, and done again
            after, again = survive(load(written, Alert), event, habits)
            kept |= {one.key: one for one in again}
        written = dump(after)

    assert kept == wanted
    assert load(written, Alert) == straight


@RANDOM
@given(seed=st.integers(0, 2**32), habits=habits_of)
def test_it_does_not_matter_how_often_a_clock_ticks(seed: int, habits: Habits) -> None:
    """A worker that slept tells the same, with the same times."""
    dice = random.Random(seed)  # noqa: S311 nothing secret is drawn
    seldom, often = fresh(), fresh()
    told: tuple[list[Notice], list[Notice]] = ([], [])
    for event in random_events(seed):
        while dice.random() < 0.5 and often.at < event.at:
            often, notices = step(often, Ticked(often.at + (event.at - often.at) / 2), habits)
            told[1].extend(notices)
        seldom, notices = survive(seldom, event, habits)
        told[0].extend(notices)
        often, notices = survive(often, event, habits)
        told[1].extend(notices)

    assert told[0] == told[1]
    assert seldom == often
