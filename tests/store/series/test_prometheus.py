# SPDX-License-Identifier: MIT
"""What only a Prometheus has: it goes away, refuses, and answers strangely."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.series.between import Asked, Reply, between
from tests.store.series.server import Server
from tests.store.series.trial import (
    BEGIN,
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Now,
    Trial,
    every,
    seen,
    settle,
    store_at,
    trial_on,
)
from tinhnet.store.series.errors import SeriesUnreachableError
from tinhnet.store.series.sample import Refusal, Sample, select, series_of
from tinhnet.store.series.spool import PER_PARCEL

WAIT_S = 90
ACCEPTED = (204, b"")


def test_samples_wait_on_the_disk_while_the_server_is_away(
    own_server: Server, tmp_path: Path, run: str
) -> None:
    """The evening the NOC restarts Prometheus is no gap in anybody's graph."""
    trial = trial_on(own_server, tmp_path / "series", run)
    series = trial.series()
    samples = every(series, SECOND, [1.0, 2.0, 3.0, 4.0])
    store = trial.open()
    store.append(samples[:1])
    own_server.stop()
    store.append(samples[1:2])
    store.append(samples[2:3])
    waiting = store.backlog
    with pytest.raises(SeriesUnreachableError, match="does not answer"):
        store.window(series, BEGIN - DAY, BEGIN)
    store.close()
    again = trial.open()
    still_waiting = again.backlog
    own_server.start()
    settle(again, BEGIN)
    again.append(samples[3:])

    assert (waiting, still_waiting, again.backlog) == (2, 2, 0)
    assert [value for _, value in seen(again, series)] == [1.0, 2.0, 3.0, 4.0]
    assert again.refused == {}
    trial.close()


def test_a_server_that_is_away_is_asked_again_after_a_while_only(tmp_path: Path) -> None:
    """A collector that waits for a dead server at every append would be late for everything."""
    answers: list[Reply] = [(503, b"starting")]
    with between(lambda asked: answers[0] if "write" in asked.path else matrix([])) as server:
        now = Now()
        store = store_at(server.url, tmp_path, now)
        series = series_of("memory_used_bytes")
        for number in range(3):
            store.append([Sample(series, BEGIN + number * SECOND, 1.0)])
        first = server.writes()
        now.at = BEGIN + 11 * SECOND
        store.append([Sample(series, now.at, 1.0)])
        second = server.writes()
        answers[0] = ACCEPTED
        done = store.maintain(now.at)
        store.close()

    assert (first, second) == (1, 2)
    assert (done.delivered, store.backlog, done.more) == (4, 0, False)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502])
def test_nothing_is_lost_to_an_answer_that_is_no_refusal(tmp_path: Path, status: int) -> None:
    """A wrong password or a busy proxy says nothing about the samples."""
    answers: list[Reply] = [(status, b"no")]
    with between(lambda asked: answers[0] if "write" in asked.path else matrix([])) as server:
        store = store_at(server.url, tmp_path, Now())
        store.append(every(series_of("memory_used_bytes"), SECOND, [1.0, 2.0]))
        waiting = store.backlog
        answers[0] = ACCEPTED
        settle(store, BEGIN)
        store.close()

    assert (waiting, store.backlog, dict(store.refused)) == (2, 0, {})


def test_one_sample_the_server_refuses_costs_no_other(own_server: Server, tmp_path: Path) -> None:
    """Prometheus 2.42 drops the whole request for one sample out of order."""
    mine = [series_of("memory_used_bytes", device=f"d{number}") for number in range(40)]
    other = store_at(own_server.url, tmp_path / "other", Now())
    other.append([Sample(mine[7], BEGIN, 1.0)])
    store = store_at(own_server.url, tmp_path / "series", Now())
    store.append([Sample(one, BEGIN - MINUTE, 2.0) for one in mine])
    shown = store.latest(select("memory_used_bytes"))

    assert {one for one, sample in shown.items() if sample.value == 2.0} == {
        one for one in mine if one != mine[7]
    }
    assert (store.backlog, dict(store.refused)) == (0, {Refusal.SERVER: 1})
    other.close()
    store.close()


