# SPDX-License-Identifier: MIT
"""Who may do what: a table of permissions, passwords, tokens, pauses after wrong passwords."""

import secrets as randomness
import unicodedata
from datetime import datetime, timedelta
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tinhnet.errors import TinhnetError
from tinhnet.model.actor import Actor, Role, Session
from tinhnet.settings import AccessConfig

EVERYBODY = frozenset(Role)
PERMISSIONS: dict[str, frozenset[Role]] = {
    "network.view": EVERYBODY,
    "job.view": EVERYBODY,
    "job.run.read": frozenset({Role.OPERATOR, Role.ENGINEER}),
    "job.run.change": frozenset({Role.ENGINEER}),
    "job.run.danger": frozenset({Role.ENGINEER}),
    "job.cancel": frozenset({Role.OPERATOR, Role.ENGINEER}),
    "alert.acknowledge": frozenset({Role.OPERATOR, Role.ENGINEER}),
    "alert.silence": frozenset({Role.OPERATOR, Role.ENGINEER}),
    "alert.maintain": frozenset({Role.ENGINEER}),
    "duty.manage": frozenset({Role.OPERATOR, Role.ENGINEER, Role.ADMIN}),
    "shift.hand_over": frozenset({Role.OPERATOR, Role.ENGINEER}),
    "display.pair": frozenset({Role.OPERATOR, Role.ENGINEER, Role.ADMIN}),
    "map.arrange": frozenset({Role.OPERATOR, Role.ENGINEER}),
    "evidence.view": frozenset({Role.APPROVER, Role.SECURITY, Role.ADMIN}),
    "user.view": frozenset({Role.SECURITY, Role.ADMIN}),
    "user.manage": frozenset({Role.ADMIN}),
    "token.manage": frozenset({Role.ADMIN}),
}
"""What each role may do.  Nobody who runs jobs hands out roles, and the other way round."""

TOKEN_PREFIX = "tinhnet_"  # noqa: S105 the visible start of every token, not one of them
TOKEN_BYTES = 32
SESSION_BYTES = 16
SHOWN = 8
"""Letters of a session's id that tell sessions apart."""
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that look like others: I, O, 0, 1."""
CODE_LENGTH = 16
LONGEST_PASSWORD = 1024
"""Characters; hashing an endless password would be a way to keep us busy."""

_HASHER = PasswordHasher()


class AccessDeniedError(TinhnetError):
    """The actor's roles do not permit the action."""


class LoginRefusedError(TinhnetError):
    """Name or password is wrong, or the login is paused; which of them stays untold."""


class PasswordError(TinhnetError):
    """The password is not fit to be one."""


def may(actor: Actor, permission: str) -> bool:
    """Tell whether an actor has a permission; KeyError for one that does not exist."""
    return bool(actor.roles & PERMISSIONS[permission])


def require(actor: Actor, permission: str) -> None:
    """Raise AccessDeniedError unless the actor has the permission."""
    if not may(actor, permission):
        allowed = ", ".join(sorted(PERMISSIONS[permission]))
        held = ", ".join(sorted(actor.roles)) or "none"
        raise AccessDeniedError(
            "%(actor)s may not do this (%(permission)s; roles held: %(held)s)",
            "one of these roles is needed: %(allowed)s; an admin gives them",
            actor=actor.name,
            permission=permission,
            held=held,
            allowed=allowed,
        )


def hash_password(password: str, settings: AccessConfig) -> str:
    """Return the argon2id hash of a password; PasswordError when it is unfit."""
    if len(password) < settings.password_length:
        raise PasswordError(
            "the password has %(length)s characters",
            "at least %(least)s are needed (access.password_length)",
            length=len(password),
            least=settings.password_length,
        )
    if len(password) > LONGEST_PASSWORD:
        raise PasswordError(
            "the password is longer than %(most)s characters", most=LONGEST_PASSWORD
        )
    return _HASHER.hash(_same_letters(password))


def matches(password: str, hashed: str | None) -> bool:
    """Tell whether a password belongs to a hash.

    None (no such user) takes as long as a wrong password, so that names
    cannot be found out by a stopwatch.
    """
    try:
        _HASHER.verify(hashed or _nobody(), _same_letters(password[:LONGEST_PASSWORD]))
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def new_token() -> tuple[str, str, str]:
    """Return (id, token, hash) of a new token; only the hash is ever stored."""
    token = TOKEN_PREFIX + randomness.token_urlsafe(TOKEN_BYTES)
    return randomness.token_hex(4), token, token_hash(token)


def token_hash(token: str) -> str:
    """Return what is stored of a token; 256 random bits need no slow hash."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def new_session_id() -> str:
    """Return the id of a new session; it travels in a signed cookie."""
    return randomness.token_hex(SESSION_BYTES)


def shown(session: Session) -> str:
    """Return as much of a session's id as lists and evidence show."""
    return session.id[:SHOWN]


def new_code() -> str:
    """Return a one-time code of 80 random bits that people can read out and type."""
    letters = [randomness.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, CODE_LENGTH, 4))


def code_hash(code: str) -> str:
    """Return what is stored of a code; case, blanks and hyphens are as people type them."""
    typed = "".join(letter for letter in code.upper() if letter in CODE_LETTERS)
    return sha256(typed.encode()).hexdigest()


def paused_until(count: int, last_at: datetime, settings: AccessConfig) -> datetime:
    """Return the moment from which a login is looked at again.

    `count` wrong passwords in a row, the last at `last_at`; each one beyond
    `attempts` doubles the pause up to `pause_max_s`.
    """
    if count < settings.attempts:
        return last_at
    doublings = min(count - settings.attempts, 32)
    return last_at + timedelta(seconds=min(settings.pause_s * 2**doublings, settings.pause_max_s))


def _nobody() -> str:
    """Return a well-formed hash that no password has."""
    return (
        "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA"
        "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    )


def _same_letters(password: str) -> str:
    """Return composed letters: one Vietnamese keyboard types ệ as one sign, another as three."""
    return unicodedata.normalize("NFC", password)
