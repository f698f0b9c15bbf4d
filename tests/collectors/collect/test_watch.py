# SPDX-License-Identifier: MIT
"""What is seen of things: from several askers, from parts, and over a restart."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from collectors.collect.verdict import Asked, judge
from collectors.collect.watch import Change, Watch
from tinhnet.model.observation import Observation, State

NOW = 1_462_000_000.0
LINK, CORE = "link:dien-ban-1", "device:core1"


def tell(
    watch: Watch, *rows: tuple[float, float | None], thing: str = LINK, asker: str = "core1"
) -> list[Change]:
    """Tell of requests that were sent some seconds after NOW; return the changes."""
    found = [watch.take(thing, asker, Asked(NOW + at, taken), NOW + at + 0.3) for at, taken in rows]
    return [one for one in found if one is not None]


def test_a_circuit_turns_once_each_way() -> None:
    """Each turn is an event; what comes before the first is none."""
    watch = Watch({})
    changes = tell(
        watch, (0, 0.004), (1, None), (1.1, None), (1.2, None), (1.3, None), (2, 0.004), (3, 0.004)
    )

    assert [one.now.state for one in changes] == [State.UP, State.DOWN, State.UP]
    assert [one.is_turn for one in changes] == [False, True, True]
    assert changes[1].now.at == datetime.fromtimestamp(NOW + 1.2, UTC)


def test_an_answer_that_comes_late_takes_its_loss_back() -> None:
    """It was told to be lost after 0.3 s; the answer proves otherwise."""
    watch = Watch({})
    changes = tell(watch, (0, 0.004), (1, None), (1.1, None), (1.1, 0.7), (1.2, None), (1.3, None))

    assert [one.now.state for one in changes] == [State.UP]


def test_a_restart_does_not_tell_again() -> None:
    """A circuit that was down before stays down without a second event; its recovery is told."""
    watch = Watch({LINK: State.DOWN})
    changes = tell(watch, (0, None), (0.1, None), (0.2, None), (1, 0.004))

    assert [(one.now.state, one.is_turn) for one in changes] == [
        (State.UNKNOWN, False),
        (State.DOWN, False),
        (State.UP, True),
    ]


def test_an_agent_that_falls_silent_leaves_its_circuits_unknown_not_down() -> None:
    """Ten seconds are the limit; the last time it was asked stays."""
    watch = Watch({})
    tell(watch, (0, 0.004), (1, 0.004))

    assert watch.observations(NOW + 10.9)[LINK].state is State.UP
    seen = watch.observations(NOW + 11.1)[LINK]
    assert (seen.state, seen.at) == (State.UNKNOWN, datetime.fromtimestamp(NOW + 1, UTC))


def test_a_message_of_its_agent_proves_a_device_alive() -> None:
    """Its management address does not answer, and yet it speaks to us."""
    watch = Watch({})
    tell(watch, (0, 0.001), thing=CORE, asker="ping")
    tell(watch, (1.4, 0.0), thing=CORE, asker="agent")
    tell(watch, (1.0, None), (1.1, None), (1.2, None), thing=CORE, asker="ping")
    assert watch.observations(NOW + 1.5)[CORE].state is State.DEGRADED

    changes = tell(watch, (1.5, None), thing=CORE, asker="ping")
    assert changes == []
    watch.observations(NOW + 11.45)
    tell(watch, (11.3, None), (11.4, None), (11.5, None), thing=CORE, asker="ping")
    assert watch.observations(NOW + 11.6)[CORE].state is State.DOWN


def test_rows_that_come_hours_late_change_nothing() -> None:
    """An agent behind a cut circuit tells of the past."""
    watch = Watch({})
    tell(watch, (0, 0.004))

    assert watch.take(LINK, "core1", Asked(NOW - 3600, None), NOW) is None
    assert watch.observations(NOW + 1)[LINK].state is State.UP


def test_snmp_that_does_not_answer_is_no_outage_of_a_device_that_does() -> None:
    """And SNMP that answers is a proof of life."""
    watch = Watch({})
    tell(watch, (0, 0.001), thing=CORE, asker="ping")
    at = datetime.fromtimestamp(NOW + 0.5, UTC)

    assert watch.see(CORE, "poll", Observation(State.DOWN, at), NOW + 1) is None
    assert watch.observations(NOW + 1)[CORE].state is State.UP
    watch.see(CORE, "poll", Observation(State.UP, at), NOW + 1)
    assert watch.observations(NOW + 10.4)[CORE].state is State.UP


def test_what_only_a_part_sees_is_taken_as_it_says() -> None:
    """Services are asked by a part; an older answer changes nothing."""
    watch = Watch({})
    down = Observation(State.DOWN, datetime.fromtimestamp(NOW, UTC), "refused")
    older = Observation(State.UP, datetime.fromtimestamp(NOW - 1, UTC))

    change = watch.see("service:portal", "poll", down, NOW)
    assert change is not None
    assert change.now is down
    assert watch.see("service:portal", "poll", older, NOW) is None
    assert watch.observations(NOW + 29) == {"service:portal": down}
    assert watch.observations(NOW + 31)["service:portal"].state is State.UNKNOWN


def test_what_the_network_does_not_know_any_more_is_forgotten() -> None:
    """A circuit that was taken out of links.yml is not watched for ever."""
    watch = Watch({})
    tell(watch, (0, 0.004))
    watch.forget_but({CORE})

    assert watch.observations(NOW + 1) == {}


STEPS = st.lists(
    st.tuples(st.sampled_from([0.1, 1.0, 4.0]), st.sampled_from([0.004, 0.004, 0.004, None])),
    min_size=1,
    max_size=120,
)


@given(STEPS)
def test_the_short_way_over_clean_requests_says_the_same(
    steps: list[tuple[float, float | None]],
) -> None:
    """Whatever was lost, and however long ago, all requests looked at say the same."""
    watch, held, at = Watch({}), [], NOW
    for after, taken in steps:
        at += after
        held.append(Asked(at, taken))
        watch.take(LINK, "core1", held[-1], at)
        whole = judge([one for one in held if one.at >= at - 60.0], at)

        seen = watch.observations(at)[LINK]
        assert whole is not None
        assert (seen.state, seen.why) == (whole.state, whole.why)
