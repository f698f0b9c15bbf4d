# SPDX-License-Identifier: MIT
"""Alert rules as data: a file of `alerts/rules/` says when a metric is worth a person's time."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinhnet.errors import Problem, ProblemsError
from tinhnet.inventory.document import Document, read
from tinhnet.inventory.wording import did_you_mean, problem, shown

SHIPPED = Path(__file__).parents[2] / "alerts/rules"
FORMAT = 1
PLACES = frozenset({"thing", "value", "limit"})
# Every metric a rule may name and the unit of its values; docs/alerts.md says what they mean.
METRICS = {
    "circuit_loss_ratio": "ratio",
    "circuit_round_trip_s": "s",
    "circuit_jitter_s": "s",
    "circuit_up": "bool",
    "device_up": "bool",
    "interface_in_bps": "bps",
    "interface_out_bps": "bps",
    "interface_errors_per_s": "per_s",
    "interface_discards_per_s": "per_s",
    "interface_up": "bool",
    "device_uptime_s": "s",
    "storage_used_ratio": "ratio",
    "memory_used_ratio": "ratio",
    "service_up": "bool",
    "service_duration_s": "s",
    "certificate_expires_s": "s",
    "clock_offset_s": "s",
    "worker_age_s": "s",
    "service_up_at_site": "bool",
    "site_up": "bool",
    "network_up": "bool",
    "observed_age_s": "s",
    "state_used_ratio": "ratio",
    "series_backlog": "count",
}
WHOLE = 1000
"""From here on a figure is told without a fraction."""
CAUSES = {
    "circuit_up": "link",
    "device_up": "device",
    "service_up": "service",
    "site_up": "site",
    "network_up": "network",
}
"""Metrics whose thresholds root cause judges on the graph, not on samples, and for which things."""
Kind: TypeAlias = Literal["threshold", "absence", "rate"]
Severity: TypeAlias = Literal["critical", "high", "medium", "low", "info"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When a metric becomes an alert.

    `kind`: "threshold" compares values, "rate" their change per second over
    `over_s`, "absence" waits `for_s` for any.  Of `above` and `below` one is
    set, none for an absence.  It holds until the value is at `clear` or
    calmer (None: at the limit).  `for_s` is how long it must hold; after
    `stale_s` without a value nothing is known.
    """

    id: str
    metric: str
    kind: Kind
    severity: Severity
    title_vi: str
    title_en: str
    sentence_vi: str
    sentence_en: str
    above: float | None = None
    below: float | None = None
    clear: float | None = None
    for_s: float = 0.0
    over_s: float = 0.0
    stale_s: float = 180.0

    @property
    def judges(self) -> str | None:
        """Return the kind of thing whose cause this rule tells, None for a rule over samples."""
        return CAUSES.get(self.metric) if self.kind == "threshold" else None

    def sentence(self, language: str, thing: str, value: float | None) -> str:
        """Return what the alert says of a thing, in "vi" or "en"."""
        text = self.sentence_vi if language == "vi" else self.sentence_en
        unit = METRICS[self.metric]
        limit = self.above if self.above is not None else self.below
        return text.format(
            thing=thing, value=told(value, unit, language), limit=told(limit, unit, language)
        )


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    metric: str
    kind: Kind
    severity: Severity
    title_vi: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    sentence_vi: str = Field(min_length=1)
    sentence_en: str = Field(min_length=1)
    above: float | None = None
    below: float | None = None
    clear: float | None = None
    for_s: float = Field(default=0.0, ge=0)
    over_s: float = Field(default=0.0, ge=0)
    stale_s: float = Field(default=180.0, gt=0)


def load_rules(directory: Path = SHIPPED) -> Mapping[str, Rule]:
    """Return the rules of a folder by id, which is the file's name.

    Raises ProblemsError with every problem of every file at once.
    """
    found: dict[str, Rule] = {}
    problems: list[Problem] = []
    for path in sorted(directory.glob("*.yml")):
        document, _, faults = read(path, str(path))
        problems += faults
        if document is None:
            continue
        entry, faults = _entry(document)
        problems += faults
        if entry is not None:
            problems += _mismatches(document, entry)
            found[path.stem] = Rule(id=path.stem, **entry.model_dump())
    if problems:
        raise ProblemsError(tuple(problems))
    return found


