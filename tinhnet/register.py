# SPDX-License-Identifier: MIT
"""The register of certificates that were issued: as text, and as OpenSSL's index."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One certificate; `revoked_at` is None while it holds."""

    serial: int
    name: str
    not_after: datetime
    revoked_at: datetime | None


def to_text(entries: Iterable[Entry]) -> str:
    """Return the register as it is kept."""
    rows = [
        {
            "serial": f"{entry.serial:x}",
            "name": entry.name,
            "not_after": entry.not_after.isoformat(),
            "revoked_at": entry.revoked_at.isoformat() if entry.revoked_at else None,
        }
        for entry in entries
    ]
    return json.dumps({"format": FORMAT, "certificates": rows}, indent=1) + "\n"


def of_text(text: str) -> tuple[Entry, ...]:
    """Return what a kept register holds; ValueError, KeyError or TypeError when it is damaged."""
    return tuple(
        Entry(
            int(row["serial"], 16),
            row["name"],
            datetime.fromisoformat(row["not_after"]),
            datetime.fromisoformat(row["revoked_at"]) if row["revoked_at"] else None,
        )
        for row in json.loads(text)["certificates"]
    )


def revoked(entries: Iterable[Entry], serial: int, now: datetime) -> tuple[Entry, ...]:
    """Return the register with a certificate revoked; one that was before keeps its time."""
    return tuple(
        replace(entry, revoked_at=entry.revoked_at or now) if entry.serial == serial else entry
        for entry in entries
    )


def index_line(entry: Entry) -> str:
    """Return one line of OpenSSL's `index.txt`: state, expiry, revocation, serial, file, name."""
    form = "%y%m%d%H%M%SZ"
    serial = f"{entry.serial:x}".upper()
    padded = serial if len(serial) % 2 == 0 else f"0{serial}"
    state = "R" if entry.revoked_at else "V"
    revoked_at = entry.revoked_at.strftime(form) if entry.revoked_at else ""
    expires = entry.not_after.strftime(form)
    return "\t".join((state, expires, revoked_at, padded, "unknown", f"/CN={entry.name}")) + "\n"
