# SPDX-License-Identifier: MIT
"""Entries of the evidence log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action, chained to the one before.

    `subject` is what it was done to (`job J12`, `user lan`).  `previous` and
    `digest` are SHA-256 in hex; the first entry's `previous` is 64 zeros.
    """

    seq: int
    at: datetime
    actor: str
    via: str
    action: str
    subject: str
    details: Mapping[str, str]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class EvidenceFilter:
    """Which entries are wanted; None means whatever it is.

    `actor` and `subject` are parts of the text, in any case; `action` is a
    whole word such as "job.launch".  `since` is inclusive, `until` is not.
    """

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the evidence log does not hold; `seq` of the entry concerned."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification found; `broken` is None when everything holds.

    `head` is the digest of the last entry, 64 zeros of an empty log: write
    it down elsewhere, and a later cut-off log can be told from a whole one.
    """

    entries: int
    checkpoints: int
    head: str
    broken: Broken | None
