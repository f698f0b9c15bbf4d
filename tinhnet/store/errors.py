# SPDX-License-Identifier: MIT
"""What can go wrong with the state, in an operator's words."""

from sqlalchemy.exc import DBAPIError

from tinhnet.errors import TinhnetError


class StoreError(TinhnetError):
    """The state cannot be read or written; nothing was half-written."""


class StoreFullError(StoreError):
    """No room is left where the state is kept."""


class StoreReadOnlyError(StoreError):
    """The user of this process may not write the state."""


class StoreDamagedError(StoreError):
    """The file is no database, or a damaged one."""


class StoreBusyError(StoreError):
    """Somebody else kept the state locked for too long."""


class StoreUnreachableError(StoreError):
    """The database server does not answer, or refuses us."""


class SchemaOlderError(StoreError):
    """The state was written by an older product and must be migrated first."""


class SchemaNewerError(StoreError):
    """The state was written by a newer product."""


_TABLE: tuple[tuple[str, type[StoreError], str, str], ...] = (
    (
        "disk is full",
        StoreFullError,
        "no room is left for the state",
        "make room on that disk; nothing was half-written, and work goes on by itself",
    ),
    (
        "could not extend file",
        StoreFullError,
        "the database server has no room left",
        "make room on its disk; nothing was half-written",
    ),
    (
        "no space left on device",
        StoreFullError,
        "the database server has no room left",
        "make room on its disk; nothing was half-written",
    ),
    (
        "readonly database",
        StoreReadOnlyError,
        "the state cannot be written by this user",
        "run as the product's user, or make the directory writable",
    ),
    (
        "read-only transaction",
        StoreReadOnlyError,
        "the database is read-only",
        "connect to the primary server",
    ),
    (
        "unable to open database file",
        StoreReadOnlyError,
        "the state cannot be opened",
        "the directory must exist and be writable for the product's user",
    ),
    (
        "disk i/o error",
        StoreDamagedError,
        "the disk of the state does not work",
        "look at the kernel's messages; restore a backup on another disk",
    ),
    (
        "malformed",
        StoreDamagedError,
        "the state is damaged",
        "keep the file, restore the last backup (docs/operate.md)",
    ),
    (
        "not a database",
        StoreDamagedError,
        "the file is no database",
        "keep the file, restore the last backup (docs/operate.md)",
    ),
    (
        "database is locked",
        StoreBusyError,
        "another process keeps the state locked",
        "end the program that writes it; try again",
    ),
    (
        "connection",
        StoreUnreachableError,
        "the database server does not answer",
        "is it running, and is store.url right?",
    ),
    (
        "authentication failed",
        StoreUnreachableError,
        "the database server refuses the login",
        "check store.url and the secret named by store.password_secret",
    ),
)


def translated(error: DBAPIError, where: str) -> StoreError | None:
    """Return the error for people, None when it is a mistake of ours and must rise as it is."""
    said = str(error.orig).strip()
    lowered = said.lower()
    for part, kind, message, hint in _TABLE:
        if part in lowered:
            return kind(f"{where}: {message} ({said.splitlines()[0]})", hint)
    return None
