# SPDX-License-Identifier: MIT
"""What is written down of a delivery: lines of timelines, and events where it went wrong."""

import hashlib
from datetime import datetime

from tinhnet import sentences
from tinhnet.model.alert import AlertEntry
from tinhnet.model.event import Event, Severity, Source
from tinhnet.store.deliveries import DELIVERED, DROPPED, GIVEN_UP, REFUSED, KeptDelivery

SPOKEN = {
    DELIVERED: sentences.TOLD,
    REFUSED: sentences.REFUSED,
    GIVEN_UP: sentences.GIVEN_UP,
    DROPPED: sentences.NOT_TOLD,
}


def product_event(
    kind: str, text: str, now: datetime, *, key: str = "", severity: Severity = Severity.HIGH
) -> Event:
    """Return an event of the product itself; without a `key` it is one of this moment."""
    whole = f"{kind}:{key or now.isoformat()}"
    return Event(
        key=f"notify:{hashlib.sha256(whole.encode()).hexdigest()[:32]}",
        at=now,
        seen_at=now,
        source=Source.PRODUCT,
        kind=kind,
        severity=severity,
        text=text,
    )


def entries(one: KeptDelivery, now: datetime) -> list[AlertEntry]:
    """Return the lines of a delivery that is over, one in each alert's timeline."""
    told_ = one.facts.get("alerts")
    named = [alert for alert in told_ if isinstance(alert, dict)] if isinstance(told_, list) else []
    return [
        AlertEntry(
            fingerprint=str(alert["fingerprint"]),
            episode=int(str(alert["episode"])),
            at=now,
            kind="told",
            text=SPOKEN[one.fate] % {"receiver": one.receiver, "why": one.detail},
            details={
                "receiver": one.receiver,
                "notifier": one.notifier,
                "key": one.key,
                "message": str(one.message),
                "reason": str(one.facts.get("reason")),
                "subject": one.subject,
                "fate": one.fate,
                "tries": str(one.tries),
            },
        )
        for alert in named
    ]


def is_bad(one: KeptDelivery) -> bool:
    """Tell whether nobody will get this message."""
    return one.fate in {REFUSED, GIVEN_UP}


def event(one: KeptDelivery, now: datetime) -> Event:
    """Return the event of a message that nobody will get."""
    kind = "message_refused" if one.fate == REFUSED else "message_given_up"
    fields = {"receiver": one.receiver, "subject": one.subject, "why": one.detail}
    text = sentences.WAS_NOT_TOLD % fields
    return product_event(kind, text, now, key=f"{one.receiver}/{one.key}/{one.message}")
