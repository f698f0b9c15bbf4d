# SPDX-License-Identifier: MIT
"""What every store of samples can do, whichever it is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from math import inf, nan

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.series.trial import BEGIN, DAY, HOUR, MINUTE, SECOND, Trial, every, seen, settle
from tinhnet.store.series.sample import Point, Refusal, Sample, Selector, Series, series_of

RANDOM = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def selector(trial: Trial, name: str | None = None, **labels: str) -> Selector:
    """Return a selector for this test's series only."""
    return Selector(name, tuple(sorted({"run": trial.run, **labels}.items())))


def test_a_window_has_its_start_and_not_its_end(trial: Trial) -> None:
    """Two windows side by side must show every sample once."""
    store = trial.open()
    series = trial.series()
    store.append(every(series, MINUTE, [1.0, 2.0, 3.0, 4.0]))

    shown = store.window(series, BEGIN - 2 * MINUTE, BEGIN)

    assert shown == (
        Point(BEGIN - 2 * MINUTE, 2.0, 2.0, 2.0, 1),
        Point(BEGIN - MINUTE, 3.0, 3.0, 3.0, 1),
    )


@pytest.mark.parametrize("end", [BEGIN + SECOND, BEGIN], ids=["at-its-start", "before-it"])
@pytest.mark.parametrize("step", [None, 7 * SECOND], ids=["samples", "steps"])
def test_a_window_that_ends_where_it_starts_is_empty(
    trial: Trial, end: datetime, step: timedelta | None
) -> None:
    """A graph dragged to nothing shows nothing, on every store."""
    store = trial.open()
    store.append([Sample(trial.series(), BEGIN, 1.0), Sample(trial.series(), BEGIN + SECOND, 1.0)])

    assert store.window(trial.series(), BEGIN + SECOND, end, step) == ()


def test_a_step_has_its_first_millisecond_and_not_the_next_ones(trial: Trial) -> None:
    """Every sample is in exactly one step, to the millisecond."""
    store = trial.open()
    series = trial.series()
    millisecond = timedelta(milliseconds=1)
    edges = (BEGIN - millisecond, BEGIN, BEGIN + MINUTE - millisecond, BEGIN + MINUTE)
    store.append([Sample(series, at, float(number)) for number, at in enumerate(edges)])

    assert store.window(series, BEGIN - MINUTE, BEGIN + 2 * MINUTE, MINUTE) == (
        Point(BEGIN - MINUTE, 0.0, 0.0, 0.0, 1),
        Point(BEGIN, 1.0, 1.5, 2.0, 2),
        Point(BEGIN + MINUTE, 3.0, 3.0, 3.0, 1),
    )


def test_nothing_is_there_before_anything_was_written(trial: Trial) -> None:
    """A page about a new device shows an empty graph, not an error."""
    store = trial.open()
    series = trial.series()

    assert store.window(series, BEGIN - DAY, BEGIN) == ()
    assert store.window(series, BEGIN - DAY, BEGIN, MINUTE) == ()
    assert store.latest(selector(trial)) == {}


def test_latest_is_the_newest_sample_of_each_series(trial: Trial) -> None:
    """The wall shows what is, not what was."""
    store = trial.open()
    quick, slow = trial.series(device="a"), trial.series(device="b")
    store.append(every(quick, SECOND, [1.0, 2.0]))
    store.append(every(slow, MINUTE, [7.0, 8.0]))

    assert store.latest(selector(trial)) == {
        quick: Sample(quick, BEGIN, 2.0),
        slow: Sample(slow, BEGIN, 8.0),
    }


def test_latest_forgets_a_series_that_fell_silent(trial: Trial) -> None:
    """A value of an hour ago is no value: unknown is not the last known."""
    store = trial.open()
    series = trial.series()
    store.append([Sample(series, BEGIN - timedelta(minutes=11), 1.0)])

    assert store.latest(selector(trial)) == {}
    assert list(store.latest(selector(trial), within=HOUR)) == [series]


