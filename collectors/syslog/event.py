# SPDX-License-Identifier: MIT
"""What a log line says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

FACILITIES = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"),
    *("authpriv", "ftp", "ntp", "audit", "alert", "clock"),
    *(f"local{number}" for number in range(8)),
)
SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
"""RFC 5424, tables 1 and 2, by number."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line, read.

    Everything but `raw` is what the line claims: `device` is a word in the
    line, and only the network knows who sent it.  `raw` gives the bytes back
    by `unescape`; all other texts hold no control characters.

    `format` is "rfc5424", "rfc3164", "cisco", "huawei", "frr" or "bare" (no
    header that anybody knows).  `at` is None without a time; `at_is_guessed`
    says that year or zone had to be assumed, or that the device itself does
    not trust its clock.  `kind` is a word of `collectors.syslog.shapes`, with
    `fields` by name, or "other".  `fault` says what is wrong with the line,
    None for a good one.
    """

    raw: str
    format: str
    message: str
    at: datetime | None = None
    at_is_guessed: bool = False
    facility: str | None = None
    severity: str | None = None
    device: str | None = None
    program: str | None = None
    process_id: str | None = None
    message_id: str | None = None
    code: str | None = None
    kind: str = "other"
    fields: Mapping[str, str] = field(default_factory=dict)
    structured: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fault: str | None = None
