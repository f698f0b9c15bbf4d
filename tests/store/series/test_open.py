# SPDX-License-Identifier: MIT
"""The setting chooses the store."""

from base64 import b64decode
from pathlib import Path

import pytest

from tests.store.series.between import between
from tests.store.series.trial import BEGIN, Now
from tinhnet.secrets import SecretMissingError, secrets_of
from tinhnet.settings import Config, SeriesConfig
from tinhnet.store.series.errors import SeriesError
from tinhnet.store.series.files import FileSeries
from tinhnet.store.series.open import open_series
from tinhnet.store.series.prometheus import PrometheusSeries
from tinhnet.store.series.sample import Sample, series_of


def configured(state: Path, url: str, secret: str = "") -> Config:
    """Return a configuration with a store of samples."""
    return Config(state=state, series=SeriesConfig(url=url, password_secret=secret))


@pytest.mark.parametrize(
    ("url", "where"), [("", "series/series.db"), ("elsewhere", "elsewhere/series.db")]
)
def test_without_a_server_samples_are_files(tmp_path: Path, url: str, where: str) -> None:
    """A province that starts has one machine and no Prometheus."""
    store = open_series(configured(tmp_path, url), Now())
    store.append([Sample(series_of("cpu_ratio"), BEGIN, 0.5)])
    store.close()

    assert isinstance(store, FileSeries)
    assert (tmp_path / where).exists()


def test_a_directory_may_be_anywhere(tmp_path: Path) -> None:
    """Samples may lie on a disk of their own."""
    path = tmp_path / "disk"

    assert open_series(configured(tmp_path / "state", str(path)), Now()).where == (
        f"{path}/series.db"
    )


def test_a_url_is_a_prometheus_with_its_spool_in_the_state(tmp_path: Path) -> None:
    """Samples that wait are part of the state, as a backup must know."""
    with between(lambda _: (500, b"")) as server:
        store = open_series(configured(tmp_path, server.url), Now())
        store.append([Sample(series_of("cpu_ratio"), BEGIN, 0.5)])
        store.close()

    assert isinstance(store, PrometheusSeries)
    assert (tmp_path / "series/spool.db").exists()


def test_the_password_comes_from_the_secrets_and_is_never_shown(tmp_path: Path) -> None:
    """Configuration files are read by many; secrets are not."""
    (tmp_path / "secrets").mkdir(mode=0o700)
    secrets_of(tmp_path).ensure("prometheus", lambda: "s3cret-s3cret")
    with between(lambda _: (500, b"")) as server:
        url = server.url.replace("http://", "http://noc@") + "/base/"
        store = open_series(configured(tmp_path, url, "prometheus"), Now())
        store.append([Sample(series_of("cpu_ratio"), BEGIN, 0.5)])
        store.close()
    first = server.asked[0]

    assert first.path.startswith("/base/api/v1/")
    assert b64decode(first.headers["Authorization"].removeprefix("Basic ")) == b"noc:s3cret-s3cret"
    assert store.where == server.url + "/base"


def test_a_missing_secret_is_told(tmp_path: Path) -> None:
    """Starting without the password would only fail later, and less clearly."""
    with pytest.raises(SecretMissingError):
        open_series(configured(tmp_path, "http://localhost:9090", "nowhere"), Now())


@pytest.mark.parametrize(
    "url", ["http://", "http://host:port", "https://host:99999999", "http://noc:s3cret@host"]
)
def test_a_url_that_cannot_be_is_told(tmp_path: Path, url: str) -> None:
    """A mistake in a setting names the setting, and shows no password."""
    with pytest.raises(SeriesError, match=r"series\.url") as caught:
        open_series(configured(tmp_path, url), Now())

    assert "s3cret" not in str(caught.value)
