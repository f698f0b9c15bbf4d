# SPDX-License-Identifier: MIT
"""What only files have: a lock, a format, upkeep, and disks that fail."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

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
)
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.errors import (
    SeriesBusyError,
    SeriesDamagedError,
    SeriesFullError,
    SeriesReadOnlyError,
    SeriesVersionError,
)
from tinhnet.store.series.files import FileSeries
from tinhnet.store.series.sample import Sample, Series, select, series_of
from tinhnet.store.series.table import COARSE, FINE, FOLDED, FRESH, RAW
from tinhnet.store.series.upkeep import GROUPS_PER_CALL

FIVE = 5 * MINUTE


def file_of(trial: Trial) -> Path:
    """Return the file of a trial."""
    return Path(trial.opened[0].where)


def count(trial: Trial, tier: int) -> int:
    """Count the chunks of a tier."""
    with closing(sqlite3.connect(file_of(trial))) as connection:
        found = connection.execute("SELECT count(*) FROM chunk WHERE tier = ?", (tier,)).fetchone()
    return int(found[0])


def damage(trial: Trial, tier: int, order: str = "ASC") -> int:
    """Change a byte in the first chunk of a tier, as a dying disk does; return its id."""
    with closing(sqlite3.connect(file_of(trial))) as connection, connection:
        number, packed = connection.execute(
            f"SELECT id, packed FROM chunk WHERE tier = ? ORDER BY id {order} LIMIT 1",  # noqa: S608
            (tier,),
        ).fetchone()
        wrong = packed[:-1] + bytes([packed[-1] ^ 1])
        connection.execute("UPDATE chunk SET packed = ? WHERE id = ?", (wrong, number))
    return int(number)


def hours(series: Series, number: int) -> list[Sample]:
    """Return a sample every ten minutes for whole hours before BEGIN."""
    first = BEGIN - number * HOUR
    return [Sample(series, first + 10 * MINUTE * one, float(one)) for one in range(6 * number)]


def test_one_process_writes(files: Trial) -> None:
    """Two writers would not see each other's duplicates; the second is told, and may read."""
    one, two = files.open(), files.open()
    series = files.series()
    one.append([Sample(series, BEGIN, 1.0)])

    with pytest.raises(SeriesBusyError, match="another process writes"):
        two.append([Sample(series, BEGIN, 2.0)])
    assert seen(two, series) == [(BEGIN, 1.0)]
    one.close()
    two.append([Sample(series, BEGIN + SECOND, 2.0)])
    assert len(seen(two, series)) == 2


def test_reading_creates_nothing(files: Trial) -> None:
    """A page that looks must not make files that the collector then cannot write."""
    store = files.open()
    store.latest(select())

    assert not file_of(files).parent.exists()


def test_the_file_is_its_owners(files: Trial) -> None:
    """Who was where is visible in traffic; other users of the machine need not see it."""
    store = files.open()
    store.append([Sample(files.series(), BEGIN, 1.0)])

    assert file_of(files).stat().st_mode & 0o777 == 0o600


def test_a_file_of_a_newer_product_is_refused(files: Trial) -> None:
    """After a downgrade nothing is guessed and nothing is overwritten."""
    store = files.open()
    store.append([Sample(files.series(), BEGIN, 1.0)])
    store.close()
    with closing(sqlite3.connect(file_of(files))) as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(SeriesVersionError, match="format 99"):
        files.open().append([Sample(files.series(), BEGIN + SECOND, 1.0)])


def test_a_file_of_something_else_is_told(files: Trial) -> None:
    """A file that is no database is an error with a name, not an empty graph."""
    store = files.open()
    file_of(files).parent.mkdir()
    file_of(files).write_bytes(b"no database at all, and long enough to look like one" * 100)

    with pytest.raises(SeriesDamagedError, match="holds no samples"):
        store.latest(select())


