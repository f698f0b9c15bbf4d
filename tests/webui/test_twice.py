# SPDX-License-Identifier: MIT
"""Double clicks, forms that are out of date, two people at one thing, and what was typed wrong."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.webui import watching
from tests.webui.conftest import Site, post
from tinhnet.alerting import actions as alerting
from tinhnet.model.actor import Actor, Role
from tinhnet.model.alert import AlertFilter, AlertState
from tinhnet.store import alerts, duties, shifts, windows
from tinhnet.store.evidence import newest_entries
from tinhnet.store.shifts import Ticket

TUAN = Actor("tuan", frozenset({Role.OPERATOR}), "web")
NOW = datetime.now(UTC)
OPENED = f"{NOW - timedelta(days=2):%Y-%m-%dT%H:%M}"
SILENCE: dict[str, str | list[str]] = {
    "kind": "silence",
    "site": "dien-ban",
    "reason": "VNPT kéo lại cáp",
    "lasts": "1h",
    "again": "once",
    "start": "",
}
DUTY: dict[str, str | list[str]] = {
    "person": "lan",
    "level": "1",
    "times": "2",
    "start": f"{NOW + timedelta(days=400):%Y-%m-%dT07:00}",
    "end": f"{NOW + timedelta(days=407):%Y-%m-%dT07:00}",
}


@pytest.fixture(scope="module")
def noc(site: Site) -> Site:
    """Return an application with an afternoon of alerts."""
    watching.watch_afternoon(site.context)
    return site


@pytest.fixture
def cut(noc: Site) -> str:
    """Return the alert of Điện Bàn's circuit, in nobody's hands."""
    wanted = AlertFilter(rule="circuit-down", link="dien-ban-1")
    with noc.context.store.reading() as connection:
        (found,) = alerts.list_alerts(connection, wanted)
    if found.alert.acknowledgement:
        alerting.release(noc.context, TUAN, found.alert.fingerprint)
    return found.alert.fingerprint


def count(noc: Site, cut: str) -> tuple[int, int, int, int, int]:
    """Return how much there is that a form can add."""
    with noc.context.store.reading() as connection:
        return (
            len(alerts.list_entries(connection, cut)),
            len(windows.list_windows(connection)),
            len(shifts.list_handovers(connection, limit=99)),
            len(duties.list_duties(connection, noc.context.now, noc.context.now.replace(2100))),
            newest_entries(connection, limit=1)[0].seq,
        )


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/alerts/{cut}/acknowledge", {"reason": "đã gọi VNPT", "until": "4h"}),
        ("/alerts/{cut}/note", {"text": "VNPT hẹn 30 phút"}),
        (
            "/alerts/{cut}/ticket",
            {
                "number": "VNPT-1",
                "note": "hẹn",
                "opened_at": OPENED,
            },
        ),
        ("/maintenance", SILENCE),
        ("/handover", {"note": "Theo dõi Điện Bàn"}),
        ("/duty", DUTY),
    ],
    ids=["acknowledge", "note", "ticket", "silence", "handover", "duty"],
)
def test_a_double_click_is_one_deed(
    noc: Site, cut: str, path: str, fields: dict[str, str | list[str]]
) -> None:
    """Two lines in the evidence log for one decision make the log worth less."""
    client = noc.visit("lan")
    first = post(client, path.format(cut=cut), fields)
    once = count(noc, cut)
    second = post(client, path.format(cut=cut), fields)

    assert first.status_code == 303
    assert second.status_code in {303, 422}
    assert count(noc, cut) == once


def test_the_same_silence_is_opened_again_once_the_first_was_lifted(noc: Site) -> None:
    """Only the click too many is swallowed, not the decision."""
    client = noc.visit("lan")
    fields = SILENCE | {"reason": "lần nữa"}
    first = post(client, "/maintenance", fields).headers["Location"]
    alerting.lift_window(noc.context, TUAN, first.split("#")[1])
    second = post(client, "/maintenance", fields).headers["Location"]

    assert first != second


def test_whoever_looked_earlier_takes_no_alert_away_unawares(noc: Site, cut: str) -> None:
    """Lan opened the page, Tuấn was quicker: she learns it, and what she typed is still there."""
    client = noc.visit("lan")
    looked = noc.context.now
    until = noc.context.now + timedelta(hours=1)
    alerting.acknowledge(noc.context, TUAN, cut, "tôi gọi", until)
    fields: dict[str, str | list[str]] = {
        "reason": "Lan gọi VNPT",
        "until": "4h",
        "seen_at": looked.isoformat(),
    }
    late = post(client, f"/alerts/{cut}/acknowledge", fields)
    page = late.get_data(as_text=True)
    seen = re.search(r'name="seen_at" id="seen-at" value="([^"]+)"', page)
    assert seen
    anew = post(client, f"/alerts/{cut}/acknowledge", fields | {"seen_at": seen[1]})
    with noc.context.store.reading() as connection:
        found = alerts.find_alert(connection, cut)

    assert late.status_code == 422
    assert "Tuan has taken care" in page.replace("tuan", "Tuan")
    assert 'value="Lan gọi VNPT"' in page
    assert f'hx-get="/alerts/{cut}"' in page
    assert anew.status_code == 303
    assert found
    assert found.alert.acknowledgement
    assert found.alert.acknowledgement.owner == "lan"


def test_an_alert_that_ended_meanwhile_is_said_to_have_ended(noc: Site) -> None:
    """Whoever acknowledges what is over must not believe that it still fires."""
    wanted = AlertFilter(states=(AlertState.RESOLVED,))
    with noc.context.store.reading() as connection:
        ended = alerts.list_alerts(connection, wanted)[0].alert.fingerprint
    answer = post(noc.visit("lan"), f"/alerts/{ended}/acknowledge", {"reason": "x", "until": "4h"})

    assert answer.status_code == 422
    assert "does not hold any more" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "fields", "kept"),
    [
        ("/alerts/{cut}/note", {"text": "x" * 501}, "x" * 501),
        (
            "/alerts/{cut}/acknowledge",
            {"reason": "Đã gọi", "until": "custom", "custom": "2016-01-01T00:00"},
            "Đã gọi",
        ),
        (
            "/alerts/{cut}/ticket",
            {"number": "VT-77", "note": "hẹn 9 giờ", "opened_at": "2098-01-01T00:00"},
            "hẹn 9 giờ",
        ),
        ("/alerts/{cut}/ticket", {"number": "VT-77", "note": "y" * 4001}, "VT-77"),
        ("/handover", {"note": "Theo dõi " * 500}, "Theo dõi Theo dõi"),
    ],
    ids=["note", "until", "opened", "long", "handover"],
)
def test_what_was_typed_stays_in_a_form_that_is_refused(
    noc: Site, cut: str, path: str, fields: dict[str, str | list[str]], kept: str
) -> None:
    """Ten lines about the night, typed at six in the morning, are not typed twice."""
    before = count(noc, cut)
    answer = post(noc.visit("lan"), path.format(cut=cut), fields)

    assert answer.status_code == 422
    assert kept in answer.get_data(as_text=True)
    assert count(noc, cut) == before


def test_the_clock_of_an_old_ticket_is_not_offered_for_a_new_episode(noc: Site, cut: str) -> None:
    """Last month's ticket began last month; a new one would inherit its clock."""
    old = noc.context.now - timedelta(days=30)
    with noc.context.store.writing() as connection:
        record = alerts.find_alert(connection, cut)
        assert record
        connection.exec_driver_sql("DELETE FROM tickets")
        shifts.put_ticket(
            connection, Ticket(cut, record.alert.episode - 1, "VNPT", "OLD-1", old, "lan")
        )
    page = noc.visit("lan").get(f"/alerts/{cut}").get_data(as_text=True)
    offered = re.search(r'name="opened_at" value="([^"]+)"', page)

    assert offered
    assert offered[1] > f"{noc.context.now - timedelta(days=1):%Y-%m-%dT%H:%M}"
    assert "OLD-1" not in page
