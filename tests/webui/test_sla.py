# SPDX-License-Identifier: MIT
"""The month's SLA on pages, as a file and through the API: the same numbers."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from jsonschema import Draft202012Validator

from tests.webui.conftest import OPERATOR, ROOT, Site, add_people, settings, write_playbooks
from tinhnet import actions
from tinhnet.alerting.ledger import Claim
from tinhnet.context import open_context
from tinhnet.inventory import load
from tinhnet.model.actor import Role
from tinhnet.sla.listing import report_row
from tinhnet.sla.report import report_of
from tinhnet.store.claims import begin_claims, move_claims
from webui.application import create_application

START = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
LINK = "dien-ban-1"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return an application with a month of one outage of an hour."""
    directory = tmp_path_factory.mktemp("sla")
    write_playbooks(directory / "playbooks")
    loaded = settings(
        directory / "state", directory / "playbooks", TINHNET__SLA__TARGETS="vnpt=99.9"
    )
    context = open_context(loaded)
    add_people(context)
    with context.store.writing() as connection:
        for up, begin, end in ((True, 0, 99), (False, 99, 100)):
            begun, ended = (START + timedelta(hours=one) for one in (begin, end))
            begin_claims(connection, [Claim(f"link:{LINK}", up, begun, None, "core1/probe")])
            move_claims(connection, {f"link:{LINK}": ended}, end=True)
    app = create_application(context, loaded)
    yield Site(app, context, loaded)
    context.store.close()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_empty_month_says_what_is_missing(measured: Site, language: str) -> None:
    """Nothing measured and nothing broken are different things."""
    page = measured.visit("minh", language).get("/sla?month=2026-08").text

    assert ("Tháng này chưa đo được gì" if language == "vi" else "Nothing was measured") in page


@pytest.mark.parametrize("kind", ["circuit", "site", "unit", "carrier"])
def test_every_kind_has_its_page_and_every_row_its_intervals(measured: Site, kind: str) -> None:
    """From a figure to what it is a sum of in one click."""
    client = measured.visit("minh")
    subject = {"circuit": LINK, "site": "dien-ban", "unit": "dien-ban", "carrier": "vnpt"}[kind]

    page = client.get(f"/sla?month=2026-11&kind={kind}&q={subject}").text
    detail = client.get(f"/sla/{kind}/{subject}?month=2026-11")

    assert f"/sla/{kind}/{subject}?month=2026-11" in page
    assert detail.status_code == 200
    if kind in {"circuit", "carrier"}:
        assert "99.00 %" in page
        assert "not met" in page
        assert "core1/probe" in detail.text


def test_pages_speak_vietnamese_figures(measured: Site) -> None:
    """A comma, as everybody here writes it."""
    assert "99,00 %" in measured.visit("minh", "vi").get(f"/sla?month=2026-11&q={LINK}").text


def test_the_file_the_page_and_the_api_say_the_same(measured: Site) -> None:
    """Whoever argues with a carrier must not find two numbers."""
    token = actions.create_token(measured.context, OPERATOR, "sla", Role.VIEWER)[1]
    headers = {"Authorization": f"Bearer {token}"}
    answer = measured.app.test_client().get("/api/v1/sla?month=2026-11", headers=headers).json
    text = measured.visit("minh", "en").get("/sla/export.csv?month=2026-11").text
    network = load(measured.context.config.inventory)
    expected = report_row(report_of(measured.context, network, "2026-11"), network)
    schema = json.loads((ROOT / "docs/contracts/sla.schema.json").read_text(encoding="utf-8"))
    rows = {(row["Kind"], row["Id"]): row for row in csv.DictReader(StringIO(text[1:]))}

    Draft202012Validator(schema).validate(answer)
    assert without_open_ends(answer["circuits"]) == without_open_ends(expected["circuits"])
    assert rows["circuit", LINK]["Availability (%)"] == "99.0000"
    assert rows["circuit", LINK]["Met"] == "no"


def without_open_ends(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return rows without what grows while a month goes on."""
    growing = {"unknown_s", "known_ratio"}
    return [{key: value for key, value in row.items() if key not in growing} for row in rows]


def test_the_api_gives_the_intervals_behind_a_figure(measured: Site) -> None:
    """A program of somebody else checks the sums."""
    token = actions.create_token(measured.context, OPERATOR, "sla2", Role.VIEWER)[1]
    client, headers = measured.app.test_client(), {"Authorization": f"Bearer {token}"}
    base = "/api/v1/sla/intervals?month=2026-11&kind=circuit"
    found = client.get(f"{base}&id={LINK}", headers=headers).json
    schema = json.loads((ROOT / "docs/contracts/sla.schema.json").read_text(encoding="utf-8"))
    part = {"$defs": schema["$defs"], "$ref": "#/$defs/intervals"}

    Draft202012Validator(part).validate(found["items"])
    assert [one["verdict"] for one in found["items"]] == ["up", "down", "unknown"]
    assert client.get(f"{base}&id=nowhere", headers=headers).status_code == 404
    assert client.get("/api/v1/sla?month=2026-13", headers=headers).status_code == 422


@pytest.mark.parametrize(
    "path",
    ["/sla?month=nonsense", "/sla/circuit/nowhere", "/sla/router/core1", "/sla/unit/x/export.csv"],
)
def test_what_is_not_there_is_said(measured: Site, path: str) -> None:
    """An old bookmark ends on a page that says so."""
    assert measured.visit("minh").get(path).status_code == 404


def test_one_subject_leaves_as_a_file_too(measured: Site) -> None:
    """The intervals are what a carrier is shown."""
    answer = measured.visit("minh", "vi").get(f"/sla/circuit/{LINK}/export.csv?month=2026-11")

    assert answer.text.startswith("\ufeffĐối tượng,Từ,Đến")
    assert f"sla-2026-11-circuit-{LINK}.csv" in answer.headers["Content-Disposition"]