def test_samples_too_old_for_the_server_are_counted_as_such(
    own_server: Server, tmp_path: Path
) -> None:
    """Without an out-of-order window Prometheus takes an hour; the rest of a late report stays."""
    store = store_at(own_server.url, tmp_path / "series", Now())
    store.append([Sample(series_of("cpu_ratio"), BEGIN, 1.0)])
    late = series_of("probe_loss_ratio")
    store.append([Sample(late, BEGIN - 30 * MINUTE * one, 0.0) for one in range(10, 0, -1)])

    assert len(store.window(late, BEGIN - DAY, BEGIN)) == 2
    assert (store.backlog, dict(store.refused)) == (0, {Refusal.TOO_OLD: 8})
    store.close()


@pytest.mark.parametrize("restarted", [True, False], ids=["restarted", "going-on"])
def test_an_answer_that_got_lost_doubles_nothing(
    server: Server, tmp_path: Path, run: str, *, restarted: bool
) -> None:
    """What arrived without our knowing is neither sent again nor counted as refused."""
    lost: list[Asked] = []

    def answer(asked: Asked) -> Reply | None:
        reply = asked.passed_on(server.port)
        if "write" in asked.path and not lost:
            lost.append(asked)
            return None
        return reply

    with between(answer) as middle:
        store = store_at(middle.url, tmp_path / "series", Now())
        series = series_of("memory_used_bytes", run=run)
        store.append(every(series, SECOND, [1.0]))
        waiting = store.backlog
        again = store
        if restarted:
            store.close()
            again = store_at(middle.url, tmp_path / "series", Now())
        settle(again, BEGIN)
        again.close()

    assert (waiting, again.backlog, middle.writes()) == (1, 0, 1)
    assert dict(again.refused) == {}
    assert seen(store_at(server.url, tmp_path / "reader", Now()), series) == [(BEGIN, 1.0)]


@pytest.mark.parametrize(
    ("stored", "refused"),
    [
        pytest.param("1", {}, id="it-is-there"),
        pytest.param("2", {Refusal.DUPLICATE: 1}, id="another-is-there"),
        pytest.param(None, {Refusal.SERVER: 1}, id="nothing-is-there"),
    ],
)
def test_a_refused_sample_is_looked_up(
    tmp_path: Path, stored: str | None, refused: dict[Refusal, int]
) -> None:
    """Another writer may have been quicker with the same number."""
    held: list[dict[str, object]] = []

    def answer(asked: Asked) -> Reply:
        if "write" not in asked.path:
            return matrix(held)
        held.extend([line("cpu_ratio", [[BEGIN.timestamp(), stored]])] if stored else [])
        return 400, b"no"

    with between(answer) as server:
        store = store_at(server.url, tmp_path, Now())
        store.append([Sample(series_of("cpu_ratio"), BEGIN, 1.0)])
        store.close()

    assert (store.backlog, dict(store.refused)) == (0, refused)


def test_many_series_of_a_moment_are_one_question(tmp_path: Path) -> None:
    """The first minutes after a start must not ask for each of 20,000 series."""
    with between(lambda asked: ACCEPTED if "write" in asked.path else matrix([])) as server:
        store = store_at(server.url, tmp_path, Now())
        store.append([Sample(series_of("cpu_ratio", n=str(one)), BEGIN, 1.0) for one in range(40)])
        store.close()

    assert len(server.asked) - server.writes() == 2


