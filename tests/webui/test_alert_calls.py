# SPDX-License-Identifier: MIT
"""Alerts through the API: listed within 100 ms, taken care of with evidence."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from tests.tinhnet.test_contracts import contract
from tests.webui.conftest import Site
from tests.webui.test_api import Program, program
from tinhnet.alerting.life import fingerprint
from tinhnet.model.actor import Role
from tinhnet.model.alert import Alert, AlertEntry, AlertRecord
from tinhnet.store import alerts
from tinhnet.store.evidence import newest_entries

__all__ = ["program"]
NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
LABELS = {"thing": "link:dien-ban-1"}
CUT = fingerprint("circuit-down", LABELS)
OLD = 13_000


def cut() -> AlertRecord:
    """Return the alert of a cut circuit."""
    alert = Alert(
        CUT, "circuit-down", "link:dien-ban-1", "high", NOW, NOW, None, NOW, episode=1, is_told=True
    )
    return AlertRecord(
        alert,
        "Kênh truyền mất kết nối",
        "Circuit down",
        "Kênh chính Điện Bàn không trả lời",
        "the circuit does not answer",
        LABELS,
        link="dien-ban-1",
        site="dien-ban",
        explains=("device:dien-ban-pc",),
        sites_degraded=("dien-ban",),
    )


@pytest.fixture
def kept(site: Site) -> Iterator[None]:
    """Keep one alert that fires."""
    with site.context.store.writing() as connection:
        alerts.put_alerts(connection, [cut()])
        alerts.add_entries(connection, [AlertEntry(CUT, 1, NOW, "firing", "")])
    yield
    with site.context.store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM alerts")
        connection.exec_driver_sql("DELETE FROM windows")


@pytest.mark.usefixtures("kept")
def test_what_fires_is_listed_in_the_shape_of_the_contract(
    program: Callable[[Role], Program],
) -> None:
    """The bench, the wall and programs of others read this list."""
    answer = program(Role.VIEWER).get("/api/v1/alerts?state=firing")
    none = program(Role.VIEWER).get("/api/v1/alerts?state=resolved&site=dien-ban")

    assert answer.status_code == 200
    contract("alerts").validate(answer.json["items"])
    (row,) = answer.json["items"]
    assert answer.json["total"] == 1
    assert (row["fingerprint"], row["rule"], row["link"]) == (CUT, "circuit-down", "dien-ban-1")
    assert (row["site"], row["sites_degraded"]) == ("dien-ban", ["dien-ban"])
    assert row["acknowledged_by"] is None
    assert none.json == {"total": 0, "items": []}


@pytest.mark.usefixtures("kept")
def test_one_alert_comes_with_its_timeline(program: Callable[[Role], Program]) -> None:
    """Who opens it wants to know what happened."""
    answer = program(Role.VIEWER).get(f"/api/v1/alerts/{CUT}")
    nobody = program(Role.VIEWER).get(f"/api/v1/alerts/{'0' * 16}")

    contract("alerts", "detail").validate(answer.json)
    assert [line["kind"] for line in answer.json["timeline"]][-1] == "firing"
    assert nobody.status_code == 404


@pytest.mark.usefixtures("kept")
def test_taking_care_is_a_deed_of_operators_with_evidence(
    site: Site, program: Callable[[Role], Program]
) -> None:
    """A viewer may look; an operator acknowledges, releases and silences."""
    refused = program(Role.VIEWER).post(f"/api/v1/alerts/{CUT}/acknowledge", {"reason": "x"})
    operator = program(Role.OPERATOR)
    taken = operator.post(f"/api/v1/alerts/{CUT}/acknowledge", {"reason": "đã gọi"})
    given = operator.post(f"/api/v1/alerts/{CUT}/release", {})
    window = operator.post(f"/api/v1/alerts/{CUT}/silence", {"reason": "đã biết"})
    listed = operator.get("/api/v1/windows")
    lifted = operator.post(f"/api/v1/windows/{window.json['id']}/lift", {})

    assert refused.status_code == 403
    assert (taken.status_code, taken.json["acknowledged_by"]) == (200, "token:operator")
    assert (given.status_code, given.json["state"]) == (200, "firing")
    assert window.status_code == 201
    contract("windows").validate(listed.json["items"])
    assert window.json["scope"]["things"] == ["link:dien-ban-1"]
    assert lifted.json["lifted_by"] == "token:operator"
    with site.context.store.reading() as connection:
        actions = [one.action for one in newest_entries(connection, limit=4)]
    assert actions == ["window.lift", "window.open", "alert.release", "alert.acknowledge"]


def test_a_silence_of_nothing_is_refused(program: Callable[[Role], Program]) -> None:
    """A typing error must not look like silence."""
    body = {"scope": {"things": ["link:dien-ban-9"]}, "length_s": 600, "reason": "x"}

    answer = program(Role.OPERATOR).post("/api/v1/windows", body)

    assert answer.status_code == 400
    assert "link:dien-ban-9" in json.dumps(answer.json)


@pytest.mark.slow
@pytest.mark.usefixtures("kept")
def test_the_list_is_quick_with_thirteen_thousand_alerts(
    site: Site, program: Callable[[Role], Program]
) -> None:
    """Alertmanager takes seconds with as many; the wall asks every other second."""
    old = [
        AlertRecord(
            Alert(
                fingerprint("circuit-loss", {"link": str(number)}),
                "circuit-loss",
                f"link:{number}",
                "medium",
                NOW,
                resolved_at=NOW,
                episode=1,
            ),
            "",
            "",
            "",
            "",
        )
        for number in range(OLD)
    ]
    with site.context.store.writing() as connection:
        alerts.put_alerts(connection, old)
    viewer = program(Role.VIEWER)
    viewer.get("/api/v1/alerts?state=firing")
    spent = []
    for _ in range(40):
        began = time.perf_counter()
        answer = viewer.get("/api/v1/alerts?state=firing")
        spent.append(time.perf_counter() - began)

    assert answer.json["total"] == 1
    assert sorted(spent)[37] <= 0.1
