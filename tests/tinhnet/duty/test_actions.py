# SPDX-License-Identifier: MIT
"""The duty calendar: who may write into it, and that every line of it is evidence."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tinhnet.access import AccessDeniedError
from tinhnet.actions import RequestError
from tinhnet.config import load_config
from tinhnet.context import Context, open_context
from tinhnet.duty.actions import DutyRequest, add_duties, known_persons, remove_duty
from tinhnet.inventory import load
from tinhnet.model.actor import Actor, Role
from tinhnet.store.duties import list_duties
from tinhnet.store.evidence import newest_entries

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 28, 11, 30, tzinfo=UTC)
WEEK = timedelta(days=7)
OPERATOR = Actor("tuan", frozenset({Role.OPERATOR}), "web")
ONE = DutyRequest(("noc",), 1, NOW, NOW + WEEK)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """Return a state over the small province, with one receiver of a person."""
    (tmp_path / "notify.d").mkdir()
    (tmp_path / "notify.d" / "lan.toml").write_text(
        'format = 1\nnotifier = "webhook"\nperson = "lan"\n'
    )
    environment = {
        "TINHNET_STATE": str(tmp_path / "var"),
        "TINHNET__INVENTORY": str(ROOT / "tests/cases/inventory-small"),
    }
    opened = open_context(load_config(environment, tmp_path), lambda: NOW)
    yield opened
    opened.store.close()


def test_a_weekly_handover_is_several_duties(context: Context) -> None:
    """Two persons share ten weeks; each line can be taken out by itself."""
    kept = add_duties(context, OPERATOR, replace(ONE, persons=("noc", "lan"), times=4))
    remove_duty(context, OPERATOR, kept[1].number)

    with context.store.reading() as connection:
        left = list_duties(connection, NOW, NOW + 10 * WEEK)
        deeds = [one.action for one in newest_entries(connection)]
    assert [(one.person, (one.start - NOW) // WEEK) for one in left] == [
        ("noc", 0),
        ("noc", 2),
        ("lan", 3),
    ]
    assert deeds == ["duty.remove", *["duty.add"] * 4]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (replace(ONE, persons=()), "needs a person"),
        (replace(ONE, persons=("eve",)), "nobody is called 'eve'"),
        (replace(ONE, level=0), "a level is a number"),
        (replace(ONE, end=NOW), "ends after it begins"),
        (replace(ONE, end=NOW + 40 * WEEK), "within 31 days"),
        (replace(ONE, times=107), "1 to 106 times"),
        (replace(ONE, start=NOW - 2 * WEEK, end=NOW - WEEK), "must not be over"),
    ],
)
def test_what_makes_no_sense_is_refused(context: Context, request_: DutyRequest, says: str) -> None:
    """A calendar that names nobody looks like one that names somebody."""
    with pytest.raises(RequestError, match=says):
        add_duties(context, OPERATOR, request_)


def test_only_those_who_may_write_into_it(context: Context) -> None:
    """A viewer must not send everybody to bed; the attempt is evidence."""
    with pytest.raises(AccessDeniedError):
        add_duties(context, Actor("minh", frozenset({Role.VIEWER}), "web"), ONE)

    with context.store.reading() as connection:
        assert [one.action for one in newest_entries(connection)] == ["access.deny"]


def test_a_duty_that_is_gone_is_said(context: Context) -> None:
    """Two people with the same page open."""
    with pytest.raises(RequestError, match="there is no duty 7"):
        remove_duty(context, OPERATOR, 7)


def test_people_logins_and_receivers_may_be_named(context: Context) -> None:
    """Whoever can be reached or signs in can be on duty."""
    network = load(context.config.inventory)

    assert known_persons(context, network) == {"lan": "lan", "noc": "Trực vận hành mạng"}
