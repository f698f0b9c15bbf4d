# SPDX-License-Identifier: MIT
"""What people do to displays and maps; deed and evidence are one transaction.

A display shows a code, somebody who may pair types it, and the display may
look at the wall for `LASTS` without a login.  It never may do anything else:
its token counts at the wall's addresses only.
"""

import math
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from tinhnet.access import CODE_LETTERS, code_hash, token_hash
from tinhnet.actions import RequestError, record, refuse_hidden, require
from tinhnet.context import Context
from tinhnet.model.actor import Actor
from tinhnet.store import displays, positions
from tinhnet.store.displays import Display
from tinhnet.store.positions import Place
from tinhnet.text import composed

LASTS = timedelta(days=90)
"""How long a display may look after it was paired."""
WAITS = timedelta(minutes=10)
"""How long a code counts."""
TOUCH = timedelta(minutes=1)
"""The last look of a display is written at most this often."""
MOST_WAITING = 100
"""Displays that may show a code at the same time: anybody can ask for one."""
LONGEST_NAME = 80
CODE_LENGTH = 8
TOKEN_BYTES = 32
ID_BYTES = 4
VIEW = "weathermap"
LARGEST = 100_000.0
"""Units of a map that nobody will miss."""


def new_token() -> str:
    """Return what a display keeps as its key; 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def code_of(token: str) -> str:
    """Return the code that a display shows: 40 bits of its key, told apart from it by a hash."""
    number = int.from_bytes(sha256(f"code:{token}".encode()).digest()[:8])
    letters = ""
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(CODE_LETTERS))
        letters += CODE_LETTERS[place]
    return f"{letters[:4]}-{letters[4:]}"


def ask(context: Context, token: str) -> Display:
    """Let a display wait for somebody; a display that waits already goes on waiting."""
    now = context.now
    with context.store.writing() as connection:
        displays.forget_waiting(connection, now - WAITS)
        known = displays.find_by_token(connection, token_hash(token))
        if known is not None:
            return known
        if displays.count_waiting(connection) >= MOST_WAITING:
            raise RequestError(
                "%(most)s displays wait to be paired already",
                "wait ten minutes: codes that nobody typed are forgotten",
                most=MOST_WAITING,
            )
        display = Display(secrets.token_hex(ID_BYTES), "", now)
        displays.add_display(connection, display, code_hash(code_of(token)), token_hash(token))
    return display


def display_of(context: Context, token: str) -> Display | None:
    """Return the display that may look with this key, None for any other key."""
    with context.store.reading() as connection:
        found = displays.find_by_token(connection, token_hash(token))
    now = context.now
    if found is None or found.paired_at is None or found.ends_at is None or found.ends_at <= now:
        return None
    if found.seen_at is None or now - found.seen_at > TOUCH:
        with context.store.writing() as connection:
            displays.set_seen(connection, found.id, now)
    return found


def pair(context: Context, actor: Actor, code: str, name: str) -> Display:
    """Let the display that shows this code look at the wall."""
    require(context, actor, "display.pair", "display")
    refuse_hidden([("name", name)])
    called, now = composed(name), context.now
    if not called or len(called) > LONGEST_NAME:
        raise RequestError(
            "a display needs a name of 1 to %(most)s characters",
            "name the room it hangs in",
            most=LONGEST_NAME,
        )
    with context.store.writing() as connection:
        displays.forget_waiting(connection, now - WAITS)
        found = displays.find_by_code(connection, code_hash(code))
        if found is None or found.paired_at is not None:
            raise RequestError(
                "no display shows this code",
                "type the code that stands on the display now; it changes every ten minutes",
            )
        paired = replace(
            found, name=called, paired_at=now, paired_by=actor.name, ends_at=now + LASTS
        )
        displays.set_paired(connection, paired)
        details = {"name": called, "ends_at": (now + LASTS).isoformat()}
        record(context, connection, actor, "display.pair", f"display {found.id}", details)
    return paired


def revoke(context: Context, actor: Actor, id_: str) -> Display:
    """Take a display's right to look back; it shows a code from then on."""
    require(context, actor, "display.pair", f"display {id_}")
    with context.store.writing() as connection:
        found = displays.find_display(connection, id_)
        if found is None or not displays.remove_display(connection, id_):
            raise RequestError("there is no display %(id)s", "reload the list", id=id_)
        details = {"name": found.name}
        record(context, connection, actor, "display.revoke", f"display {id_}", details)
    return found


def arrange(context: Context, actor: Actor, places: Mapping[str, Place]) -> None:
    """Keep where things stand on the weathermap, for everybody."""
    require(context, actor, "map.arrange", "weathermap")
    for thing, place in places.items():
        if not all(math.isfinite(one) and abs(one) <= LARGEST for one in place):
            raise RequestError("%(thing)s stands nowhere on the map", thing=thing)
    with context.store.writing() as connection:
        positions.put_places(connection, VIEW, places)
        details = {"moved": ", ".join(sorted(places))[:500]}
        record(context, connection, actor, "map.arrange", "weathermap", details)


def rearrange(context: Context, actor: Actor) -> None:
    """Lay the weathermap out as it came."""
    require(context, actor, "map.arrange", "weathermap")
    with context.store.writing() as connection:
        count = positions.clear_places(connection, VIEW)
        record(context, connection, actor, "map.reset", "weathermap", {"places": str(count)})