def test_latest_means_only_what_was_selected(trial: Trial) -> None:
    """A page of one device must not show its neighbour's numbers."""
    store = trial.open()
    wanted = trial.series("cpu_ratio", device="a", core="0")
    others = [
        trial.series("cpu_ratio", device="b", core="0"),
        trial.series("load_ratio", device="a", core="0"),
    ]
    store.append([Sample(one, BEGIN, 0.5) for one in (wanted, *others)])

    assert list(store.latest(selector(trial, "cpu_ratio", device="a"))) == [wanted]
    assert set(store.latest(selector(trial, device="a"))) == {wanted, others[1]}
    assert set(store.latest(selector(trial, "cpu_ratio"))) == {wanted, others[0]}
    assert store.latest(selector(trial, "cpu_ratio", device="c")) == {}


def test_latest_finds_the_newest_among_late_samples(trial: Trial) -> None:
    """An agent that reports yesterday must not hide what is true now."""
    store = trial.open()
    mine = [trial.series(device=device) for device in ("a", "b")]
    for back in (2, 3, 0, 1):
        store.append([Sample(one, BEGIN - back * MINUTE, float(back)) for one in mine])

    assert [store.latest(selector(trial))[one].value for one in mine] == [0.0, 0.0]


def test_late_samples_find_their_place(trial: Trial) -> None:
    """A probe agent behind a cut circuit reports when the circuit is back."""
    store = trial.open()
    series = trial.series()
    samples = every(series, HOUR, [1.0, 2.0, 3.0, 4.0])
    for index in (3, 0, 2, 1):
        store.append([samples[index]])

    assert [value for _, value in seen(store, series)] == [1.0, 2.0, 3.0, 4.0]
    assert store.refused == {}


def test_one_append_may_bring_samples_in_any_order(trial: Trial) -> None:
    """Whoever gathers from many devices need not sort."""
    store = trial.open()
    one, two = trial.series(device="a"), trial.series(device="b")
    samples = every(one, MINUTE, [1.0, 2.0, 3.0]) + every(two, MINUTE, [4.0, 5.0])
    store.append(reversed(samples))

    assert [value for _, value in seen(store, one)] == [1.0, 2.0, 3.0]
    assert [value for _, value in seen(store, two)] == [4.0, 5.0]


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        pytest.param(BEGIN, nan, Refusal.NOT_A_NUMBER, id="nan"),
        pytest.param(BEGIN, inf, Refusal.NOT_A_NUMBER, id="infinite"),
        pytest.param(BEGIN + 6 * MINUTE, 1.0, Refusal.FUTURE, id="future"),
        pytest.param(BEGIN + 3650 * DAY, 1.0, Refusal.FUTURE, id="far-future"),
        pytest.param(BEGIN - DAY - SECOND, 1.0, Refusal.TOO_OLD, id="too-old"),
        pytest.param(datetime.min.replace(tzinfo=BEGIN.tzinfo), 1.0, Refusal.TOO_OLD, id="first"),
    ],
)
def test_what_cannot_be_kept_is_counted_and_the_rest_is_kept(
    trial: Trial, at: datetime, value: float, reason: Refusal
) -> None:
    """One device with a wrong clock must not cost the samples of all others."""
    store = trial.open()
    good, bad = trial.series(device="good"), trial.series(device="bad")
    store.append(
        [Sample(good, BEGIN, 1.0), Sample(bad, at, value), Sample(good, BEGIN + SECOND, 2.0)]
    )

    assert store.refused == {reason: 1}
    assert [shown for _, shown in seen(store, good)] == [1.0, 2.0]
    assert store.window(bad, BEGIN - 2 * DAY, BEGIN + HOUR) == ()


@pytest.mark.parametrize(
    "at",
    [BEGIN - DAY, BEGIN + 5 * MINUTE],
    ids=["oldest", "earliest"],
)
def test_the_edges_of_the_time_that_is_accepted(trial: Trial, at: datetime) -> None:
    """The limits are what the contract says, to the millisecond."""
    store = trial.open()
    series = trial.series()
    store.append([Sample(series, at, 1.0)])

    assert [point.at for point in store.window(series, at, at + SECOND)] == [at]
    assert store.refused == {}


