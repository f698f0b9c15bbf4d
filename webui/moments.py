# SPDX-License-Identifier: MIT
"""Times that people choose in forms, in the time of Vietnam."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext

from webui.language import ZONE

HERE = ZoneInfo(ZONE)
MORNING = time(7, 0)
"""When the day shift begins."""
CUSTOM = "custom"
LASTS: Mapping[str, timedelta] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "8h": timedelta(hours=8),
    "24h": timedelta(hours=24),
}
EXPIRIES = {
    "15m": lazy_gettext("15 minutes"),
    "1h": lazy_gettext("1 hour"),
    "4h": lazy_gettext("4 hours"),
    "morning": lazy_gettext("until 07:00"),
    CUSTOM: lazy_gettext("until a time you choose"),
}
"""How long an acknowledgement may hold, in the order of the form."""
LENGTHS = {
    "15m": lazy_gettext("15 minutes"),
    "1h": lazy_gettext("1 hour"),
    "4h": lazy_gettext("4 hours"),
    "8h": lazy_gettext("8 hours"),
    "24h": lazy_gettext("24 hours"),
    "morning": lazy_gettext("until 07:00"),
    CUSTOM: lazy_gettext("until a time you choose"),
}
"""How long a window may be open, in the order of the form."""


def until_of(choice: str, typed: str, now: datetime) -> datetime | None:
    """Return when something ends; None for a choice or a time that is none."""
    if choice in LASTS:
        return now + LASTS[choice]
    if choice == "morning":
        return next_morning(now)
    return moment_of(typed) if choice == CUSTOM else None


def next_morning(now: datetime) -> datetime:
    """Return when the next day shift begins."""
    local = now.astimezone(HERE)
    today = datetime.combine(local.date(), MORNING, HERE)
    return (today if today > local else today + timedelta(days=1)).astimezone(UTC)


def moment_of(typed: str) -> datetime | None:
    """Return the moment that a form names, such as `2026-11-24T07:00`; None where it is none."""
    try:
        found = datetime.fromisoformat(typed.strip())
        return (found if found.tzinfo else found.replace(tzinfo=HERE)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def typed_of(moment: datetime) -> str:
    """Return a moment as a form's field holds it."""
    return f"{moment.astimezone(HERE):%Y-%m-%dT%H:%M}"


def told_moment(kept: str) -> str:
    """Return a time that was kept as ISO 8601 as people read it; what is none, as it is."""
    found = moment_of(kept)
    return kept if found is None else f"{found.astimezone(HERE):%H:%M %d/%m/%Y}"
