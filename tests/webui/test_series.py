# SPDX-License-Identifier: MIT
"""Samples on pages and through the API: the same numbers, gaps left out, marks in their place."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from tests.webui import watching
from tests.webui.conftest import OPERATOR, ROOT, Site
from tinhnet import actions
from tinhnet.alerting.ledger import Claim, Period, Work
from tinhnet.model.actor import Role
from tinhnet.model.window import Scope, Window
from tinhnet.store import claims, windows
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, series_of
from webui.thingview import joined

WHERE = "name=interface_in_bps&device=core1&link=dien-ban-1"


@pytest.fixture(scope="module", autouse=True)
def measured(site: Site) -> None:
    """Let an afternoon be measured once for all tests."""
    watching.watch_afternoon(site.context)
    watching.measure(site.context, 1.0)


@pytest.fixture(scope="module")
def api(site: Site) -> Callable[[str], TestResponse]:
    """Return what calls the API as a viewer."""
    _, token = actions.create_token(site.context, OPERATOR, "series", Role.VIEWER)

    def get(path: str) -> TestResponse:
        client = site.app.test_client()
        return client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}"})

    return get


def test_a_graph_mirrors_in_and_out_with_marks_table_and_file(site: Site) -> None:
    """Everything that the drawing says stands there in words too."""
    page = site.visit("minh").get(f"/series?{WHERE}&range=1h").get_data(as_text=True)

    assert page.count('<svg class="plot"') == 1
    assert '<g class="in">' in page
    assert '<g class="out">' in page
    assert '<g class="mark alert">' in page
    assert '<g class="mark event">' in page
    assert "The same as a table" in page
    assert "/series/csv?name=interface_in_bps" in page


def test_the_file_has_both_directions_and_no_line_for_the_gap(site: Site) -> None:
    """The twelve minutes of the cut are not zeros."""
    answer = site.visit("minh").get(f"/series/csv?{WHERE}&range=1h")
    text = answer.get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text[1:])))

    assert (answer.content_type, text[0]) == ("text/csv; charset=utf-8", "\ufeff")
    assert {row["name"] for row in rows} == {"interface_in_bps", "interface_out_bps"}
    assert 44 <= len(rows) / 2 <= 48
    assert all(row["device"] == "core1" for row in rows)
    assert min(float(row["minimum"]) for row in rows) > 0


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("/series", 200, "interface_errors_per_s"),
        ("/series?name=nonsense", 404, "nothing here"),
        ("/series?name=clock_offset_s", 200, "Nothing measured"),
        (f"/series?{WHERE}&range=nonsense", 200, "plot"),
    ],
)
def test_addresses_that_mean_nothing_are_told_so(
    site: Site, path: str, status: int, part: str
) -> None:
    """An empty graph that looks like zero traffic would be worse than none."""
    answer = site.visit("minh").get(path)

    assert answer.status_code == status
    assert part in answer.get_data(as_text=True)


def test_latest_leaves_silent_series_out(api: Callable[[str], TestResponse]) -> None:
    """The cut circuit has no newest value."""
    answer = api("series/latest?name=interface_in_bps&device=core1&within=120").json
    assert answer is not None
    links = {row["labels"]["link"] for row in answer["items"]}

    assert "tam-ky-1" in links
    assert "dien-ban-1" not in links


def test_a_window_is_what_was_measured(api: Callable[[str], TestResponse]) -> None:
    """Time, minimum, mean, maximum, samples; steps without samples are left out."""
    answer = api(f"series/window?{WHERE}&step=300").json
    assert answer is not None
    points = answer["items"][0]["points"]

    assert answer["items"][0]["labels"]["link"] == "dien-ban-1"
    assert 9 <= len(points) <= 11
    assert all(low <= mean <= high and count >= 1 for _, low, mean, high, count in points)


@pytest.mark.parametrize(
    "query",
    [
        "latest?name=circuit_loss_ratio",
        "latest?name=certificate_expires_s",
        f"window?{WHERE}",
        f"window?{WHERE}&step=60",
    ],
)
def test_answers_keep_the_contract(api: Callable[[str], TestResponse], query: str) -> None:
    """Who wrote a program against the schema is not surprised."""
    path = ROOT / "docs/contracts/series.schema.json"
    answer = api(f"series/{query}")

    assert answer.status_code == 200
    Draft202012Validator(json.loads(path.read_text(encoding="utf-8"))).validate(answer.json)


@pytest.mark.parametrize(
    ("query", "status", "part"),
    [
        ("name=interface_in_bps&colour=red", 422, "colour"),
        ("name=Interface", 422, "pattern"),
        ("name=interface_in_bps&from=2016-01-02T00:00:00", 422, "timezone"),
        (
            "name=device_up&from=2016-01-02T00:00:00Z&to=2016-01-01T00:00:00Z",
            400,
            "must lie before",
        ),
        ("name=device_up&from=2016-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&step=1", 400, "points"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(
    api: Callable[[str], TestResponse], query: str, status: int, part: str
) -> None:
    """A typo must not silently mean everything, nor keep the server busy."""
    answer = api(f"series/window?{query}")

    assert answer.status_code == status
    assert part in answer.get_data(as_text=True)


def test_lists_of_the_api_say_how_things_stand(
    site: Site, api: Callable[[str], TestResponse]
) -> None:
    """The old fields stay, the state comes beside them."""
    watching.look(site.context, site.context.now, **watching.CUT_NOW)
    link = api("links/dien-ban-1").json
    down = api("links?state=down").json
    place = api("sites/dien-ban").json

    assert link is not None
    assert down is not None
    assert place is not None
    assert (link["state"], link["circuit_id"]) == ("down", "VNPT-QNM-0107")
    assert link["since"] is not None
    assert link["alert"] is not None
    assert {row["id"] for row in down["items"]} == {"dien-ban-1", "tam-ky-2"}
    assert place["state"] == "degraded"


def test_a_link_says_state_use_outages_and_what_is_measured(site: Site) -> None:
    """All that is said to a carrier on the telephone stands on one page."""
    watching.look(site.context, site.context.now, **watching.CUT_NOW)
    page = site.visit("minh").get("/links/dien-ban-1").get_data(as_text=True)

    assert "why: the alert" in page
    assert "of 50 Mb/s by contract" in page
    assert "goes on" in page
    assert page.count('<svg class="plot"') == 4


def test_a_device_says_its_health_and_its_interfaces(site: Site) -> None:
    """From a load to its graph is one click."""
    page = site.visit("minh").get("/devices/core1").get_data(as_text=True)

    assert "Memory used" in page
    assert ">41 %<" in page
    assert "Storage used /" in page
    assert "/series?name=interface_in_bps&amp;device=core1&amp;interface=" in page


def test_a_site_shows_both_circuits(site: Site) -> None:
    """Degraded means: one of them is gone."""
    watching.look(site.context, site.context.now, **watching.CUT_NOW)
    page = site.visit("minh").get("/sites/dien-ban").get_data(as_text=True)

    assert "It works on fewer circuits than it has." in page
    assert "from here:" in page


def test_outages_are_joined_with_the_alerts_of_their_time(site: Site) -> None:
    """An alert of another week explains nothing."""
    now = site.context.now
    down = Claim("x-1", is_up=False, start=now - timedelta(hours=3), end=now, source="probe")
    over = Claim(
        "x-1",
        is_up=False,
        start=now - timedelta(days=9),
        end=now - timedelta(days=9) + timedelta(minutes=5),
        source="probe",
    )
    records = watching.afternoon(now)
    found = joined("x-1", [over, down], [records[1]], Period(now - timedelta(days=30), now))

    assert [one.is_open for one in found] == [True, False]
    assert [len(one.alerts) for one in found] == [1, 0]
    assert found[1].seconds == 300


def test_planned_work_is_no_outage(site: Site) -> None:
    """The carrier announced it: only what was down before and after is the carrier's fault."""
    now = site.context.now
    hour = timedelta(hours=1)
    down = Claim("x-1", is_up=False, start=now - 5 * hour, end=now - hour, source="probe")
    work = Work("w1", frozenset({"x-1"}), now - 4 * hour, now - 2 * hour, now - 9 * hour)
    found = joined("x-1", [down], [], Period(now - timedelta(days=30), now), [work])

    assert [one.seconds for one in found] == [3600, 3600]