BAD_NAMES = {
    "empty": Series(""),
    "upper": Series("Memory"),
    "hyphen": Series("memory-used"),
    "begins-with-digit": Series("5m"),
    "label-word": Series("memory", (("Device", "a"),)),
    "reserved": Series("memory", (("__name__", "a"),)),
    "unsorted": Series("memory", (("site", "a"), ("device", "b"))),
    "twice": Series("memory", (("site", "a"), ("site", "b"))),
    "empty-value": Series("memory", (("site", ""),)),
    "line-break": Series("memory", (("site", "a\nb"),)),
    "zero": Series("memory", (("site", "a\0"),)),
    "surrogate": Series("memory", (("site", "\ud800"),)),
    "long": Series("memory", (("site", "ệ" * 200),)),
}


@pytest.mark.parametrize("series", BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_bad_name_is_refused(trial: Trial, series: Series) -> None:
    """Devices send anything as the name of an interface."""
    store = trial.open()
    good = trial.series()
    store.append([Sample(series, BEGIN, 1.0), Sample(good, BEGIN, 2.0)])
    store.append([Sample(series, BEGIN + SECOND, 1.0)])

    assert store.refused == {Refusal.BAD_NAME: 2}
    assert list(store.latest(selector(trial))) == [good]


@pytest.mark.parametrize(
    "text", ["Điện Bàn – tầng 2", 'say "hi"', "C:\\Users\\n", "{a=~'b'}", "a,b=c", " "]
)
def test_a_label_may_be_any_printable_text(trial: Trial, text: str) -> None:
    """Interface aliases are typed by people, in Vietnamese and with quotes."""
    store = trial.open()
    series = trial.series(alias=text)
    store.append([Sample(series, BEGIN, 1.0)])

    assert store.latest(selector(trial, alias=text)) == {series: Sample(series, BEGIN, 1.0)}
    assert len(store.window(series, BEGIN, BEGIN + SECOND)) == 1


def test_the_first_of_two_samples_of_a_moment_stays(trial: Trial) -> None:
    """A report that is sent twice counts once, and cannot rewrite what was told."""
    store = trial.open()
    series = trial.series()
    store.append(every(series, MINUTE, [1.0, 2.0, 3.0]))
    store.append(every(series, MINUTE, [1.0, 2.0, 3.0]))
    store.append([Sample(series, BEGIN - MINUTE, 9.0)])

    assert [value for _, value in seen(store, series)] == [1.0, 2.0, 3.0]
    assert store.refused == {Refusal.DUPLICATE: 4}


def test_two_samples_of_a_moment_in_one_append_are_one(trial: Trial) -> None:
    """Two loops that poll the same device by mistake must not double its numbers."""
    store = trial.open()
    series = trial.series()
    half = timedelta(microseconds=500)
    store.append(
        [
            Sample(series, BEGIN + SECOND, 1.0),
            Sample(series, BEGIN, 2.0),
            Sample(series, BEGIN + half, 3.0),
            Sample(series, BEGIN + SECOND, 4.0),
        ]
    )

    assert seen(store, series) == [(BEGIN, 2.0), (BEGIN + SECOND, 1.0)]
    assert store.refused == {Refusal.DUPLICATE: 2}


@pytest.mark.parametrize(
    "value",
    [0.0, -1.5, 2.0**53, -(2.0**53) + 1, 2.0**64, 1.7976931348623157e308, 5e-324, 0.1, 1 / 3],
)
def test_values_come_back_as_they_were(trial: Trial, value: float) -> None:
    """A counter of 64 bits and a loss of a millionth are both numbers to keep."""
    store = trial.open()
    series = trial.series()
    store.append(every(series, SECOND, [value, 1.0, value]))
    settle(store, BEGIN + 3 * HOUR)

    assert [shown for _, shown in seen(store, series)] == [value, 1.0, value]


def test_what_was_kept_is_there_after_a_restart(trial: Trial) -> None:
    """A restart of the product is no gap in a graph."""
    store = trial.open()
    series, other = trial.series(device="a"), trial.series(device="b")
    store.append(every(series, MINUTE, [1.0, 2.0]))
    store.close()
    again = trial.open()
    again.append([Sample(other, BEGIN, 5.0), Sample(series, BEGIN + SECOND, 3.0)])
    again.append([Sample(series, BEGIN - MINUTE, 9.0)])

    assert [value for _, value in seen(again, series)] == [1.0, 2.0, 3.0]
    assert [value for _, value in seen(again, other)] == [5.0]


def test_others_read_while_one_writes(trial: Trial) -> None:
    """The pages are other processes than the collector."""
    writer, reader = trial.open(), trial.open()
    first, second = trial.series(device="a"), trial.series(device="b")
    writer.append([Sample(first, BEGIN, 1.0)])
    before = reader.latest(selector(trial))
    writer.append([Sample(second, BEGIN, 2.0)])

    assert set(before) == {first}
    assert set(reader.latest(selector(trial))) == {first, second}


def test_an_append_of_nothing_is_nothing(trial: Trial) -> None:
    """A round in which no device answered is no error."""
    store = trial.open()
    store.append([])

    assert (store.backlog, store.refused) == (0, {})


def test_threads_may_share_a_store(trial: Trial) -> None:
    """Listeners and pollers of one process write into the same samples."""
    store = trial.open()
    mine = [trial.series(device=f"d{number}") for number in range(8)]

    def write(series: Series) -> int:
        for sample in every(series, SECOND, [1.0, 2.0, 3.0]):
            store.append([sample])
        return len(seen(store, series))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, mine)) == [3] * 8
    assert store.backlog == 0


