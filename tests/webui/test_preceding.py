# SPDX-License-Identifier: MIT
"""What was changed shortly before an alert: on its page and in its answer of the API."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.tinhnet.test_contracts import contract
from tests.webui.afternoon import MINUTE, afternoon, record
from tests.webui.conftest import Site
from tests.webui.test_api import Program, program
from tinhnet.alerting.preceding import devices_of
from tinhnet.inventory import load
from tinhnet.model.actor import Role
from tinhnet.model.alert import AlertRecord
from tinhnet.model.job import DeviceResult, JobDevice, JobRequest, JobState, Risk
from tinhnet.store import alerts
from tinhnet.store.engine import Transaction
from tinhnet.store.jobs import add_job, put_devices
from tinhnet.store.leases import Start, end_job, start_job

__all__ = ["program"]
CUT = 12 * MINUTE
"""How long ago Điện Bàn's primary circuit was cut (afternoon.py)."""
ROUTER = "dien-ban-cpe1"


def worked(  # noqa: PLR0913 a job has as many sides
    connection: Transaction,
    began: datetime,
    device: str,
    *,
    result: DeviceResult | None = DeviceResult.CHANGED,
    risk: Risk = Risk.CHANGE,
    check: bool = False,
    lasts: timedelta = MINUTE,
) -> str:
    """Write a job of one device; one without a result goes on."""
    asked = JobRequest("wan.yml", device, check=check, purpose=f"sửa {device} <b>")
    job = add_job(connection, asked, risk, "lan", began)
    running = start_job(connection, job, Start("w", began, ["x"], None, "2.19.4", [device]), began)
    assert running is not None
    came = {device: JobDevice(device, result, 1, "Apply", None)}
    put_devices(connection, job.number, came.values())
    if result is not None:
        end_job(connection, running, JobState.SUCCEEDED, None, came, began + lasts)
    return job.id


def hoi_an_gone(now: datetime) -> AlertRecord:
    """Return the alert of a site as a whole."""
    return record("site-down", "site:hoi-an", "critical", now - MINUTE, site="hoi-an")


@pytest.fixture(scope="module")
def known(site: Site) -> dict[str, str]:
    """Write an afternoon with jobs around its alerts; return their ids by what they are."""
    now = site.context.now
    cut = now - CUT
    with site.context.store.writing() as connection:
        alerts.put_alerts(connection, [*afternoon(now), hoi_an_gone(now)])
        return {
            "long before": worked(connection, cut - 70 * MINUTE, ROUTER),
            "ended in time": worked(connection, cut - 80 * MINUTE, ROUTER, lasts=30 * MINUTE),
            "other device": worked(connection, cut - 9 * MINUTE, "hoi-an-cpe1"),
            "only looked": worked(connection, cut - 8 * MINUTE, ROUTER, risk=Risk.READ),
            "dry run": worked(connection, cut - 7 * MINUTE, ROUTER, check=True),
            "unreachable": worked(
                connection, cut - 6 * MINUTE, ROUTER, result=DeviceResult.UNREACHABLE
            ),
            "this end": worked(connection, cut - 5 * MINUTE, ROUTER),
            "far end": worked(
                connection, cut - 4 * MINUTE, "core1", result=DeviceResult.ROLLED_BACK
            ),
            "after": worked(connection, cut + MINUTE, ROUTER),
            "goes on": worked(connection, now - 10 * MINUTE, "core2", result=None),
        }


def listed(page: str) -> list[str]:
    """Return the jobs of a page's list, in their order."""
    part = page.split('id="preceding"')[1].split("</section>", maxsplit=1)[0]
    return re.findall(r'href="/jobs/(J\d+)"', part)


def fingerprint(site: Site, thing: str) -> str:
    """Return the fingerprint of the alert about a thing."""
    now = site.context.now
    found = [*afternoon(now), hoi_an_gone(now)]
    return next(one.alert.fingerprint for one in found if one.alert.thing == thing)


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        ("link:dien-ban-1", ["far end", "this end", "ended in time"]),
        ("device:core2", ["goes on"]),
        ("site:hoi-an", ["other device"]),
        ("service:portal", []),
    ],
)
def test_the_page_lists_the_changes_of_the_hour_before(
    site: Site, known: dict[str, str], thing: str, expected: list[str]
) -> None:
    """Of its device, both ends of its link, or its site; the latest first, and no other."""
    page = site.visit("minh").get(f"/alerts/{fingerprint(site, thing)}").text

    assert listed(page) == [known[one] for one in expected]
    assert ("No job touched its devices" in page) == (not expected)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Changes shortly before", "by lan", "4 min 00 s before", "rolled back"]),
        ("vi", ["Thay đổi ngay trước đó", "trước đó 4 min 00 s"]),
    ],
)
def test_a_change_says_who_what_when_and_what_came_of_it(
    site: Site, language: str, said: list[str]
) -> None:
    """Whoever is called at night asks no colleague first."""
    page = site.visit("minh", language).get(f"/alerts/{fingerprint(site, 'link:dien-ban-1')}").text
    part = page.split('id="preceding"')[1].split("</section>")[0]

    assert [one for one in (*said, "wan.yml", "sửa core1 &lt;b&gt;") if one not in part] == []


def test_the_api_gives_the_same(
    site: Site, known: dict[str, str], program: Callable[[Role], Program]
) -> None:
    """In the shape of the contract, with the results of just those devices."""
    answer = program(Role.VIEWER).get(f"/api/v1/alerts/{fingerprint(site, 'link:dien-ban-1')}")
    nothing = program(Role.VIEWER).get(f"/api/v1/alerts/{fingerprint(site, 'service:portal')}")

    contract("alerts", "detail").validate(answer.json)
    assert answer.json is not None
    assert nothing.json is not None
    changes = answer.json["changes"]
    expected = [known[one] for one in ("far end", "this end", "ended in time")]
    assert [one["job"] for one in changes] == expected
    assert changes[0]["devices"] == {"core1": "rolled_back"}
    assert (changes[0]["actor"], changes[0]["playbook"]) == ("lan", "wan.yml")
    assert nothing.json["changes"] == []


@pytest.mark.parametrize(
    ("thing", "site_id", "expected"),
    [
        ("link:dien-ban-1", "dien-ban", {"dien-ban-cpe1", "core1"}),
        ("device:core2", "dc", {"core2"}),
        ("service:portal", "dien-ban", {"web1"}),
        ("network:nowhere", None, set()),
    ],
)
def test_an_alert_is_about_devices(
    site: Site, thing: str, site_id: str | None, expected: set[str]
) -> None:
    """A service seen from a site stands on its server, wherever it is asked from."""
    network = load(site.context.config.inventory)
    one = record("x", thing, "high", site.context.now, site=site_id)

    assert devices_of(one, network) == expected
