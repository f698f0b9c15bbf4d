# SPDX-License-Identifier: MIT
"""Rows of events as they leave the product: CLI `--json` and API alike.

The shape is a contract: docs/contracts/events.schema.json.
"""

from tinhnet.console import Cell
from tinhnet.store.events import Numbered


def event_row(found: Numbered) -> dict[str, Cell]:
    """Return an event as plain JSON."""
    event = found.event
    return {
        "number": found.number,
        "at": event.at.isoformat(),
        "seen_at": event.seen_at.isoformat(),
        "source": event.source.value,
        "kind": event.kind,
        "severity": event.severity.value,
        "text": event.text,
        "device": event.device,
        "interface": event.interface,
        "link": event.link,
        "site": event.site,
        "fields": dict(event.fields),
    }
