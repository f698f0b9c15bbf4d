# SPDX-License-Identifier: MIT
"""Who does something, and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person is trusted with; nobody's role contains another's."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    APPROVER = "approver"
    SECURITY = "security"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or some program, on whose behalf an action runs.

    `name` is a user's name, `token:<name>` or `local:<login>`.  `via`: "web",
    "api", "cli" or "worker".  `address` is where a request came from, None
    for a command on this machine.
    """

    name: str
    roles: frozenset[Role]
    via: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person with a login; `is_enabled` False keeps the name and refuses the login."""

    name: str
    full_name: str
    roles: frozenset[Role]
    is_enabled: bool
    created_at: datetime
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class Token:
    """A credential of a program; the secret part is stored as a hash only."""

    id: str
    name: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A person signed in from one browser; `address` and `seen_at` are those of the last minute.

    `browser` is what the browser says of itself (RFC 9110, section 10.1.5).
    """

    id: str
    user: str
    address: str | None
    browser: str
    began_at: datetime
    seen_at: datetime
