# SPDX-License-Identifier: MIT
"""The wall: what it shows, who may look, and how it says that it knows nothing."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.webui import watching
from tests.webui.conftest import Site, post
from tinhnet.alerting import display_actions
from tinhnet.model.observation import State
from tinhnet.store.evidence import newest_entries

CODE = re.compile(r'id="code">([A-Z2-9]{4}-[A-Z2-9]{4})<')


def tile(page: str, name: str) -> str:
    """Return what a tile says to a screen reader."""
    found = re.search(rf'aria-label="([^"]*{name}[^"]*)"', page)
    return found[1] if found else ""


def test_before_anybody_watches_the_wall_is_grey_and_says_what_to_do(site: Site) -> None:
    """Green without data would be a lie."""
    watching.measure(site.context, 0.1)
    page = site.visit("minh").get("/wall").get_data(as_text=True)

    assert 'class="board stale"' in page
    assert "start the worker collect" in page
    assert tile(page, "Điện Bàn").endswith("unknown")


def test_the_wall_shows_states_problems_load_events_and_the_age_of_data(site: Site) -> None:
    """What a shift asks of it at a glance."""
    watching.watch_afternoon(site.context)
    page = site.visit("minh").get("/wall").get_data(as_text=True)

    assert 'class="board"' in page
    assert "degraded 12 min" in tile(page, "Điện Bàn")
    assert tile(page, "Hội An").endswith("up")
    assert page.count('class="tile"') == 42
    assert "Circuit down: dien-ban-1 does not answer" in page
    assert "degraded: Điện Bàn Town" in page
    assert re.search(r"tien-phuoc-1</th>", page)
    assert "OSPF mất láng giềng dien-ban-cpe1" in page
    assert 'data-age-of="' in page


def test_silence_of_all_collectors_turns_it_grey(site: Site) -> None:
    """What was seen eleven seconds ago is not how it stands."""
    watching.look(site.context, site.context.now - timedelta(seconds=11))
    page = site.visit("minh").get("/wall").get_data(as_text=True)

    assert 'class="board stale"' in page
    assert "No collector has written for" in page
    assert tile(page, "Hội An").endswith("unknown")


def test_a_stranger_sees_a_code_and_nothing_else(site: Site) -> None:
    """The wall shows every weakness of the province at once."""
    stranger = site.visit()

    assert stranger.get("/wall").location == "/wall/pair"
    assert stranger.get("/wall/board", headers={"HX-Request": "true"}).status_code == 401
    assert stranger.get("/wall/live").status_code == 302
    assert CODE.search(stranger.get("/wall/pair").get_data(as_text=True))
    assert stranger.get("/wall/pair/state").status_code == 204


@pytest.fixture
def display(site: Site) -> FlaskClient:
    """Return a screen that the operator paired through the pages."""
    screen = site.visit()
    found = CODE.search(screen.get("/wall/pair").get_data(as_text=True))
    assert found is not None
    fields: dict[str, str | list[str]] = {"code": found[1].lower(), "name": "Tường trái"}
    assert post(site.visit("tuan"), "/displays", fields, page="/displays").status_code == 303
    return screen


def test_a_paired_display_sees_the_wall_and_only_the_wall(display: FlaskClient) -> None:
    """Its cookie does not even travel elsewhere."""
    answer = display.get("/wall/pair/state")

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/wall")
    assert display.get("/wall").status_code == 200
    assert display.get("/wall/board").status_code == 200
    for path in ("/", "/alerts", "/links/dien-ban-1", "/displays", "/live"):
        assert display.get(path).status_code == 302, path
    cookie = display.get_cookie("tinhnet_display", path="/wall")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.path == "/wall"


def test_a_revoked_display_is_out_at_its_next_request(site: Site, display: FlaskClient) -> None:
    """Listed, revocable, and both in the evidence log."""
    operator = site.visit("tuan")
    page = operator.get("/displays").get_data(as_text=True)
    found = re.search(r'action="(/displays/[0-9a-f]+/revoke)"', page)
    assert found is not None
    post(operator, found[1], {}, page="/displays")
    with site.context.store.reading() as connection:
        done = [one.action for one in newest_entries(connection, limit=2)]

    assert "Tường trái" in page
    assert display.get("/wall").location == "/wall/pair"
    assert done == ["display.revoke", "display.pair"]


def test_a_wrong_code_pairs_nothing_and_says_so(site: Site) -> None:
    """The form stands there again with what was typed."""
    fields: dict[str, str | list[str]] = {"code": "ABCD-EFGH", "name": "x"}
    answer = post(site.visit("tuan"), "/displays", fields, page="/displays")

    assert answer.status_code == 422
    assert "No display shows this code" in answer.get_data(as_text=True)


def test_a_viewer_may_not_pair(site: Site) -> None:
    """Looking oneself is one thing, opening a screen for everybody another."""
    assert site.visit("minh").get("/displays").status_code == 403


def test_overview_and_lists_count_and_filter_by_state(site: Site) -> None:
    """Every number leads to the list that makes it."""
    watching.look(site.context, site.context.now, link__dien_ban_1=State.DOWN)
    client = site.visit("minh")
    page = client.get("/").get_data(as_text=True)
    listed = client.get("/links?state=down").get_data(as_text=True)

    assert re.search(r'href="/links\?state=down">.*?<span class="number">1</span>', page)
    assert re.search(r'href="/sites\?state=degraded">.*?<span class="number">1</span>', page)
    assert ">1 row<" in listed
    assert "dien-ban-1" in listed
    assert "22<small>/22" in page


def test_a_code_is_not_the_key() -> None:
    """Whoever reads the screen gets the code, which is worth nothing once it was used."""
    token = display_actions.new_token()

    assert display_actions.code_of(token) not in token
