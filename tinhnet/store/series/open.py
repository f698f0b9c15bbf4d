# SPDX-License-Identifier: MIT
"""Opening the samples of an installation."""

from tinhnet.clock import Clock
from tinhnet.logs import log_of
from tinhnet.secrets import secrets_of
from tinhnet.settings import Config
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.files import FileSeries
from tinhnet.store.series.prometheus import PrometheusSeries
from tinhnet.store.series.promql import Client
from tinhnet.store.series.spool import Spool

DIRECTORY = "series"
SERVER = ("http://", "https://")


def open_series(config: Config, clock: Clock) -> SeriesStore:
    """Return the store of samples that `series.url` names.

    Nothing is read or written yet: files appear, and the lock of their one
    writer is taken, with the first `append` or `maintain`.  Raises
    SeriesError for a URL that is none, SecretMissingError without the
    password it names.
    """
    url = config.series.url
    if not url.startswith(SERVER):
        return FileSeries(config.state / (url or DIRECTORY), clock)
    password = None
    if config.series.password_secret:
        password = secrets_of(config.state).read(config.series.password_secret).value
    spool = Spool(config.state / DIRECTORY)
    return PrometheusSeries(Client(url, password), spool, clock, log_of("store"))