def test_a_link_page_leaves_announced_maintenance_out(site: Site) -> None:
    """Which window is about the link is asked as the SLA asks it."""
    now = site.context.now
    link = site.app.extensions["tinhnet"].inventory.current().index.network.links["hoi-an-1"]
    start = now - timedelta(hours=3)
    ended = now - timedelta(hours=1)
    claim = Claim(f"link:{link.id}", is_up=False, start=start, end=ended, source="probe")
    scope = Scope(carriers=frozenset({link.carrier or ""}))
    window = Window(
        id="w0000aaaa",
        is_planned=True,
        scope=scope,
        start=start,
        length_s=7200,
        owner="lan",
        reason="VNPT",
        announced_at=start - timedelta(days=1),
    )
    with site.context.store.writing() as connection:
        claims.begin_claims(connection, [claim])
        claims.move_claims(connection, {f"link:{link.id}": ended}, end=True)
    before = site.visit("minh").get(f"/links/{link.id}").get_data(as_text=True)
    with site.context.store.writing() as connection:
        windows.add_window(connection, window)
    after = site.visit("minh").get(f"/links/{link.id}").get_data(as_text=True)

    assert "Nobody saw it down" not in before
    assert "Nobody saw it down" in after


def test_a_device_draws_its_memory_and_disk(site: Site) -> None:
    """Whether it fills slowly or at once is seen in the graph only."""
    page = site.visit("minh").get("/devices/core1?range=1h").get_data(as_text=True)

    assert page.count('<svg class="plot"') >= 2
    assert "/series/csv?name=memory_used_ratio" in page


def test_claims_of_the_afternoon_are_there(site: Site) -> None:
    """The tests above read rows as the alert worker writes them."""
    with site.context.store.reading() as connection:
        assert "link:dien-ban-1" in claims.open_claims(connection)


def test_a_name_that_a_device_gave_itself_is_no_formula(site: Site) -> None:
    """A mount called `=cmd|…` is run by the spreadsheet of whoever opens the file."""
    labels = {"device": "core1", "mount": "=cmd|' /C calc'!A0"}
    sample = Sample(series_of("storage_used_ratio", **labels), site.context.now, 0.5)
    series = open_series(site.context.config, site.context.clock)
    series.append([sample])
    series.close()
    text = site.visit("minh").get("/series/csv?name=storage_used_ratio&range=1h").text

    assert "'=cmd" in text
    assert ",=cmd" not in text