def test_a_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A wrong setting says which path it means."""
    (tmp_path / "file").touch()
    store = FileSeries(tmp_path / "file", Now())

    with pytest.raises(SeriesReadOnlyError, match="cannot be opened"):
        store.append([Sample(series_of("a"), BEGIN, 1.0)])


def test_groups_fill_up_and_new_ones_begin(files: Trial) -> None:
    """Series of both kinds, told of in turns, each keep their own numbers, after a restart too."""
    store = files.open()
    mine = [
        files.series(name, number=str(number))
        for number in range(150)
        for name in ("memory_used_bytes", "probe_loss_ratio")
    ]
    store.append([Sample(one, BEGIN, float(index)) for index, one in enumerate(mine[:170])])
    store.close()
    again = files.open()
    again.append(
        [Sample(one, BEGIN, float(index)) for index, one in enumerate(mine) if index >= 170]
    )

    shown = again.latest(select())

    assert [shown[one].value for one in mine] == [float(index) for index in range(300)]


def test_many_small_chunks_become_one(files: Trial) -> None:
    """A probe a second must not make its last hour slow to read."""
    store = files.open()
    series = files.series("probe_loss_ratio")
    for sample in every(series, SECOND, [float(one) for one in range(100)]):
        store.append([sample])
    before = seen(store, series)
    settle(store, BEGIN)

    assert (count(files, FRESH), count(files, FOLDED)) == (0, 1)
    assert seen(store, series) == before
    assert len(before) == 100


def test_closed_hours_become_blobs_and_the_open_one_stays(files: Trial) -> None:
    """Only an hour that is over is packed; what follows it goes on being quick to write."""
    store = files.open()
    series = files.series()
    store.append(hours(series, 2))
    store.append([Sample(series, BEGIN + MINUTE, 1.0)])
    settle(store, BEGIN + 4 * MINUTE)
    still_open = (count(files, RAW), len(seen(store, series, 3 * HOUR)))
    settle(store, BEGIN + 6 * MINUTE)

    assert still_open == (1, 12)
    assert (count(files, RAW), count(files, FRESH) + count(files, FOLDED)) == (2, 1)
    assert len(store.window(series, BEGIN - DAY, BEGIN + HOUR)) == 13


def test_rollups_of_hours_are_joined(files: Trial) -> None:
    """A year in one graph must not be thousands of blobs."""
    store = files.open()
    series = files.series()
    files.now.at = BEGIN - 10 * DAY
    for day in range(10, 0, -1):
        files.now.at = BEGIN - day * DAY
        first = files.now.at - DAY
        store.append([Sample(series, first + one * HOUR, float(one)) for one in range(24)])
        settle(store, files.now.at + HOUR)
    window = (series, BEGIN - 12 * DAY, BEGIN)
    before = [store.window(*window, step) for step in (FIVE, HOUR, DAY)]
    settle(store, BEGIN + 9 * DAY)

    assert [store.window(*window, step) for step in (FIVE, HOUR, DAY)] == before
    assert sum(point.samples for point in before[2]) == 240
    assert count(files, FINE) <= 12
    assert count(files, COARSE) <= 3


def test_upkeep_in_pieces_leaves_nothing_behind(files: Trial) -> None:
    """A province is more than one call does; what was left for the next must not be forgotten."""
    store = files.open()
    groups = GROUPS_PER_CALL + 4
    mine = [files.series("probe_loss_ratio", number=str(one)) for one in range(8 * groups)]
    for hour in (7, 6, 5):
        store.append([Sample(one, BEGIN - hour * HOUR, 1.0) for one in mine])
    calls = 1
    while store.maintain(BEGIN + 4 * DAY).more:
        calls += 1

    assert calls > 1
    assert (count(files, FRESH), count(files, RAW)) == (0, 0)
    assert (count(files, FINE), count(files, COARSE)) == (groups, groups)


@pytest.mark.parametrize(
    ("name", "raw_days"), [("probe_latency_s", 3), ("memory_used_bytes", 35)], ids=["probe", "poll"]
)
def test_what_is_too_old_goes_tier_by_tier(files: Trial, name: str, raw_days: int) -> None:
    """Samples go first, then rollups of five minutes; hours stay for five years."""
    store = files.open()
    series = files.series(name)
    hour = BEGIN - HOUR
    store.append([Sample(series, hour + one * SECOND, float(one)) for one in range(0, 3600, 100)])
    settle(store, BEGIN + HOUR)
    steps = (None, MINUTE, FIVE, HOUR)

    def left(days: int) -> list[int]:
        settle(store, BEGIN + timedelta(days=days, hours=1))
        return [len(store.window(series, hour, BEGIN, step)) for step in steps]

    assert left(raw_days - 1) == [36, 36, 12, 1]
    assert left(raw_days + 1) == [0, 12, 12, 1]
    assert left(399) == [0, 12, 12, 1]
    assert left(401) == [0, 1, 1, 1]
    assert left(1829) == [0, 1, 1, 1]
    assert left(1831) == [0, 0, 0, 0]


def test_a_graph_across_tiers_counts_every_sample_once(files: Trial) -> None:
    """Where samples end and rollups begin, no step may be doubled or missing."""
    store = files.open()
    series = files.series("probe_latency_s")
    for day in (6, 5, 4, 3, 2, 1):
        files.now.at = BEGIN - day * DAY
        store.append(
            [Sample(series, files.now.at - 10 * MINUTE * one, 1.0) for one in range(1, 144)]
        )
        settle(store, files.now.at + HOUR)
    settle(store, BEGIN)
    raw = store.window(series, BEGIN - 9 * DAY, BEGIN)

    for step in (MINUTE, FIVE, HOUR, DAY):
        shown = store.window(series, BEGIN - 9 * DAY, BEGIN, step)
        assert sum(point.samples for point in shown) == 6 * 143
    assert 0 < len(raw) < 6 * 143


def test_a_damaged_blob_is_told_and_costs_nothing_else(files: Trial) -> None:
    """One bad sector must not take a year of graphs, nor stop the collector."""
    store = files.open()
    series = files.series()
    store.append(hours(series, 3))
    settle(store, BEGIN + HOUR)
    number = damage(files, RAW)
    first = BEGIN - 3 * HOUR

    with pytest.raises(SeriesDamagedError, match=f"chunk {number}, 2026-01-05T05:00"):
        store.window(series, first, BEGIN)
    assert len(store.window(series, first + HOUR, BEGIN)) == 12
    store.append([Sample(series, BEGIN, 1.0)])
    assert store.maintain(BEGIN + HOUR).damaged == 1
    assert len(store.window(series, first, BEGIN)) == 12
    assert len(store.window(series, first, BEGIN, HOUR)) == 3
    assert store.maintain(BEGIN + HOUR).damaged == 0


@pytest.mark.parametrize("tier", [FRESH, FINE, COARSE])
def test_upkeep_sets_damage_aside_and_goes_on(files: Trial, tier: int) -> None:
    """Damage that upkeep itself meets is kept for a person to see, and the rest is done."""
    store = files.open()
    series, other = files.series(), files.series("probe_loss_ratio")
    store.append(hours(other, 20))
    if tier != FRESH:
        settle(store, BEGIN)
    else:
        store.append([Sample(series, BEGIN - 3 * HOUR, 1.0)])
    damage(files, tier)
    done = store.maintain(BEGIN + 10 * DAY)

    assert done.damaged == 1
    with closing(sqlite3.connect(file_of(files))) as connection:
        assert connection.execute("SELECT count(*) FROM damaged").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    settle(store, BEGIN + 10 * DAY)
    assert count(files, FRESH) == 0


def test_upkeep_looks_at_every_chunk_in_turn(files: Trial) -> None:
    """Damage is found while the backup that has the chunk whole is still there."""
    store = files.open()
    mine = [files.series("probe_loss_ratio", number=str(one)) for one in range(32)]
    for second in range(80):
        store.append([Sample(one, BEGIN + second * SECOND, 1.0) for one in mine])
    damage(files, FRESH, "DESC")
    found = [store.maintain(BEGIN).damaged for _ in range(3)]
    damage(files, FRESH)

    assert sorted(found) == [0, 0, 1]
    assert sum(store.maintain(BEGIN).damaged for _ in range(3)) == 1


def test_a_late_sample_for_a_damaged_hour_is_kept(files: Trial) -> None:
    """The collector must not stumble over damage that upkeep has not met yet."""
    store = files.open()
    series = files.series()
    store.append(hours(series, 1))
    settle(store, BEGIN + HOUR)
    damage(files, RAW)
    store.append([Sample(series, BEGIN - HOUR, 5.0)])
    settle(store, BEGIN + HOUR)

    assert seen(store, series) == [(BEGIN - HOUR, 5.0)]


def test_a_torn_tail_costs_only_what_was_not_finished(files: Trial, tmp_path: Path) -> None:
    """A power cut in the middle of a write leaves the write before it."""
    store = files.open()
    series = files.series()
    for sample in every(series, SECOND, [1.0, 2.0, 3.0]):
        store.append([sample])
    torn = tmp_path / "torn"
    shutil.copytree(file_of(files).parent, torn)
    log = torn / "series.db-wal"
    os.truncate(log, log.stat().st_size - 1000)
    again = FileSeries(torn, files.now)
    shown = [value for _, value in seen(again, series)]
    again.append([Sample(series, BEGIN, 4.0)])

    assert shown == [1.0, 2.0]
    assert [value for _, value in seen(again, series)] == [1.0, 2.0, 4.0]
    again.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a directory on a disk of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("a disk of its own needs root")
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(store: SeriesStore, mine: list[Series]) -> int:
    """Append a sample of each series, second by second, until there is no room; count rounds."""
    for number in range(10_000):
        try:
            store.append([Sample(one, BEGIN + number * MINUTE / 60, 1.0) for one in mine])
        except SeriesFullError:
            return number
    raise AssertionError("the disk never fills")


def test_a_full_disk_is_told_and_loses_nothing(small_disk: Path) -> None:
    """What was accepted stays, what was not is as if never sent, and room brings work back."""
    (small_disk / "ballast").write_bytes(b"\0" * 300_000)
    now = Now(BEGIN + HOUR)
    store = FileSeries(small_disk / "series", now)
    mine = [series_of("memory_used_bytes", device=str(number)) for number in range(64)]
    rounds = fill(store, mine)
    fresh = series_of("memory_used_bytes", device="fresh", text="x" * 300)
    with pytest.raises(SeriesFullError, match="no room is left"):
        store.append([Sample(one, BEGIN + HOUR, 1.0) for one in (*mine, fresh)])
    kept = {len(seen(store, one, DAY)) for one in mine}
    (small_disk / "ballast").unlink()
    now.at = BEGIN + HOUR
    store.append([Sample(one, BEGIN + HOUR, 1.0) for one in (*mine, fresh)])

    assert kept == {min(rounds, 60)}
    assert set(store.latest(select())) == {*mine, fresh}
    for one in mine:
        assert len(store.window(one, BEGIN, BEGIN + 2 * HOUR)) == rounds + 1
    store.close()


def test_a_full_disk_at_the_very_beginning_is_told(small_disk: Path) -> None:
    """A product that starts on a full disk says so instead of dying of something else."""
    try:
        (small_disk / "ballast").write_bytes(b"\0" * 2_000_000)
    except OSError:
        store = FileSeries(small_disk / "series", Now())
    with pytest.raises(SeriesFullError):
        store.append([Sample(series_of("memory_used_bytes"), BEGIN, 1.0)])
    (small_disk / "ballast").unlink()
    store.append([Sample(series_of("memory_used_bytes"), BEGIN, 1.0)])

    assert len(store.latest(select())) == 1
    store.close()