def test_a_torn_answer_is_not_believed(tmp_path: Path) -> None:
    """While Prometheus 2.42 moves its head to a block, it leaves samples out without a word."""
    whole = [[(BEGIN + number * SECOND).timestamp(), "1"] for number in range(4)]
    told = [whole[:1], whole[:3], whole, whole]
    rest = iter(told)
    with between(lambda _: matrix([line("cpu_ratio", next(rest))])) as server:
        store = store_at(server.url, tmp_path, Now())
        points = store.window(series_of("cpu_ratio"), BEGIN, BEGIN + MINUTE)

    assert len(points) == 4
    assert len(server.asked) == 4


def test_answers_that_never_agree_end(tmp_path: Path) -> None:
    """Somebody else may be writing all the time; a page is still due."""
    number = iter(range(100))
    with between(
        lambda _: matrix([line("cpu_ratio", [[BEGIN.timestamp(), str(next(number))]])])
    ) as server:
        points = store_at(server.url, tmp_path, Now()).window(
            series_of("cpu_ratio"), BEGIN, BEGIN + MINUTE
        )

    assert [point.value for point in points] == [5.0]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        pytest.param((404, b"not here"), "says 404: not here", id="not-found"),
        pytest.param((401, b""), "says 401", id="login"),
        pytest.param((200, b"<html>"), "no Prometheus", id="page"),
        pytest.param((200, b'{"status": "success"}'), "no Prometheus", id="other-json"),
        pytest.param(None, "does not answer", id="hangs-up"),
    ],
)
def test_a_server_that_is_no_prometheus_is_told(
    tmp_path: Path, reply: Reply | None, said: str
) -> None:
    """A typing mistake in a URL must not look like an empty graph."""
    with (
        between(lambda _: reply) as server,
        pytest.raises(SeriesUnreachableError, match=said),
    ):
        store_at(server.url, tmp_path, Now()).latest(select("cpu_ratio"))


def test_much_goes_in_several_requests(prometheus: Trial) -> None:
    """A minute of a province is more than a server takes at once."""
    store = prometheus.open()
    mine = [prometheus.series(number=str(number)) for number in range(PER_PARCEL + 500)]
    store.append([Sample(one, BEGIN, float(number)) for number, one in enumerate(mine)])
    shown = store.latest(select(run=prometheus.run))

    assert [shown[one].value for one in mine] == [float(number) for number in range(len(mine))]
    assert store.backlog == 0


def test_a_late_report_of_many_series_is_kept_once(prometheus: Trial) -> None:
    """A site that was cut off for hours tells all of it, and after a lost answer again."""
    mine = [prometheus.series(number=str(number)) for number in range(40)]
    report = [Sample(one, BEGIN - hour * HOUR, float(hour)) for one in mine for hour in (3, 2)]
    for _ in range(2):
        store = prometheus.open()
        store.append([Sample(mine[0], BEGIN, 0.0)])
        store.append(report)
        store.close()

    assert {len(seen(store, one)) for one in mine} == {2, 3}
    assert store.refused == {Refusal.DUPLICATE: 80}


def test_a_request_that_is_too_large_goes_in_halves(tmp_path: Path) -> None:
    """Proxies have limits of their own."""
    taken: list[int] = []

    def answer(asked: Asked) -> Reply:
        if "write" not in asked.path:
            return matrix([])
        if len(asked.body) > 400:
            return 413, b"too large"
        taken.append(len(asked.body))
        return ACCEPTED

    with between(answer) as server:
        store = store_at(server.url, tmp_path, Now())
        store.append(every(series_of("memory_used_bytes"), SECOND, [1.0] * 30))
        store.close()

    assert store.backlog == 0
    assert len(taken) > 2


