# SPDX-License-Identifier: MIT
"""Why a job or a device ended as it did: our own sentences, as templates.

Rows keep the English sentence, for commands and the API.  A page looks it up
again by its template and says it in its reader's language; what Ansible or a
device said matches none and is shown as it is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tinhnet.errors import message_id

CANCELLED = message_id("cancelled by %(actor)s")
CANCELLED_WAITING = message_id("cancelled by %(actor)s before it started")
WORKER_ENDED = message_id("the worker was told to end")
WORKER_KILLED = message_id("the worker that ran it was killed")
GUARD_KILLED = message_id("the process that ran it was killed")
CHILD_KILLED = message_id("the process that prepares the job was killed")
TOO_LONG = message_id("ended after %(seconds)s s (jobs.timeout_s)")
NOT_WELL = message_id("%(bad)s of %(all)s devices did not end well: %(devices)s")
STATUS_EARLY = message_id("Ansible ended with status %(status)s before any device was reached")
STATUS = message_id("Ansible ended with status %(status)s")
NO_MATCH = message_id("no device matches %(limit)s")
NO_TARGET = message_id("the target is empty")
NO_ANSWER = message_id("Ansible did not name the target within %(seconds)s s")
REFUSED = message_id("Ansible refused the playbook")
UNKNOWN = message_id(
    "state unknown: %(why)s during or after “%(task)s”; look at the device before the next run"
)
AFTER = message_id("%(why)s after “%(task)s”")
ANSIBLE_ENDED = message_id("Ansible ended")
ENDED = message_id("the job ended")

TEMPLATES = (
    UNKNOWN,
    AFTER,
    CANCELLED_WAITING,
    CANCELLED,
    WORKER_ENDED,
    WORKER_KILLED,
    GUARD_KILLED,
    CHILD_KILLED,
    TOO_LONG,
    NOT_WELL,
    STATUS_EARLY,
    STATUS,
    NO_MATCH,
    NO_TARGET,
    NO_ANSWER,
    REFUSED,
    ANSIBLE_ENDED,
    ENDED,
)
"""Every sentence; where two fit a text, the narrower one comes first."""

_FIELD = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence taken apart: its template and the texts of its fields."""

    template: str
    fields: dict[str, str]


def taken_apart(text: str, templates: Iterable[str] = TEMPLATES) -> Said | None:
    """Return which of our sentences a text is, None when it is none of them."""
    for template in templates:
        found = _pattern(template).fullmatch(text)
        if found is not None:
            return Said(template, found.groupdict())
    return None


def fields_of(template: str) -> tuple[str, ...]:
    """Return the names of the fields of a template."""
    return tuple(_FIELD.findall(template))


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return a regular expression for the sentences of a template."""
    parts = _FIELD.split(template)
    source = "".join(
        f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )
    return re.compile(source, re.DOTALL)
