# SPDX-License-Identifier: MIT
"""What an agent's answer can hold."""

from enum import Enum
from ipaddress import IPv4Address


class Absent(Enum):
    """Why there is no value (RFC 3416, section 3): an answer of its own, never zero."""

    NO_SUCH_OBJECT = "no such object"
    NO_SUCH_INSTANCE = "no such instance"
    END_OF_MIB_VIEW = "end of MIB view"


Value = int | bytes | str | IPv4Address | Absent | None
"""Integers and counters; octet strings and opaques; names as dotted text; addresses; NULL."""


def as_number(value: Value) -> int | None:
    """Return a number, None when the agent gave none."""
    return value if isinstance(value, int) else None


def as_text(value: Value) -> str | None:
    """Return text as people may read it, None when the agent gave none.

    Agents hold bytes of unknown coding: UTF-8 is tried, then Latin-1.
    Control characters become spaces, so that nothing a device says can move
    a cursor or begin a line.
    """
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return text.strip()
