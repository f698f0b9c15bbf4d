# SPDX-License-Identifier: MIT
"""An installation of the province with a collect worker's sink."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest

from collectors.collect.sink import WorkerSink
from tests.conftest import ROOT
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.inventory import load
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.open import open_series

WAIT_S = 60.0


@dataclass
class Writing:
    """A sink whose threads write, until `end`."""

    context: Context
    sink: WorkerSink
    series: SeriesStore
    threads: list[tuple[Flag, Thread]] = field(default_factory=list)

    def begin(self) -> None:
        """Let the threads write."""
        for work in (self.sink.write_rows, self.sink.write_samples):
            stop = Flag()
            self.threads.append((stop, Thread(target=work, args=(stop,))))
            self.threads[-1][1].start()

    def end(self) -> None:
        """Let the threads write what is left, and end."""
        for stop, thread in self.threads:
            stop.set()
            self.sink.wake()
            thread.join(WAIT_S)
            assert not thread.is_alive()


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Writing]:
    """Open the state and let a sink write to it."""
    context = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, ROOT))
    series = open_series(context.config, context.clock)
    found = Writing(context, WorkerSink(context, load(ROOT / "inventory")), series)
    found.begin()
    yield found
    found.end()
    series.close()
    context.store.close()
