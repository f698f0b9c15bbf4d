# SPDX-License-Identifier: MIT
"""Notes, tickets and handovers through the API: what a page does, a program does too."""

import json
from collections.abc import Callable

import pytest

from tests.tinhnet.test_contracts import contract
from tests.webui import watching
from tests.webui.conftest import Site
from tests.webui.test_api import Program, program
from tinhnet.alerting import shift_actions
from tinhnet.model.actor import Actor, Role
from tinhnet.model.alert import AlertFilter
from tinhnet.store import alerts

__all__ = ["program"]
TUAN = Actor("tuan", frozenset({Role.OPERATOR}), "web")


@pytest.fixture(scope="module")
def noc(site: Site) -> Site:
    """Return an application with an afternoon of alerts."""
    watching.watch_afternoon(site.context)
    return site


def path_of(noc: Site, rule: str, link: str | None = None) -> str:
    """Return the address of an alert."""
    with noc.context.store.reading() as connection:
        found = alerts.list_alerts(connection, AlertFilter(rule=rule, link=link))
    return f"/api/v1/alerts/{found[0].alert.fingerprint}"


def test_a_ticket_is_kept_and_read(noc: Site, program: Callable[[Role], Program]) -> None:
    """A carrier's portal can write its number itself."""
    path = path_of(noc, "circuit-down", "dien-ban-1")
    operator = program(Role.OPERATOR)
    none = operator.get(f"{path}/ticket")
    kept = operator.post(f"{path}/ticket", {"number": "VNPT-4711", "note": "hẹn 30 phút"})
    read = program(Role.VIEWER).get(f"{path}/ticket")
    noted = operator.post(f"{path}/note", {"text": "gọi lại lúc 23:10"})

    assert (none.status_code, kept.status_code) == (404, 200)
    contract("handovers", "ticket").validate(kept.json)
    assert kept.json == read.json
    assert noted.json["timeline"][0]["text"] == "gọi lại lúc 23:10"


def test_a_shift_is_given_and_taken(noc: Site, program: Callable[[Role], Program]) -> None:
    """Nobody takes over what they gave, and a viewer signs nothing."""
    operator = program(Role.OPERATOR)
    now = program(Role.VIEWER).get("/api/v1/shift").json["items"]
    given = operator.post("/api/v1/handovers", {"note": "ca đêm"})
    own = operator.post(f"/api/v1/handovers/{given.json['id']}/take", {})
    other = shift_actions.give_handover(noc.context, TUAN, "ca ngày")
    taken = operator.post(f"/api/v1/handovers/{other.id}/take", {})
    listed = operator.get("/api/v1/handovers?size=1")
    older = operator.get(f"/api/v1/handovers?before={listed.json['before']}")
    one = operator.get(f"/api/v1/handovers/{other.id}")

    assert given.status_code == 201
    contract("handovers", "line").validate(now[0])
    contract("handovers").validate([given.json, *listed.json["items"], *older.json["items"]])
    assert (own.status_code, taken.status_code) == (400, 200)
    assert taken.json["taken_by"] == "token:operator"
    assert one.json == taken.json
    assert [row["id"] for row in older.json["items"]] == [given.json["id"]]


@pytest.mark.parametrize(
    ("call", "body", "role", "status"),
    [
        ("{circuit}/ticket", {"number": "1"}, Role.VIEWER, 403),
        ("{circuit}/note", {"text": "x"}, Role.VIEWER, 403),
        ("/api/v1/handovers", {"note": ""}, Role.VIEWER, 403),
        ("/api/v1/handovers/H1/take", {}, Role.VIEWER, 403),
        ("/api/v1/handovers/H999999999/take", {}, Role.OPERATOR, 400),
        ("/api/v1/handovers/H9999999999/take", {}, Role.OPERATOR, 422),
        ("/api/v1/handovers", {"note": ["x"]}, Role.OPERATOR, 422),
        ("/api/v1/handovers", {"note": "x" * 4001}, Role.OPERATOR, 400),
        ("{circuit}/ticket", {"number": ""}, Role.OPERATOR, 400),
        ("{circuit}/ticket", {"number": "1", "opened_at": "2098-01-01T00:00Z"}, Role.OPERATOR, 400),
        ("{circuit}/ticket", {"number": "1", "opened_at": "2016-01-01T00:00"}, Role.OPERATOR, 422),
        ("{device}/ticket", {"number": "1"}, Role.OPERATOR, 400),
        ("/api/v1/alerts/0000000000000000/note", {"text": "x"}, Role.OPERATOR, 404),
    ],
)
def test_what_may_not_be_or_makes_no_sense_is_refused(
    noc: Site,
    program: Callable[[Role], Program],
    call: str,
    body: dict[str, object],
    role: Role,
    status: int,
) -> None:
    """Each with a sentence."""
    places = {
        "circuit": path_of(noc, "circuit-down", "dien-ban-1"),
        "device": path_of(noc, "device-down"),
    }
    answer = program(role).post(call.format(**places), body)

    assert answer.status_code == status
    assert json.loads(answer.data)["detail"]
