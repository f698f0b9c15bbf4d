# SPDX-License-Identifier: MIT
"""Events on their page and in the API: found by what they are about, page by page."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from tests.webui.conftest import OPERATOR, ROOT, Site
from tinhnet import actions
from tinhnet.model.actor import Role
from tinhnet.model.event import Event, Severity, Source
from tinhnet.store.events import append, set_repeated

AT = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
SCHEMA = json.loads((ROOT / "docs/contracts/events.schema.json").read_text(encoding="utf-8"))
MANY = 120


def made(key: str, **about: str | None) -> Event:
    """Return an event; without more words a line of web1."""
    given: dict[str, str | None] = {"kind": "log", "device": "web1", "site": "dc", **about}
    return Event(
        key=key,
        at=AT,
        seen_at=AT,
        source=Source(given.get("source") or "syslog"),
        kind=given["kind"] or "",
        severity=Severity(given.get("severity") or "low"),
        text=given.get("text") or f"dòng {key}",
        device=given["device"],
        interface=given.get("interface"),
        link=given.get("link"),
        site=given["site"],
    )


DOWN = made(
    "down",
    kind="interface_down",
    severity="high",
    source="trap",
    device="core1",
    interface="c107",
    link="dien-ban-1",
    site="dien-ban",
    text="linkDown: <b>c107</b>",
)


@pytest.fixture(scope="module")
def told(site: Site) -> Site:
    """Return an application with more events than a page holds."""
    with site.context.store.writing() as connection:
        append(connection, [*(made(f"k{number}") for number in range(MANY)), DOWN])
        set_repeated(connection, {"k0": (40, AT + timedelta(seconds=9))})
    return site


def call(site: Site, query: str = "") -> TestResponse:
    """Ask the API as a viewer."""
    token = actions.create_token(site.context, OPERATOR, "x", Role.VIEWER)[1]
    headers = {"Authorization": f"Bearer {token}"}
    return site.app.test_client().get(f"/api/v1/events{query}", headers=headers)


def test_an_event_says_what_where_and_how_bad(told: Site) -> None:
    """One row must be enough to know which cabinet to go to; its words are the device's own."""
    page = told.visit("minh").get("/events?kind=interface_down").get_data(as_text=True)

    for text in ("interface down", "SNMP trap", "/devices/core1", "c107", "/links/dien-ban-1"):
        assert text in page
    assert "linkDown: &lt;b&gt;c107&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 100),
        ("device=core1", 1),
        ("link=dien-ban-1", 1),
        ("site=dien-ban", 1),
        ("kind=interface_down", 1),
        ("severity=high", 1),
        ("severity=low", 100),
        ("source=trap", 1),
        ("device=nobody", 0),
        ("severity=nonsense", 100),
        ("before=nonsense", 100),
    ],
)
def test_filters_stand_in_the_address(told: Site, query: str, count: int) -> None:
    """A bookmark of the site's events shows that site's events."""
    page = told.visit("minh").get(f"/events?{query}").get_data(as_text=True)

    assert len(re.findall(r'<tr id="e-\d+"', page)) == count


def test_older_events_are_a_page_away(told: Site) -> None:
    """Whoever looks for what happened an hour ago gets there by one link, filters kept."""
    client = told.visit("minh")
    first = client.get("/events?device=web1").get_data(as_text=True)
    link = re.search(r'href="(/events\?device=web1&amp;before=\d+)"', first)
    assert link is not None
    second = client.get(link[1].replace("&amp;", "&")).get_data(as_text=True)

    seen = re.findall(r'<tr id="(e-\d+)"', first + second)
    assert len(seen) == len(set(seen)) == MANY
    assert "40 times" in second
    assert "hx-trigger" not in second.split('id="rows"')[1][:200], "an old page does not move"


@pytest.mark.parametrize(
    ("language", "words"), [("vi", "Không có sự kiện nào khớp"), ("en", "No event fits")]
)
def test_an_empty_list_says_why(told: Site, language: str, words: str) -> None:
    """Nothing found and nothing happened are different things."""
    page = told.visit("minh", language).get("/events?device=nobody").get_data(as_text=True)

    assert words in page


def test_the_api_gives_the_rows_of_the_contract(told: Site) -> None:
    """One row, one shape: whoever learned `--json` knows the API."""
    answer = call(told, "?severity=high&severity=critical").json
    assert answer is not None

    Draft202012Validator(SCHEMA).validate(answer["items"])
    assert answer["total"] == 1
    assert answer["before"] is None
    row = answer["items"][0]
    assert (row["device"], row["link"], row["site"]) == ("core1", "dien-ban-1", "dien-ban")


def test_the_api_pages_through_every_event_once(told: Site) -> None:
    """A program that walks the pages must neither miss nor double one."""
    seen: list[int] = []
    before = ""
    while True:
        answer = call(told, f"?size=50{before}").json
        assert answer is not None
        seen += [row["number"] for row in answer["items"]]
        if answer["before"] is None:
            break
        before = f"&before={answer['before']}"

    assert len(seen) == len(set(seen)) == MANY + 1


@pytest.mark.parametrize("query", ["?colour=red", "?severity=awful", "?since=gestern", "?size=0"])
def test_the_api_refuses_what_it_does_not_know(told: Site, query: str) -> None:
    """A typo in a parameter must not silently mean "everything"."""
    assert call(told, query).status_code == 422


def test_the_command_prints_the_same_rows(told: Site) -> None:
    """An engineer on the machine needs no browser."""
    state = {"TINHNET_STATE": str(told.context.config.state)}
    done = subprocess.run(
        [sys.executable, "-m", "tinhnet", "events", "--site", "dien-ban", "--json"],
        env=os.environ | state,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    rows = json.loads(done.stdout)
    answer = call(told, "?site=dien-ban").json
    assert answer is not None

    Draft202012Validator(SCHEMA).validate(rows)
    assert rows == answer["items"]


def test_the_words_of_the_contract_are_the_words_of_the_model() -> None:
    """A new source or severity must not leave the contract behind."""
    row = SCHEMA["$defs"]["row"]["properties"]

    assert row["source"]["enum"] == list(Source)
    assert row["severity"]["enum"] == list(Severity)