def test_threads_that_tell_the_same_tell_it_once(trial: Trial) -> None:
    """Two paths may lead to one device; what both of them read is one sample."""
    store = trial.open()
    series = trial.series()
    samples = every(series, SECOND, [float(number) for number in range(20)])

    def write(_: int) -> None:
        for sample in samples:
            store.append([sample])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    assert [value for _, value in seen(store, series)] == [float(number) for number in range(20)]
    assert store.refused == {Refusal.DUPLICATE: 60}


@pytest.mark.parametrize("step", [None, MINUTE], ids=["samples", "steps"])
def test_a_series_is_not_its_namesake_with_more_labels(
    trial: Trial, step: timedelta | None
) -> None:
    """A device's memory is not the memory of one of its cards."""
    store = trial.open()
    whole = trial.series(device="a")
    parts = [trial.series(device="a", card="1"), trial.series(device="a", statistic="max")]
    store.append([Sample(whole, BEGIN, 1.0), *(Sample(one, BEGIN, 9.0) for one in parts)])

    assert [point.value for point in store.window(whole, BEGIN, BEGIN + MINUTE, step)] == [1.0]
    for one in parts:
        assert [point.value for point in store.window(one, BEGIN, BEGIN + MINUTE, step)] == [9.0]


def test_upkeep_changes_nothing_that_is_shown(trial: Trial) -> None:
    """Whether an hour is packed must be nobody's concern."""
    store = trial.open()
    series = trial.series()
    samples = every(series, MINUTE, [float(number % 7) for number in range(200)])
    store.append(samples)
    windows = [(None, samples[0].at), (10 * MINUTE, samples[0].at), (HOUR, BEGIN - 4 * HOUR)]
    before = [store.window(series, start, BEGIN + MINUTE, step) for step, start in windows]
    settle(store, BEGIN + 3 * HOUR)

    assert [store.window(series, start, BEGIN + MINUTE, step) for step, start in windows] == before
    assert len(before[0]) == 200


