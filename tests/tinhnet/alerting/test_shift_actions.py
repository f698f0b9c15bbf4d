# SPDX-License-Identifier: MIT
"""Two people sign a shift, and a carrier's clock runs from one moment."""

from datetime import datetime, timedelta

import pytest

from tests.clock import START, Clock
from tests.webui.afternoon import afternoon, seed
from tinhnet.access import AccessDeniedError
from tinhnet.actions import RequestError
from tinhnet.alerting import shift_actions
from tinhnet.context import Context
from tinhnet.model.actor import Actor, Role
from tinhnet.store.evidence import newest_entries

LAN = Actor("lan", frozenset({Role.ENGINEER}), "web")
TUAN = Actor("tuan", frozenset({Role.OPERATOR}), "web")
MINH = Actor("minh", frozenset({Role.VIEWER}), "web")


@pytest.fixture
def context(context: Context) -> Context:
    """Return a state with an afternoon of alerts."""
    seed(context.store, START)
    return context


def circuit(now: datetime = START) -> str:
    """Return the fingerprint of the cut circuit."""
    return afternoon(now)[1].alert.fingerprint


def test_a_handover_holds_what_was_open_when_it_was_given(context: Context, clock: Clock) -> None:
    """What happens afterwards belongs to the next shift."""
    shift_actions.keep_ticket(context, LAN, circuit(), ("VNPT", "SC-7", ""))
    given = shift_actions.give_handover(context, LAN, "Điện Bàn chờ VNPT")
    clock.now = START + timedelta(hours=9)
    later = shift_actions.shift_now(context)

    kinds = [one.kind for one in given.lines]
    assert (kinds.count("alert"), kinds.count("silence"), kinds.count("maintenance")) == (4, 1, 1)
    assert [one.detail for one in given.lines if one.id == circuit()] == ["VNPT SC-7"]
    assert "silence" not in {one.kind for one in later}


def test_who_gave_a_shift_cannot_take_it_and_another_can_once(context: Context) -> None:
    """One person alone never hands the NOC over."""
    given = shift_actions.give_handover(context, LAN, "")
    with pytest.raises(RequestError, match="cannot take it over"):
        shift_actions.take_handover(context, LAN, given.number)
    taken = shift_actions.take_handover(context, TUAN, given.number)
    with pytest.raises(RequestError, match="taken over already by tuan"):
        shift_actions.take_handover(context, TUAN, given.number)

    assert (taken.given_by, taken.taken_by) == ("lan", "tuan")


def test_only_the_newest_handover_is_taken(context: Context) -> None:
    """A shift that was described twice is taken as it was described last."""
    old = shift_actions.give_handover(context, LAN, "")
    new = shift_actions.give_handover(context, LAN, "quên một việc")
    with pytest.raises(RequestError, match="replaced by a newer"):
        shift_actions.take_handover(context, TUAN, old.number)
    with pytest.raises(RequestError, match="no handover H99"):
        shift_actions.take_handover(context, TUAN, 99)

    assert shift_actions.take_handover(context, TUAN, new.number).taken_by == "tuan"


def test_both_signatures_name_the_same_content_in_the_evidence(context: Context) -> None:
    """Whoever changes a kept handover is found out: its digest is in the log, twice."""
    given = shift_actions.give_handover(context, LAN, "ghi chú")
    shift_actions.take_handover(context, TUAN, given.number)
    with context.store.reading() as connection:
        taken, gave = newest_entries(connection, limit=2)

    assert (gave.action, gave.actor, taken.action, taken.actor) == (
        "shift.give",
        "lan",
        "shift.take",
        "tuan",
    )
    assert gave.details["sha256"] == taken.details["sha256"] == shift_actions.digest_of(given)


def test_a_viewer_signs_nothing_and_is_written_down(context: Context) -> None:
    """Roles are asked where the deed is done."""
    for deed in (
        lambda: shift_actions.give_handover(context, MINH, ""),
        lambda: shift_actions.take_handover(context, MINH, 1),
        lambda: shift_actions.keep_ticket(context, MINH, circuit(), ("VNPT", "1", "")),
    ):
        with pytest.raises(AccessDeniedError):
            deed()
    with context.store.reading() as connection:
        assert {one.action for one in newest_entries(connection, limit=3)} == {"access.deny"}


def test_a_corrected_ticket_keeps_its_clock(context: Context, clock: Clock) -> None:
    """The carrier's time runs from the first call, not from our typing error."""
    first = shift_actions.keep_ticket(context, LAN, circuit(), ("VNPT", "SC-7", ""))
    clock.now = START + timedelta(minutes=20)
    fixed = shift_actions.keep_ticket(context, TUAN, circuit(), ("VNPT", "SC-77", "nhầm số"))
    said = START - timedelta(minutes=3)
    moved = shift_actions.keep_ticket(context, TUAN, circuit(), ("VNPT", "SC-77", ""), said)

    assert (first.opened_at, fixed.opened_at, moved.opened_at) == (START, START, said)


@pytest.mark.parametrize(
    ("number", "opened", "said"),
    [
        ("", None, "ticket number of 1 to"),
        ("x" * 61, None, "ticket number of 1 to"),
        ("SC-1", START + timedelta(hours=1), "time to come"),
    ],
)
def test_a_ticket_without_sense_is_refused(
    context: Context, number: str, opened: datetime | None, said: str
) -> None:
    """Nothing is kept that nobody could ask the carrier about."""
    with pytest.raises(RequestError, match=said):
        shift_actions.keep_ticket(context, LAN, circuit(), ("VNPT", number, ""), opened)


def test_a_note_that_is_too_long_and_an_unknown_alert_are_refused(context: Context) -> None:
    """Both are told, nothing is half done."""
    with pytest.raises(RequestError, match="more than 4000"):
        shift_actions.give_handover(context, LAN, "x" * 4001)
    with pytest.raises(RequestError, match="no alert"):
        shift_actions.keep_ticket(context, LAN, "0" * 16, ("VNPT", "1", ""))
