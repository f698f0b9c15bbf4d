# SPDX-License-Identifier: MIT
"""/metrics: read by a real promtool, closed to strangers, and cheap to ask."""

import re
import subprocess
from datetime import timedelta

import pytest

from tests.webui.conftest import OPERATOR, ROOT, Site, settings
from tinhnet import actions
from tinhnet.context import open_context
from tinhnet.metrics import Family, leave
from tinhnet.model.actor import Role
from tinhnet.model.job import JobRequest
from tinhnet.store.heartbeats import Heartbeat, beat
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, series_of
from tinhnet.worker import metrics_directory
from webui.application import create_application
from webui.exposition import metric_name

ELSEWHERE = {"REMOTE_ADDR": "10.90.99.7"}
SERIES = (
    series_of("circuit_round_trip_s", link="dien-ban-1", site="dien-ban"),
    series_of("interface_in_bps", device="core1", interface='a "b" \\ c', link="dien-ban-1"),
    series_of("interface_errors_per_s", device="core1", interface="wan1"),
    series_of("memory_used_ratio", device="core1"),
)


@pytest.fixture(scope="module")
def told(site: Site) -> Site:
    """Return an application with a job, a worker, samples, and what a worker counted."""
    context = site.context
    actions.launch_job(context, OPERATOR, JobRequest("count.yml", check=True))
    late = context.now - timedelta(seconds=30)
    with context.store.writing() as connection:
        beat(connection, Heartbeat("collect", "noc", 7, late, late, 2))
    store = open_series(context.config, context.clock)
    store.append(Sample(one, context.now, 0.25) for one in SERIES)
    store.close()
    counted = Family("tinhnet_events_taken_total", "Events written as rows", [({}, 3)])
    leave(metrics_directory(context), "listen-events", [counted])
    return site


def asked(site: Site, **headers: str) -> str:
    """Return what a scraper on this machine is told."""
    answer = site.app.test_client().get("/metrics", headers=headers)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def value_of(text: str, name: str) -> float:
    """Return the value of a line that begins like this."""
    found = re.findall(rf"^{re.escape(name)} (\S+)", text, re.MULTILINE)
    assert len(found) == 1, (name, found)
    return float(found[0])


def test_promtool_finds_nothing_to_complain_about(told: Site) -> None:
    """Whoever scrapes us with their own Prometheus reads names and units as everywhere else."""
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=asked(told),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_samples_and_our_own_health_are_there(told: Site) -> None:
    """A silent worker must be seen from outside, too, by somebody else's alerts."""
    text = asked(told)

    trip = 'tinhnet_circuit_round_trip_seconds{link="dien-ban-1",site="dien-ban"}'
    assert value_of(text, trip) == 0.25
    assert value_of(text, 'tinhnet_jobs{state="waiting"}') == 1
    assert value_of(text, 'tinhnet_worker_heartbeat_age_seconds{worker="collect"}') >= 30
    assert value_of(text, "tinhnet_state_size_bytes") > 10_000
    assert value_of(text, "tinhnet_events_taken_total") == 3
    assert value_of(text, "tinhnet_series_readable") == 1


def test_a_sample_keeps_its_own_time(told: Site) -> None:
    """A scrape is later than the sample; a value under a wrong time is a wrong value."""
    line = next(one for one in asked(told).splitlines() if one.startswith("tinhnet_memory_used"))

    at = int(line.rsplit(" ", 1)[1]) / 1000
    assert abs(told.context.now.timestamp() - at) < 600


def test_strangers_are_told_nothing(told: Site) -> None:
    """Names of circuits and their load are for those who may see the network."""
    client = told.app.test_client()
    token = actions.create_token(told.context, OPERATOR, "scraper", Role.VIEWER)[1]

    def status(**headers: str) -> int:
        return client.get("/metrics", headers=headers, environ_overrides=ELSEWHERE).status_code

    assert status() == 401
    assert status(Authorization="Bearer tinhnet_nonsense") == 401
    assert status(Authorization=f"Bearer {token}") == 200


def test_a_proxy_on_this_machine_is_no_loopback(told: Site) -> None:
    """Behind a proxy everybody comes from 127.0.0.1."""
    client = told.app.test_client()

    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


def test_asking_often_costs_no_more(told: Site) -> None:
    """Ten scrapers a second must not keep the web server from its pages."""
    first = asked(told)
    actions.launch_job(told.context, OPERATOR, JobRequest("count.yml", check=True))

    assert asked(told) == first


def test_health_is_told_when_samples_cannot_be_read(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The one time that somebody needs our health is when something is broken."""
    directory = tmp_path_factory.mktemp("broken")
    loaded = settings(
        directory / "state",
        ROOT / "playbooks",
        TINHNET__SERIES__URL="http://127.0.0.1:9",
    )
    context = open_context(loaded)
    app = create_application(context, loaded)

    text = app.test_client().get("/metrics").get_data(as_text=True)
    context.store.close()

    assert value_of(text, "tinhnet_series_readable") == 0
    assert "tinhnet_state_size_bytes" in text


@pytest.mark.parametrize(
    ("series", "metric"),
    [
        ("probe_round_trip_s", "tinhnet_probe_round_trip_seconds"),
        ("interface_errors_per_s", "tinhnet_interface_errors_per_second"),
        ("interface_in_bps", "tinhnet_interface_in_bps"),
        ("x_total", "tinhnet_x_total_value"),
    ],
)
def test_units_are_spelled_out(series: str, metric: str) -> None:
    """Prometheus has rules for names; ours are shorter."""
    assert metric_name(series) == metric
