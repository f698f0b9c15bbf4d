# SPDX-License-Identifier: MIT
"""Rows of the evidence log as they leave the product: CLI, API and exports alike.

The shapes are contracts: docs/contracts/evidence.schema.json.
"""

from tinhnet.console import Cell
from tinhnet.model.audit import AuditEntry, Verification


def entry_row(entry: AuditEntry) -> dict[str, Cell]:
    """Return an entry as plain JSON."""
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "actor": entry.actor,
        "via": entry.via,
        "action": entry.action,
        "subject": entry.subject,
        "details": dict(entry.details),
        "previous": entry.previous,
        "digest": entry.digest,
    }


def verification_row(found: Verification) -> dict[str, Cell]:
    """Return a verification as plain JSON."""
    broken = found.broken
    return {
        "ok": broken is None,
        "entries": found.entries,
        "checkpoints": found.checkpoints,
        "head": found.head,
        "broken": None if broken is None else {"seq": broken.seq, "reason": broken.reason},
    }