def test_a_late_sample_joins_its_hour_after_upkeep(trial: Trial) -> None:
    """A closed hour opens again, rollups and all, when an agent reports late."""
    store = trial.open()
    series = trial.series()
    hour = BEGIN - 3 * HOUR
    store.append([Sample(series, hour, 1.0), Sample(series, hour + 2 * MINUTE, 3.0)])
    settle(store, BEGIN)
    store.append([Sample(series, hour + MINUTE, 8.0)])
    expected = (Point(hour, 1.0, 4.0, 8.0, 3),)
    early = store.window(series, hour, hour + HOUR, HOUR)
    settle(store, BEGIN)
    store.append([Sample(series, hour + MINUTE, 9.0)])

    assert early == expected
    assert store.window(series, hour, hour + HOUR, HOUR) == expected
    assert store.window(series, hour, hour + HOUR, 5 * MINUTE) == expected
    assert [value for _, value in seen(store, series)] == [1.0, 8.0, 3.0]
    assert store.refused == {Refusal.DUPLICATE: 1}


@pytest.mark.parametrize("step", [timedelta(0), timedelta(milliseconds=1500), -MINUTE])
def test_a_step_is_whole_seconds(trial: Trial, step: timedelta) -> None:
    """A step that cannot be is a mistake of the caller, on every store the same."""
    store = trial.open()
    store.append([Sample(trial.series(), BEGIN, 1.0)])

    with pytest.raises(ValueError, match="step"):
        store.window(trial.series(), BEGIN, BEGIN + HOUR, step)


@dataclass(frozen=True, slots=True)
class Look:
    """A window to compare: offsets in seconds from BEGIN, its step, upkeep before it or not."""

    start: int
    length: int
    step: int
    settled: bool


looks = st.builds(
    Look,
    start=st.integers(min_value=-20_000, max_value=0),
    length=st.integers(min_value=0, max_value=30_000),
    step=st.sampled_from([1, 7, 60, 300, 900, 3600, 7200]),
    settled=st.booleans(),
)
offsets = st.lists(
    st.tuples(
        st.integers(min_value=-18_000_000, max_value=0),
        st.floats(min_value=-1e6, max_value=1e6, allow_nan=False),
    ),
    max_size=40,
    unique_by=lambda one: one[0],
)
_example = count()


@given(told=offsets, look=looks)
@RANDOM
def test_steps_are_what_a_plain_sum_says(
    trial: Trial, told: list[tuple[int, float]], look: Look
) -> None:
    """Whatever was sampled and sealed, a graph's least, mean and greatest are right."""
    store = trial.opened[0] if trial.opened else trial.open()
    series = trial.series(example=str(next(_example)))
    samples = [Sample(series, BEGIN + timedelta(milliseconds=at), value) for at, value in told]
    store.append(samples)
    if look.settled:
        settle(store, BEGIN + 2 * HOUR)
    start = BEGIN + timedelta(seconds=look.start)
    end = start + timedelta(seconds=look.length)

    shown = store.window(series, start, end, timedelta(seconds=look.step))

    expected = plain_sum(samples, start, end, look.step)
    assert [point.at for point in shown] == [point.at for point in expected]
    for one, other in zip(shown, expected, strict=True):
        assert (one.minimum, one.maximum, one.samples) == (
            other.minimum,
            other.maximum,
            other.samples,
        )
        assert one.mean == pytest.approx(other.mean, rel=1e-9, abs=1e-6)


def plain_sum(samples: list[Sample], start: datetime, end: datetime, step: int) -> list[Point]:
    """Return the steps of a window, worked out one after the other."""
    found: list[Point] = []
    if start >= end:
        return found
    width = timedelta(seconds=step)
    at = start - (start - datetime(1970, 1, 1, tzinfo=start.tzinfo)) % width
    while at < end:
        held = [sample.value for sample in samples if at <= sample.at < at + width]
        if held:
            found.append(Point(at, min(held), sum(held) / len(held), max(held), len(held)))
        at += width
    return found


def test_labels_that_are_none_are_left_out() -> None:
    """A device without a site has no empty site."""
    series = series_of("memory_used_bytes", site=None, device="a")

    assert series == Series("memory_used_bytes", (("device", "a"),))
    assert (series.label("device"), series.label("site")) == ("a", None)
