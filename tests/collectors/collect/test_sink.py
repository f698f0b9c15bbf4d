# SPDX-License-Identifier: MIT
"""What becomes of samples on their way to the store is counted, whatever it is."""

import math
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag

import pytest

from collectors.collect.sink import WorkerSink
from collectors.collect.worker import CollectWorker
from tests.conftest import ROOT
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.inventory import load
from tinhnet.metrics import exposition
from tinhnet.store.series.sample import Sample, series_of
from tinhnet.worker import Identity, metrics_directory


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Open a state."""
    found = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, ROOT))
    yield found
    found.store.close()


def ended() -> Flag:
    """Return the flag of a thread that writes once more and ends."""
    flag = Flag()
    flag.set()
    return flag


def counts(sink: WorkerSink) -> dict[str, float]:
    """Return what was kept, and by reason what was not."""
    kept, refused = sink.families()
    found = {"kept": kept.rows[0][1]}
    return found | {row[0]["reason"]: row[1] for row in refused.rows}


def samples(context: Context, *values: float, name: str = "device_up") -> list[Sample]:
    """Return samples of one series, a second apart."""
    return [
        Sample(series_of(name, device="core1"), context.now - timedelta(seconds=number), value)
        for number, value in enumerate(values)
    ]


def test_samples_kept_and_refused_are_counted(context: Context) -> None:
    """A gap in a graph has a reason, and this is where it is told."""
    sink = WorkerSink(context, load(ROOT / "inventory"))
    good = samples(context, 1.0, 1.0, 1.0)
    late = Sample(good[0].series, context.now - timedelta(days=2), 1.0)

    sink.samples([*good, *samples(context, math.nan), *good, late])
    sink.write_samples(ended())

    assert counts(sink) == {"kept": 3, "beyond": 0, "not_a_number": 1, "duplicate": 3, "too_old": 1}


def test_what_has_no_room_while_nothing_can_be_written_is_counted(
    context: Context, tmp_path: Path
) -> None:
    """The oldest go, and not in silence."""
    (tmp_path / "var/series").write_text("in the way")
    sink = WorkerSink(context, load(ROOT / "inventory"), most_samples=3)
    sink.samples(samples(context, 1.0, 2.0))
    sink.write_samples(ended())
    sink.samples(samples(context, 3.0, 4.0, name="circuit_up"))
    (tmp_path / "var/series").unlink()
    sink.write_samples(ended())

    assert counts(sink) == {"kept": 3, "beyond": 1}


def test_the_worker_leaves_its_counts_for_scrapers(context: Context) -> None:
    """With names and units as Prometheus wants them."""
    identity = Identity("collect", "here", os.getpid(), context.now)
    worker = CollectWorker(context, identity, lambda *_: {})
    worker.step(context)
    worker.close(context)
    text = exposition(metrics_directory(context))
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert "\ntinhnet_samples_appended_total " in text
    assert '\ntinhnet_samples_refused_total{reason="beyond"} 0.0' in text
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
