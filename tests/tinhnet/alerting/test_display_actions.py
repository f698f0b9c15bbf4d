# SPDX-License-Identifier: MIT
"""A display is paired by a code, may look for 90 days, and is stopped by one click."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.clock import START, Clock
from tinhnet.access import AccessDeniedError
from tinhnet.actions import RequestError
from tinhnet.alerting import display_actions
from tinhnet.context import Context
from tinhnet.model.actor import Actor, Role
from tinhnet.store import displays, positions
from tinhnet.store.evidence import newest_entries

TUAN = Actor("tuan", frozenset({Role.OPERATOR}), "web")
MINH = Actor("minh", frozenset({Role.VIEWER}), "web")


def actions_of(context: Context) -> list[tuple[str, str]]:
    """Return what the evidence log says was done, newest first."""
    with context.store.reading() as connection:
        return [(one.action, one.actor) for one in newest_entries(connection, limit=20)]


def test_a_display_looks_after_somebody_typed_its_code(context: Context) -> None:
    """Letters are typed as people type them: small, with a blank."""
    token = display_actions.new_token()
    display_actions.ask(context, token)
    before = display_actions.display_of(context, token)
    typed = display_actions.code_of(token).lower().replace("-", " ")
    paired = display_actions.pair(context, TUAN, typed, "  Phòng trực  ")
    after = display_actions.display_of(context, token)

    assert before is None
    assert after is not None
    assert (after.id, after.name, after.paired_by) == (paired.id, "Phòng trực", "tuan")
    assert after.ends_at == START + timedelta(days=90)
    assert actions_of(context)[0] == ("display.pair", "tuan")


def test_it_ends_after_ninety_days_and_when_it_is_revoked(context: Context, clock: Clock) -> None:
    """A screen that was carried away must not look for ever."""
    first, second = display_actions.new_token(), display_actions.new_token()
    for token in (first, second):
        display_actions.ask(context, token)
        display_actions.pair(context, TUAN, display_actions.code_of(token), "màn hình")
    found = display_actions.display_of(context, second)
    assert found is not None
    display_actions.revoke(context, TUAN, found.id)
    revoked = display_actions.display_of(context, second)
    clock.now = START + timedelta(days=90)

    assert revoked is None
    assert display_actions.display_of(context, first) is None
    assert actions_of(context)[0] == ("display.revoke", "tuan")


def test_a_code_counts_once_and_for_ten_minutes(context: Context, clock: Clock) -> None:
    """A photograph of the screen is worth nothing afterwards."""
    late, used = display_actions.new_token(), display_actions.new_token()
    for token in (late, used):
        display_actions.ask(context, token)
    display_actions.pair(context, TUAN, display_actions.code_of(used), "một")
    with pytest.raises(RequestError, match="no display shows this code"):
        display_actions.pair(context, TUAN, display_actions.code_of(used), "hai")
    clock.now = START + timedelta(minutes=10, seconds=1)
    with pytest.raises(RequestError, match="no display shows this code"):
        display_actions.pair(context, TUAN, display_actions.code_of(late), "ba")


def test_who_may_not_pair_does_not_and_that_is_written_down(context: Context) -> None:
    """The wall shows every weakness of the province at once."""
    token = display_actions.new_token()
    display_actions.ask(context, token)
    with pytest.raises(AccessDeniedError):
        display_actions.pair(context, MINH, display_actions.code_of(token), "của tôi")

    assert display_actions.display_of(context, token) is None
    assert actions_of(context)[0] == ("access.deny", "minh")


def test_neither_key_nor_code_is_kept_in_clear(context: Context) -> None:
    """Whoever reads a backup of the state must not become a display."""
    token = display_actions.new_token()
    display_actions.ask(context, token)
    path = Path(context.store.engine.url.database or "")
    kept = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))

    assert token.encode() not in kept
    assert display_actions.code_of(token).encode() not in kept


def test_not_everybody_at_once_may_wait(context: Context, clock: Clock) -> None:
    """Asking needs no login, so it must not fill the disk."""
    for _ in range(display_actions.MOST_WAITING):
        display_actions.ask(context, display_actions.new_token())
    with pytest.raises(RequestError, match="wait to be paired"):
        display_actions.ask(context, display_actions.new_token())
    clock.now = START + timedelta(minutes=11)
    display_actions.ask(context, display_actions.new_token())
    with context.store.reading() as connection:
        assert displays.count_waiting(connection) == 1


def test_places_on_the_map_are_kept_for_everybody_and_forgotten_at_once(context: Context) -> None:
    """One hand arranges it, every screen shows it, and the way back is one click."""
    display_actions.arrange(context, TUAN, {"site:dien-ban": (10.5, 20.0), "device:core1": (1, 2)})
    display_actions.arrange(context, TUAN, {"site:dien-ban": (11.0, 21.0)})
    with context.store.reading() as connection:
        kept = positions.places(connection, display_actions.VIEW)
    display_actions.rearrange(context, TUAN)
    with context.store.reading() as connection:
        after = positions.places(connection, display_actions.VIEW)

    assert kept == {"site:dien-ban": (11.0, 21.0), "device:core1": (1.0, 2.0)}
    assert after == {}
    assert [one for one, _ in actions_of(context)[:2]] == ["map.reset", "map.arrange"]


@pytest.mark.parametrize("place", [(float("nan"), 0.0), (0.0, float("inf")), (1e9, 0.0)])
def test_a_place_must_be_one(context: Context, place: tuple[float, float]) -> None:
    """A thing at infinity is a thing nobody finds again."""
    with pytest.raises(RequestError, match="stands nowhere"):
        display_actions.arrange(context, TUAN, {"site:dien-ban": place})