def told(value: float | None, unit: str, language: str) -> str:
    """Return a value as people read it: 5 %, 250 ms, 12 days, 20 Mbit/s."""
    if value is None:
        return "không rõ" if language == "vi" else "unknown"
    text = _scaled(value, unit)
    for english, vietnamese in (("days", "ngày"), ("hours", "giờ"), ("minutes", "phút")):
        text = text.replace(english, vietnamese) if language == "vi" else text
    return text.replace(".", ",") if language == "vi" else text


def _scaled(value: float, unit: str) -> str:
    """Return a value in the largest unit of which there is at least one."""
    if unit == "ratio":
        return f"{_plain(value * 100)} %"
    steps = {
        "s": (
            (172_800, 86_400, "days"),
            (7_200, 3_600, "hours"),
            (120, 60, "minutes"),
            (1, 1, "s"),
        ),
        "bps": ((1e9, 1e9, "Gbit/s"), (1e6, 1e6, "Mbit/s"), (1e3, 1e3, "kbit/s")),
    }
    for least, size, name in steps.get(unit, ()):
        if abs(value) >= least:
            return f"{_plain(value / size)} {name}"
    smallest = {"s": (1e-3, " ms"), "bps": (1, " bit/s"), "per_s": (1, "/s")}
    size, name = smallest.get(unit, (1, ""))
    return f"{_plain(value / size)}{name}"


def _plain(number: float) -> str:
    """Return a number with three digits at least, never with an exponent."""
    return f"{number:.3g}" if abs(number) < WHOLE else f"{number:.0f}"


def _entry(document: Document) -> tuple[_Entry | None, list[Problem]]:
    problems = []
    content = document.content
    if content.get("format") != FORMAT or isinstance(content.get("format"), bool):
        message = f"format: {shown(content.get('format'))}, expected {FORMAT}"
        problems.append(document.problem(("format",), message, f'write "format: {FORMAT}"'))
    for key in content.keys() - {"format", "rule"}:
        hint = did_you_mean(key, ("format", "rule"), "known: format, rule")
        problems.append(document.problem((key,), f'unknown section "{key}"', hint))
    if "rule" not in content:
        message = 'section "rule" is missing'
        return None, [*problems, document.problem((), message, "docs/alerts.md shows one")]
    try:
        return _Entry.model_validate(content["rule"]), problems
    except ValidationError as error:
        problems += [
            problem(document, ("rule",), content["rule"], _Entry, details)
            for details in error.errors(include_url=False)
        ]
        return None, problems


def _mismatches(document: Document, entry: _Entry) -> list[Problem]:
    """Return what is wrong between keys that are each valid."""
    found: list[tuple[str, str, str]] = []
    if entry.metric not in METRICS:
        hint = did_you_mean(entry.metric, METRICS, "docs/alerts.md lists them")
        found.append(("metric", f'"{entry.metric}", expected a known metric', hint))
    limits = [key for key in ("above", "below") if getattr(entry, key) is not None]
    if entry.kind == "absence":
        found += [(key, "is set, expected none for an absence", "remove it") for key in limits]
        if not entry.for_s:
            found.append(("for_s", "expected a time for an absence", 'add "for_s: 60"'))
    elif len(limits) != 1:
        found.append(("kind", "expected exactly one of above and below", "keep one of them"))
    elif entry.clear is not None and not _is_calmer(entry):
        found.append(("clear", f"{entry.clear} is beyond the limit", "set it on the calm side"))
    if (entry.kind == "rate") != bool(entry.over_s):
        found.append(("over_s", "expected for a rate, and only there", "add or remove it"))
    for key in ("sentence_vi", "sentence_en"):
        found += [(key, *fault) for fault in _places(getattr(entry, key))]
    return [
        document.problem(("rule", key), f"rule: {key}: {message}", hint)
        for key, message, hint in found
    ]


def _is_calmer(entry: _Entry) -> bool:
    clear = entry.clear or 0.0
    if entry.above is not None:
        return clear <= entry.above
    return entry.below is not None and clear >= entry.below


def _places(text: str) -> list[tuple[str, str]]:
    """Return what is wrong with the places that a sentence leaves for values."""
    hint = "known: {thing}, {value}, {limit}"
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        return [(f"{shown(text)}: {error}", hint)]
    names = [(name, spec, conversion) for _, name, spec, conversion in parts if name is not None]
    return [
        (f'place "{{{name}}}" is not known', hint)
        for name, spec, conversion in names
        if name not in PLACES or spec or conversion
    ]
