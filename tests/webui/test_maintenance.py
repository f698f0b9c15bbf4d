# SPDX-License-Identifier: MIT
"""Silences and maintenance on pages: counted before they are kept, plain choices, an undo."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.webui.afternoon import seed, silence
from tests.webui.conftest import Site, post
from tinhnet.alerting.recurrence import text_of
from tinhnet.model.window import Scope, Window
from tinhnet.store.windows import add_window, find_window, list_windows
from webui.moments import HERE, typed_of

FORM: dict[str, str | list[str]] = {
    "kind": "silence",
    "site": "",
    "lasts": "1h",
    "again": "once",
    "reason": "thử",
    "start": "",
}


@pytest.fixture(scope="module")
def noc(site: Site) -> Site:
    """Return an application with an afternoon of alerts and windows."""
    seed(site.context.store, site.context.now)
    return site


def send(
    noc: Site, path: str, change: dict[str, str | list[str]], name: str = "lan"
) -> tuple[int, str, str]:
    """Send the form; return the status, where it leads and what it says."""
    client = noc.visit(name, "en")
    answer = post(client, path, FORM | change)
    return answer.status_code, answer.location or "", answer.get_data(as_text=True)


def kept(noc: Site, location: str) -> Window:
    """Return the window that an answer leads to."""
    with noc.context.store.reading() as connection:
        found = find_window(connection, location.split("#")[1])
    assert found is not None
    return found.window


def test_the_list_tells_open_next_and_past_and_what_each_hides(noc: Site) -> None:
    """Who hides what until when; what is about to lapse stands out."""
    page = noc.visit("minh", "en").get("/maintenance").get_data(as_text=True)
    parts = re.split(r'id="(open|next|past)-title"', page)
    groups = dict(zip(parts[1::2], parts[2::2], strict=True))

    assert "w00000001" in groups["open"]
    assert "about to lapse" in groups["open"]
    assert re.search(r'data-label="Hides now" class="end number">1', groups["open"])
    assert "circuits of VNPT" in groups["next"]
    assert "every week: Saturday" in groups["next"]
    assert "w00000003" in groups["past"]
    assert "Lift…" not in page


def test_what_would_be_hidden_is_counted_and_named_before_it_is_kept(noc: Site) -> None:
    """Nobody learns afterwards how wide a silence was."""
    with noc.context.store.reading() as connection:
        before = len(list_windows(connection))
    status, _, fragment = send(noc, "/maintenance/preview", {"site": "dien-ban", "reason": ""})
    _, _, whole = send(noc, "/maintenance", {"site": "dien-ban", "reason": "", "look": "yes"})
    with noc.context.store.reading() as connection:
        after = len(list_windows(connection))

    assert status == 200
    assert "This mutes 1 alert now" in fragment
    assert "Circuit down" in fragment
    assert "<html" not in fragment
    assert "This mutes 1 alert now" in whole
    assert before == after


def test_a_silence_is_kept_as_the_form_says(noc: Site) -> None:
    """Names work as well as ids, with or without accents; several stand with commas between."""
    start = noc.context.now + timedelta(hours=2)
    status, location, _ = send(
        noc,
        "/maintenance",
        {
            "site": "Hội An, tam ky",
            "rule": "circuit-loss",
            "carrier": "viettel",
            "start": typed_of(start),
            "lasts": "4h",
        },
    )
    window = kept(noc, location)

    assert status == 303
    assert window.scope == Scope(
        sites=frozenset({"hoi-an", "tam-ky"}),
        carriers=frozenset({"viettel"}),
        rules=frozenset({"circuit-loss"}),
    )
    assert abs(window.start - start) < timedelta(minutes=1)
    assert (window.length_s, window.owner, window.is_planned) == (4 * 3600, "lan", False)


@pytest.mark.parametrize(
    ("choice", "expected", "first"),
    [
        ({"again": "weekly", "day": ["1", "5"]}, "FREQ=WEEKLY;BYDAY=TU,SA", "2036-12-02"),
        ({"again": "monthly", "week": "2", "weekday": "5"}, "FREQ=MONTHLY;BYDAY=2SA", "2036-12-13"),
        (
            {"again": "monthly", "week": "-1", "weekday": "6"},
            "FREQ=MONTHLY;BYDAY=-1SU",
            "2036-12-28",
        ),
        (
            {"again": "weekly", "day": ["0"], "last": "2037-02-01"},
            "FREQ=WEEKLY;BYDAY=MO;UNTIL=20370201",
            "2036-12-01",
        ),
    ],
    ids=["weekly", "second Saturday", "last Sunday", "ends"],
)
def test_plain_choices_become_a_rule_that_begins_on_a_named_day(
    noc: Site, choice: dict[str, str | list[str]], expected: str, first: str
) -> None:
    """Who ticks Saturday on a Monday does not mean that Monday."""
    _, location, _ = send(
        noc,
        "/maintenance",
        choice | {"kind": "maintenance", "carrier": "vnpt", "start": "2036-12-01T22:00"},
    )
    window = kept(noc, location)

    assert window.recurrence is not None
    assert text_of(window.recurrence) == expected
    assert window.start == datetime.fromisoformat(f"{first}T22:00").replace(tzinfo=HERE)
    assert window.is_planned


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"site": ""}, "Say what it is about"),
        ({"site": "dien-bann"}, "dien-bann is not known here. Did you mean dien-ban?"),
        ({"site": "dien-ban", "reason": " "}, "Say why, in 1 to 500"),
        ({"site": "dien-ban", "start": "soon"}, "This is no moment"),
        (
            {
                "site": "dien-ban",
                "start": "2016-01-01T00:00",
                "lasts": "custom",
                "custom": "2016-01-01T01:00",
            },
            "It would be over already",
        ),
        ({"site": "dien-ban", "again": "weekly"}, "Tick at least one day"),
        ({"site": "dien-ban", "again": "monthly", "week": "9"}, "Choose which day"),
        ({"link": "no-such"}, "no-such is not known here"),
    ],
)
def test_a_wrong_field_is_marked_and_nothing_is_kept(
    noc: Site, change: dict[str, str | list[str]], said: str
) -> None:
    """Wrong input is answered where it was typed, with what was typed still there."""
    with noc.context.store.reading() as connection:
        before = len(list_windows(connection))
    status, _, page = send(noc, "/maintenance", change)
    with noc.context.store.reading() as connection:
        after = len(list_windows(connection))

    assert status == 422
    assert said in page
    assert before == after


def test_an_operator_silences_and_only_an_engineer_plans(noc: Site) -> None:
    """Maintenance takes time out of the SLA: that is not everybody's to give."""
    planned: dict[str, str | list[str]] = {"site": "tam-ky", "kind": "maintenance"}

    assert send(noc, "/maintenance", {"site": "tam-ky"}, "tuan")[0] == 303
    assert send(noc, "/maintenance", planned, "tuan")[0] == 403
    assert send(noc, "/maintenance", {"site": "tam-ky"}, "minh")[0] == 403


def test_lifting_asks_once_and_ends_it_for_good(noc: Site) -> None:
    """Undo says what comes back, and stays in the list with who did it."""
    now = noc.context.now
    scope = Scope(sites=frozenset({"dien-ban"}))
    window = replace(silence(now), id="w0000abcd", scope=scope, start=now)
    with noc.context.store.writing() as connection:
        add_window(connection, window)
    client = noc.visit("tuan", "en")

    asked = client.get("/maintenance/w0000abcd/lift").get_data(as_text=True)
    post(client, "/maintenance/w0000abcd/lift", {}, page="/maintenance/w0000abcd/lift")
    page = client.get("/maintenance").get_data(as_text=True)
    again = post(client, "/maintenance/w0000abcd/lift", {})

    assert "Yes, lift it" in asked
    assert "by tuan" in page.split('id="past-title"')[1]
    assert "no window w0000abcd that holds" in client.get(again.location or "").get_data(
        as_text=True
    )


def test_an_unknown_window_is_not_found(noc: Site) -> None:
    """An old link says so instead of failing."""
    assert noc.visit("lan").get("/maintenance/nothing/lift").status_code == 404
