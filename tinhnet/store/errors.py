# SPDX-License-Identifier: MIT
"""What can go wrong with the state, in an operator's words."""

from sqlalchemy.exc import DBAPIError

from tinhnet.errors import TinhnetError, message_id


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
        message_id("%(where)s: no room is left for the state (%(said)s)"),
        message_id("make room on that disk; nothing was half-written, and work goes on by itself"),
    ),
    (
        "could not extend file",
        StoreFullError,
        message_id("%(where)s: the database server has no room left (%(said)s)"),
        message_id("make room on its disk; nothing was half-written"),
    ),
    (
        "no space left on device",
        StoreFullError,
        message_id("%(where)s: the database server has no room left (%(said)s)"),
        message_id("make room on its disk; nothing was half-written"),
    ),
    (
        "readonly database",
        StoreReadOnlyError,
        message_id("%(where)s: the state cannot be written by this user (%(said)s)"),
        message_id("run as the product's user, or make the directory writable"),
    ),
    (
        "read-only transaction",
        StoreReadOnlyError,
        message_id("%(where)s: the database is read-only (%(said)s)"),
        message_id("connect to the primary server"),
    ),
    (
        "unable to open database file",
        StoreReadOnlyError,
        message_id("%(where)s: the state cannot be opened (%(said)s)"),
        message_id("the directory must exist and be writable for the product's user"),
    ),
    (
        "disk i/o error",
        StoreDamagedError,
        message_id("%(where)s: the disk of the state does not work (%(said)s)"),
        message_id("look at the kernel's messages; restore a backup on another disk"),
    ),
    (
        "malformed",
        StoreDamagedError,
        message_id("%(where)s: the state is damaged (%(said)s)"),
        message_id("keep the file, restore the last backup (docs/operate.md)"),
    ),
    (
        "not a database",
        StoreDamagedError,
        message_id("%(where)s: the file is no database (%(said)s)"),
        message_id("keep the file, restore the last backup (docs/operate.md)"),
    ),
    (
        "database is locked",
        StoreBusyError,
        message_id("%(where)s: another process keeps the state locked (%(said)s)"),
        message_id("end the program that writes it; try again"),
    ),
    (
        "connection",
        StoreUnreachableError,
        message_id("%(where)s: the database server does not answer (%(said)s)"),
        message_id("is it running, and is store.url right?"),
    ),
    (
        "authentication failed",
        StoreUnreachableError,
        message_id("%(where)s: the database server refuses the login (%(said)s)"),
        message_id("check store.url and the secret named by store.password_secret"),
    ),
)


def translated(error: DBAPIError, where: str) -> StoreError | None:
    """Return the error for people, None when it is a mistake of ours and must rise as it is."""
    said = str(error.orig).strip()
    lowered = said.lower()
    for part, kind, message, hint in _TABLE:
        if part in lowered:
            return kind(message, hint, where=where, said=said.splitlines()[0])
    return None
