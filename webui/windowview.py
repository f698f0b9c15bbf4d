# SPDX-License-Identifier: MIT
"""Silences and maintenance windows as pages show them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask_babel import gettext

from tinhnet.alerting.recurrence import starts
from tinhnet.alerting.windows import occurrences
from tinhnet.model.window import Recurrence, Window
from tinhnet.store import inbox
from tinhnet.store.engine import Transaction
from tinhnet.store.windows import KeptWindow
from webui.windowform import DAYS, WEEKS

LAPSING = timedelta(hours=1)
"""What ends within this time is marked."""
PAST = frozenset({"past", "lifted"})
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shown:
    """A window with where it stands.

    `word` is one of "open", "lapsing", "next", "past", "lifted"; `start` and
    `end` are of the opening that matters: this one, the next one, the last
    one.  `mutes` counts the alerts it hides now.
    """

    window: Window
    word: str
    start: datetime | None
    end: datetime | None
    mutes: int = 0
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    @property
    def kind(self) -> str:
        """Return what it is called."""
        return "maintenance" if self.window.is_planned else "silence"

    @property
    def again(self) -> str:
        """Return how it comes again, "" for once."""
        return again_of(self.window.recurrence)


def shown_of(connection: Transaction, kept: KeptWindow, now: datetime) -> Shown:
    """Return where a window stands at this moment."""
    window, length = kept.window, timedelta(seconds=kept.window.length_s)
    if kept.lifted_at is not None:
        end = window.start + length
        return Shown(window, "lifted", window.start, end, 0, kept.lifted_at, kept.lifted_by)
    opened = occurrences(window, now, now + timedelta(microseconds=1))
    if opened:
        end = max(one.end for one in opened)
        word = "lapsing" if end - now <= LAPSING else "open"
        return Shown(window, word, opened[0].start, end, inbox.muted_by(connection, window.id))
    begun = starts(window.start, window.recurrence, NEVER)
    following = next((one for one in begun if one > now), None)
    if following is not None:
        return Shown(window, "next", following, following + length)
    before = list(starts(window.start, window.recurrence, now)) or [window.start]
    return Shown(window, "past", before[-1], before[-1] + length)


def again_of(rule: Recurrence | None) -> str:
    """Return a recurrence in the reader's language, "" for none."""
    if rule is None:
        return ""
    named = [
        str(DAYS[str(day)]) if not week else f"{DAYS[str(day)]} ({WEEKS.get(str(week), week)})"
        for week, day in rule.weekdays
    ] or [str(one) for one in rule.month_days]
    days = ", ".join(named)
    said = (
        gettext("every week: %(days)s", days=days)
        if rule.frequency == "weekly"
        else gettext("every month: %(days)s", days=days)
    )
    if rule.interval != 1:
        said += " · " + gettext("every %(number)s times", number=rule.interval)
    if rule.until is not None:
        said += " · " + gettext("until %(day)s", day=f"{rule.until:%d/%m/%Y}")
    return str(said)
