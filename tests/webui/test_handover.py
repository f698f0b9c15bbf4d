# SPDX-License-Identifier: MIT
"""Shift handover on its page: given by one, taken by another, kept as it was."""

from dataclasses import replace

import pytest

from tests.webui.afternoon import seed
from tests.webui.conftest import Site, post
from tinhnet.store import alerts
from tinhnet.store.shifts import list_handovers


@pytest.fixture(scope="module")
def noc(site: Site) -> Site:
    """Return an application with an afternoon of alerts and windows."""
    seed(site.context.store, site.context.now)
    return site


def give(noc: Site, name: str = "lan", note: str = "Điện Bàn chờ VNPT") -> str:
    """Hand over; return the address of what was kept."""
    return post(noc.visit(name), "/handover", {"note": note}, page="/handover").location or ""


def test_the_page_shows_what_would_be_handed_over(noc: Site) -> None:
    """Open alerts, silences about to lapse, planned work: nothing is told by memory."""
    page = noc.visit("minh", "en").get("/handover").get_data(as_text=True)

    assert "Circuit down: dien-ban-1 does not answer" in page
    assert "service:portal" in page
    assert "carrier:vnpt" in page
    assert "No job runs" in page
    assert "Sign off and hand over" not in page


def test_one_gives_and_another_takes_and_both_are_named(noc: Site) -> None:
    """Who gave it is told to let somebody else take it; then it is signed twice."""
    address = give(noc)
    mine = noc.visit("lan", "en").get(address).get_data(as_text=True)
    theirs = noc.visit("tuan", "en").get(address).get_data(as_text=True)
    refused = post(noc.visit("lan", "en"), f"{address}/take", {})
    said = noc.visit("lan", "en").get(refused.location or "")
    post(noc.visit("tuan", "en"), f"{address}/take", {}, page=address)
    signed = noc.visit("minh", "en").get(address).get_data(as_text=True)

    assert "I take it over" not in mine
    assert "You gave it." in mine
    assert "I take it over" in theirs
    assert said.status_code == 200
    with noc.context.store.reading() as connection:
        newest = list_handovers(connection, limit=1)[0]
    assert (newest.given_by, newest.taken_by) == ("lan", "tuan")
    assert "Điện Bàn chờ VNPT" in signed
    assert "<strong>tuan</strong>" in signed


def test_a_handover_stays_as_it_was_signed(noc: Site) -> None:
    """What is resolved afterwards was open when the shift ended."""
    address = give(noc)
    with noc.context.store.writing() as connection:
        (one,) = [
            found
            for found in alerts.list_alive(connection)
            if found.alert.thing == "link:dien-ban-1"
        ]
        over = replace(one.alert, since=None, resolved_at=noc.context.now)
        alerts.put_alerts(connection, [replace(one, alert=over, title_en="Over")])
    kept = noc.visit("minh", "en").get(address).get_data(as_text=True)
    with noc.context.store.writing() as connection:
        alerts.put_alerts(connection, [one])

    assert "Circuit down: dien-ban-1 does not answer" in kept


def test_a_newer_handover_replaces_one_that_waits(noc: Site) -> None:
    """The list says so, and nobody takes the old one."""
    old, new = give(noc, note="một"), give(noc, note="hai")
    page = noc.visit("tuan", "en").get(old).get_data(as_text=True)
    listed = noc.visit("tuan", "en").get("/handover").get_data(as_text=True)

    assert "A newer handover replaced it" in page
    assert "I take it over" not in page
    assert "replaced" in listed
    assert f"{new.rsplit('/', 1)[1]} waits to be taken over." in listed


def test_a_viewer_signs_nothing(noc: Site) -> None:
    """Reading is for everybody, signing is not."""
    address = give(noc)
    client = noc.visit("minh")

    assert post(client, "/handover", {"note": ""}).status_code == 403
    assert post(client, f"{address}/take", {}).status_code == 403
    assert client.get("/handover/H999").status_code == 404
    assert client.get(address).status_code == 200
