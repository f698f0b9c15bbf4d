# SPDX-License-Identifier: MIT
"""What can go wrong with samples, in an operator's words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from tinhnet.errors import TinhnetError, message_id


class SeriesError(TinhnetError):
    """Samples cannot be read or written; nothing was half-written."""


class SeriesFullError(SeriesError):
    """No room is left where samples are kept."""


class SeriesReadOnlyError(SeriesError):
    """The user of this process may not write the samples."""


class SeriesDamagedError(SeriesError):
    """A part of the samples is not what was written; the rest can be read."""


class SeriesBusyError(SeriesError):
    """Another process writes the samples."""


class SeriesVersionError(SeriesError):
    """The samples were written by a newer product."""


class SeriesUnreachableError(SeriesError):
    """The server of the samples does not answer, or not as Prometheus does."""


_TABLE: tuple[tuple[str, type[SeriesError], str, str], ...] = (
    (
        "disk is full",
        SeriesFullError,
        message_id("%(where)s: no room is left for samples (%(said)s)"),
        message_id("make room on that disk; nothing was half-written, and work goes on by itself"),
    ),
    (
        "readonly database",
        SeriesReadOnlyError,
        message_id("%(where)s: samples cannot be written by this user (%(said)s)"),
        message_id("run as the product's user, or make the directory writable"),
    ),
    (
        "unable to open database file",
        SeriesReadOnlyError,
        message_id("%(where)s: samples cannot be opened (%(said)s)"),
        message_id("the directory must exist and be writable for the product's user"),
    ),
    (
        "disk i/o error",
        SeriesDamagedError,
        message_id("%(where)s: the disk of the samples does not work (%(said)s)"),
        message_id("look at the kernel's messages; restore a backup on another disk"),
    ),
    (
        "malformed",
        SeriesDamagedError,
        message_id("%(where)s: the file of samples is damaged (%(said)s)"),
        message_id("keep the file, restore the last backup (docs/series.md)"),
    ),
    (
        "not a database",
        SeriesDamagedError,
        message_id("%(where)s: the file holds no samples (%(said)s)"),
        message_id("keep the file, restore the last backup (docs/series.md)"),
    ),
    (
        "locked",
        SeriesBusyError,
        message_id("%(where)s: another process keeps the samples locked (%(said)s)"),
        message_id("end the program that writes them; try again"),
    ),
)


@contextmanager
def translating(where: object) -> Iterator[None]:
    """Turn what SQLite says into an error for people; a mistake of ours rises as it is."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        for part, kind, message, hint in _TABLE:
            if part in said.lower():
                raise kind(message, hint, where=where, said=said) from error
        raise
