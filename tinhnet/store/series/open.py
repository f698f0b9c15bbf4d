# SPDX-License-Identifier: MIT
"""Opening the samples of an installation."""

from tinhnet.clock import Clock
from tinhnet.config import Config
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.files import FileSeries

DIRECTORY = "series"


def open_series(config: Config, clock: Clock) -> SeriesStore:
    """Return the store of samples that `series.url` names.

    Nothing is read or written yet: files appear, and the lock of their one
    writer is taken, with the first `append` or `maintain`.
    """
    return FileSeries(config.state / (config.series.url or DIRECTORY), clock)
