# SPDX-License-Identifier: MIT
"""The evidence log on its page: found by who, what, object and time, and taken home as a file."""

import csv
import json
import re
from datetime import timedelta
from io import StringIO
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from tests.webui.conftest import OPERATOR, ROOT, Site
from tinhnet import actions
from tinhnet.model.actor import Actor, Role
from tinhnet.model.job import JobRequest

FORMULA = Actor("=1+1", frozenset(Role), "cli")
MANY = 120


@pytest.fixture(scope="module")
def told(site: Site) -> Site:
    """Return an application with a long log."""
    lan = Actor("lan", frozenset({Role.ENGINEER}), "web", "10.90.99.7")
    for _ in range(MANY):
        actions.launch_job(site.context, lan, JobRequest("count.yml", check=True))
    actions.revoke_token(
        site.context, OPERATOR, actions.create_token(site.context, FORMULA, "x", Role.VIEWER)[0].id
    )
    return site


def rows(page: str) -> list[str]:
    """Return the numbers of the entries on a page."""
    return re.findall(r'<tr id="E(\d+)"', page)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("actor=LAN&action=job.launch", 100),
        ("actor=lan&action=job.launch&subject=job+J12", 2),
        ("action=token.revoke", 1),
        ("subject=user+binh&action=user.add", 1),
        ("actor=100%25", 0),
        ("actor=_an", 0),
        ("action=job", 0),
        ("since=2036-01-01", 0),
        ("until=2016-01-01T00:00", 0),
        ("since=2016-01-01&until=2036-01-01&action=user.add", 5),
    ],
)
def test_filters_stand_in_the_address_and_mean_what_they_say(
    told: Site, query: str, count: int
) -> None:
    """An auditor's bookmark shows the same entries; % and _ are letters, not patterns."""
    page = told.visit("binh").get(f"/evidence?{query}").get_data(as_text=True)

    assert len(rows(page)) == count


def test_pages_go_back_through_what_matches_and_keep_the_filters(told: Site) -> None:
    """Whoever pages through a month must see every entry of it once."""
    client, path, seen = told.visit("binh"), "/evidence?actor=lan&action=job.launch", []
    for _ in range(2):
        page = client.get(path).get_data(as_text=True)
        seen += rows(page)
        found = re.search(r'href="(/evidence\?[^"]*before=\d+)"', page)
        path = found[1].replace("&amp;", "&") if found else ""

    assert path == "", "two pages hold them all"
    assert len(seen) == len(set(seen)) == MANY
    assert "120 entries of" in page


@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_empty_list_says_why(told: Site, language: str) -> None:
    """Nothing found and nothing happened are different things."""
    page = told.visit("binh", language).get("/evidence?actor=nobody-here").get_data(as_text=True)

    assert re.search(r"(Ai|Who): <span[^>]*>nobody-here<", page)
    assert ("không mục nào khớp" if language == "vi" else "none of them fits") in page


def test_a_time_that_is_none_is_said_and_not_guessed(told: Site) -> None:
    """A filter that is silently ignored shows a wrong list; a file would be worse."""
    client = told.visit("binh")

    assert "This is no moment" in client.get("/evidence?since=gestern").get_data(as_text=True)
    assert client.get("/evidence/export.csv?since=gestern").status_code == 400


def test_times_are_those_of_the_province(told: Site) -> None:
    """Who types seven o'clock means seven o'clock in Tam Kỳ; a minute counts whole."""
    now = told.context.now + timedelta(hours=7)
    client = told.visit("binh")
    this_hour = f"{now:%Y-%m-%dT}00:00"
    utc_only = f"{now + timedelta(minutes=2):%Y-%m-%dT%H:%M}"

    today = client.get(f"/evidence?since={this_hour}&until={now:%Y-%m-%d}&action=token.revoke")
    later = client.get(f"/evidence?since={utc_only}&action=token.revoke")
    zoned = client.get(f"/evidence?action=token.revoke&since={quote('2016-01-01T00:00+00:00')}")

    assert [len(rows(one.get_data(as_text=True))) for one in (today, later, zoned)] == [1, 0, 1]


def test_the_log_leaves_as_the_rows_of_the_contract(told: Site) -> None:
    """What is exported is what is shown, every page of it, and can be verified elsewhere."""
    client = told.visit("binh")
    query = "actor=lan&action=job.launch"

    answer = client.get(f"/evidence/export.json?{query}")
    table = list(csv.DictReader(StringIO(client.get(f"/evidence/export.csv?{query}").text[1:])))
    nothing = client.get("/evidence/export.json?actor=nobody-here")

    exported = json.loads(answer.data)
    schema = json.loads((ROOT / "docs/contracts/evidence.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(exported)
    assert len(exported) == len(table) == MANY
    assert [str(one["seq"]) for one in exported] == [one["seq"] for one in table]
    assert json.loads(table[0]["details"]) == exported[0]["details"]
    assert ".json" in answer.headers["Content-Disposition"]
    assert json.loads(nothing.data) == []


def test_a_spreadsheet_runs_nothing_of_the_log(told: Site) -> None:
    """A name that begins like a formula must arrive as text."""
    text = told.visit("binh").get("/evidence/export.csv?action=token.create").text

    assert "'=1+1" in text
    assert ",=1+1" not in text


@pytest.mark.parametrize("path", ["/evidence/export.csv", "/evidence/export.json"])
def test_only_those_who_may_read_the_log_take_it_home(told: Site, path: str) -> None:
    """The file is the page."""
    assert told.visit("lan").get(path).status_code == 403
