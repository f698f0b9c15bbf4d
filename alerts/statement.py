# SPDX-License-Identifier: MIT
"""What is said of one alert's condition at one instant, by root cause or by a rule over samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.naming import Place
from tinhnet.alerting.life import fingerprint
from tinhnet.alerting.rules import Rule
from tinhnet.alerting.trial import Condition

FRESH_S = 60.0
"""A value that moves on is written at most this often: every write wakes every reader."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One condition.

    `at` is when it began to hold (causes), was seen to end, or was measured.
    `fields` are columns of the alert that follow from it; `remark_vi` and
    `remark_en` go behind the sentence; `details` into the timeline when it ends.
    """

    rule: Rule
    labels: Mapping[str, str]
    place: Place
    condition: Condition
    at: datetime
    value: float | None = None
    explains: tuple[str, ...] = ()
    sites_down: tuple[str, ...] = ()
    sites_degraded: tuple[str, ...] = ()
    remark_vi: str = ""
    remark_en: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Return the id of the alert that this is about."""
        return fingerprint(self.rule.id, self.labels)

    @property
    def is_cause(self) -> bool:
        """Tell whether root cause says so."""
        return self.rule.judges is not None

    def sentence(self, language: str) -> str:
        """Return what the alert says, in "vi" or "en"."""
        name = self.place.name_vi if language == "vi" else self.place.name_en
        said = self.rule.sentence(language, name, self.value)
        remark = self.remark_vi if language == "vi" else self.remark_en
        return f"{said[:1].upper()}{said[1:]}{remark}"


def duration(seconds: float, language: str) -> str:
    """Return a length of time as people say it: 1 h 5 min, 40 s."""
    whole = max(round(seconds), 0)
    units = ((86_400, "ngày", "d"), (3_600, "giờ", "h"), (60, "phút", "min"), (1, "giây", "s"))
    parts = []
    for size, vi, en in units:
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {vi if language == 'vi' else en}")
    return " ".join(parts[:2]) or ("0 giây" if language == "vi" else "0 s")