def test_a_damaged_parcel_is_set_aside(server: Server, tmp_path: Path, run: str) -> None:
    """One bad sector must not hold up what comes after it for ever."""
    series = series_of("memory_used_bytes", run=run)
    with between(lambda _: (503, b"")) as busy:
        away = store_at(busy.url, tmp_path / "series", Now())
        for sample in every(series, SECOND, [1.0, 2.0, 3.0]):
            away.append([sample])
        away.close()
    spool = tmp_path / "series" / "spool.db"
    with closing(sqlite3.connect(spool)) as connection, connection:
        (packed,) = connection.execute("SELECT packed FROM waiting WHERE id = 2").fetchone()
        wrong = packed[:-1] + bytes([packed[-1] ^ 1])
        connection.execute("UPDATE waiting SET packed = ? WHERE id = 2", (wrong,))
    store = store_at(server.url, tmp_path / "series", Now())
    settle(store, BEGIN)

    assert [value for _, value in seen(store, series)] == [1.0, 3.0]
    assert store.backlog == 0
    with closing(sqlite3.connect(spool)) as connection:
        assert connection.execute("SELECT count(*) FROM damaged").fetchone() == (1,)
    store.close()


def test_a_server_whose_ranges_leave_out_their_start(tmp_path: Path) -> None:
    """Prometheus 3 and VictoriaMetrics reach a millisecond less far back than 2.42."""
    asked: list[str] = []

    def answer(request: Asked) -> Reply:
        asked.append(request.body.decode())
        counted = "vector" in asked[-1]
        return matrix([{"metric": {}, "values": [[10, "2"]]}] if counted else [])

    with between(answer) as server:
        store = store_at(server.url, tmp_path, Now())
        store.window(series_of("cpu_ratio"), BEGIN, BEGIN + HOUR, MINUTE)

    assert "60000ms" in asked[-1]
    assert "59999ms" not in asked[-1]


def test_long_windows_are_asked_for_in_pieces(prometheus: Trial) -> None:
    """Prometheus answers at most 11,000 points a series."""
    store = prometheus.open()
    series = prometheus.series()
    store.append(every(series, 2 * HOUR, [1.0, 2.0, 3.0, 4.0]))

    points = store.window(series, BEGIN - 7 * HOUR, BEGIN + MINUTE, SECOND)

    assert [point.value for point in points] == [1.0, 2.0, 3.0, 4.0]


def test_nothing_is_torn_while_prometheus_moves_its_head(
    own_server: Server, tmp_path: Path
) -> None:
    """Every reading is whole, before, while and after a block is made of the head."""
    now = Now(BEGIN)
    store = store_at(own_server.url, tmp_path / "series", now)
    mine = [series_of("memory_used_bytes", device=f"d{number}") for number in range(20)]
    minutes = 7 * 60
    for first in range(0, minutes, 60):
        now.at = BEGIN + (first + 60) * MINUTE
        store.append(
            Sample(one, BEGIN + minute * MINUTE, float(minute))
            for minute in range(first, first + 60)
            for one in mine
        )
    expected = [float(minute) for minute in range(minutes)]
    until(
        lambda: len(own_server.blocks()) > 1,
        lambda: [
            [point.value for point in store.window(one, BEGIN, now.at)] == expected for one in mine
        ],
    )

    for one in mine:
        assert [point.value for point in store.window(one, BEGIN, now.at)] == expected
    assert dict(store.refused) == {}
    store.close()


def test_upkeep_is_the_servers_own_business(prometheus: Trial) -> None:
    """Whoever calls `maintain` until nothing is left to do must come to an end."""
    store = prometheus.open()
    store.append(every(prometheus.series(), SECOND, [1.0]))

    assert store.maintain(BEGIN + DAY).more is False


def until(is_done: Callable[[], bool], looks: Callable[[], list[bool]]) -> None:
    """Look again and again until something has happened; every look must be right."""
    end = time.monotonic() + WAIT_S
    while not is_done():
        assert all(looks())
        assert time.monotonic() < end, "it never happens"


def line(name: str, values: list[list[object]]) -> dict[str, object]:
    """Return a line of an answer."""
    return {"metric": {"__name__": name}, "values": values}


def matrix(lines: list[dict[str, object]]) -> Reply:
    """Return an answer of Prometheus."""
    body = {"status": "success", "data": {"resultType": "matrix", "result": lines}}
    return 200, json.dumps(body).encode()
