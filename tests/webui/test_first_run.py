# SPDX-License-Identifier: MIT
"""The first admin: a page for whoever has the code, once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webui.conftest import PASSWORD, Site, post, settings, write_playbooks
from tinhnet import entrance
from tinhnet.context import open_context
from tinhnet.store.evidence import newest_entries
from webui.application import create_application

pytestmark = pytest.mark.patient

FIELDS: dict[str, str | list[str]] = {
    "name": "lan",
    "full_name": "Nguyễn Thị Lan",
    "password": PASSWORD,
    "again": PASSWORD,
}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Site]:
    """Return an application in which nobody exists."""
    write_playbooks(tmp_path / "playbooks")
    loaded = settings(tmp_path / "state", tmp_path / "playbooks")
    context = open_context(loaded)
    yield Site(create_application(context, loaded), context, loaded)
    context.store.close()


def deeds(site: Site) -> list[str]:
    """Return the actions in the log, oldest first."""
    with site.context.store.reading() as connection:
        return [one.action for one in reversed(newest_entries(connection))]


def test_a_visitor_of_a_new_installation_is_led_to_the_first_admin(empty: Site) -> None:
    """A login form that nobody can fill in is a dead end."""
    client = empty.visit()

    assert client.get("/login").location == "/first-run"
    page = client.get("/first-run").get_data(as_text=True)
    assert "tinhnet user add NAME --role admin" in page
    assert 'name="code"' not in page, "no code was printed, so none can be typed"


def test_the_code_makes_one_admin_and_the_page_is_gone(empty: Site) -> None:
    """The whole way: code, admin, login, and no second time."""
    code = entrance.offer_first_run(empty.context)
    assert code is not None
    client = empty.visit()

    made = post(client, "/first-run", FIELDS | {"code": code.lower()}, page="/first-run")

    assert (made.status_code, made.location) == (303, "/login")
    assert "lan was made" in client.get("/login").get_data(as_text=True)
    assert empty.visit("lan").get("/people").status_code == 200
    assert client.get("/first-run").status_code == 404
    assert client.get("/login").status_code == 200
    assert entrance.offer_first_run(empty.context) is None
    assert deeds(empty) == ["first.offer", "first.accept", "login.accept"]
    kept = b"".join(path.read_bytes() for path in empty.context.config.state.glob("state.db*"))
    assert code.encode() not in kept


def test_without_the_code_nobody_becomes_admin_and_guessing_pauses(empty: Site) -> None:
    """The first visitor from anywhere must not own the province."""
    client = empty.visit()
    offered = entrance.offer_first_run(empty.context)
    newer = entrance.offer_first_run(empty.context)
    assert offered is not None
    assert newer is not None

    for code in ("", offered, "AAAA-AAAA-AAAA-AAAA", "BBBB", "CCCC"):
        answer = post(client, "/first-run", FIELDS | {"code": code}, page="/first-run")
        assert answer.status_code == 422
        assert "The code is wrong or was used." in answer.get_data(as_text=True)
    paused = post(client, "/first-run", FIELDS | {"code": newer}, page="/first-run")

    assert "try again in" in paused.get_data(as_text=True)
    assert entrance.is_first_run(empty.context)
    assert deeds(empty).count("first.refuse") == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Viết Hoa"}, "is no user name; expected a-z first"),
        ({"password": "ngan", "again": "ngan"}, "at least 12 are needed"),
        ({"again": "khac"}, "differ"),
    ],
    ids=["name", "short password", "other password"],
)
def test_a_slip_keeps_the_code_good(empty: Site, change: dict[str, str], said: str) -> None:
    """Whoever mistypes a password must not have to start the product again."""
    code = entrance.offer_first_run(empty.context)
    assert code is not None
    client = empty.visit()

    slipped = post(client, "/first-run", FIELDS | {"code": code} | change, page="/first-run")
    again = post(client, "/first-run", FIELDS | {"code": code}, page="/first-run")

    assert slipped.status_code == 422
    assert said in slipped.get_data(as_text=True)
    assert re.search(r'value="Nguyễn Thị Lan"', slipped.get_data(as_text=True))
    assert again.status_code == 303
