# SPDX-License-Identifier: MIT
"""Facts at a moment: what devices, probes and the product itself say happened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    """How much it matters, from the worst down."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Source(StrEnum):
    """Who says so."""

    SYSLOG = "syslog"
    TRAP = "trap"
    PROBE = "probe"
    POLL = "poll"
    JOB = "job"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact.

    `key` is the same whenever the same fact is taken in again, and no
    other's: a repeat is then no second event.  `at` is when it happened as
    far as anybody can say, `seen_at` when it reached us.  `kind` is a word
    such as "interface_down".  `device`, `interface`, `link` and `site` are
    ids of the declared network, None where it is about none or none is known.
    """

    key: str
    at: datetime
    seen_at: datetime
    source: Source
    kind: str
    severity: Severity
    text: str
    device: str | None = None
    interface: str | None = None
    link: str | None = None
    site: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; None means whatever it is.

    `since` is inclusive, `until` is not; both are about when it happened.
    """

    device: str | None = None
    link: str | None = None
    site: str | None = None
    kind: str | None = None
    source: Source | None = None
    severities: tuple[Severity, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
