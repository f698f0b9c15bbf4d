# SPDX-License-Identifier: MIT
"""What a person asks to run, as it stands in a form or an address."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from tinhnet.model.job import Job, JobRequest, Playbook
from webui.vietnamese import composed

LIMIT = re.compile(r"[A-Za-z0-9*!&:,._-]{1,1000}")
TAGS = re.compile(r"[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64})*")
PREFIX = "arg."


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of the form; `check` is what an empty form means."""

    sites: tuple[str, ...]
    limit: str
    tags: str
    check: bool
    diff: bool
    extra: dict[str, str]
    purpose: str = ""

    @property
    def whole_limit(self) -> str:
        """The sites that were ticked and the limit that was typed, in Ansible's words."""
        return ",".join(part for part in (*self.sites, self.limit) if part)

    def fields(self) -> list[tuple[str, str]]:
        """Return the fields as a form or an address carries them."""
        return [
            *(("site", site) for site in self.sites),
            ("limit", self.limit),
            ("tags", self.tags),
            ("mode", "check" if self.check else "apply"),
            ("diff", "yes" if self.diff else "no"),
            ("purpose", self.purpose),
            *((f"{PREFIX}{name}", value) for name, value in self.extra.items()),
        ]

    def address(self, path: str) -> str:
        """Return an address below `path` that carries the fields."""
        return f"{path}?{urlencode([pair for pair in self.fields() if pair[1]])}"

    def request(self, playbook: Playbook) -> JobRequest:
        """Return the request that the actions take."""
        return JobRequest(
            playbook=playbook.name,
            limit=self.whole_limit or None,
            tags=tuple(self.tags.split(",")) if self.tags else (),
            check=self.check,
            diff=self.diff,
            extra={name: value for name, value in self.extra.items() if value},
            purpose=self.purpose or None,
        )

    def faults(self, playbook: Playbook) -> dict[str, str]:
        """Return what is wrong, by field, in the reader's language."""
        found: dict[str, str] = {}
        if self.whole_limit and not LIMIT.fullmatch(self.whole_limit):
            found["limit"] = gettext(
                "Type devices, sites or groups joined by commas, such as dien-ban,core1."
            )
        if self.tags and not TAGS.fullmatch(self.tags):
            found["tags"] = gettext("Type tags of letters, digits, - and _ joined by commas.")
        for argument in playbook.arguments:
            value = self.extra.get(argument.name, "")
            if argument.is_required and not value:
                found[argument.name] = gettext("This value is needed.")
            elif value and not re.fullmatch(argument.pattern, value):
                found[argument.name] = gettext(
                    "This value does not fit the form %(form)s.", form=argument.pattern
                )
        return found


def asked_from(fields: MultiDict[str, str]) -> Asked:
    """Return what a form or an address asks for."""
    return Asked(
        sites=tuple(dict.fromkeys(fields.getlist("site"))),
        limit=re.sub(r"\s+", "", composed(fields.get("limit", ""))),
        tags=re.sub(r"\s+", "", fields.get("tags", "")),
        check=fields.get("mode", "check") != "apply",
        diff=fields.get("diff", "yes") == "yes",
        extra={
            name.removeprefix(PREFIX): composed(value)
            for name, value in fields.items()
            if name.startswith(PREFIX)
        },
        purpose=composed(fields.get("purpose", "")),
    )


def asked_of(job: Job) -> Asked:
    """Return what a job was asked for, to ask for it once more."""
    return Asked(
        sites=(),
        limit=job.limit or "",
        tags=",".join(job.tags),
        check=job.check,
        diff=job.diff,
        extra=dict(job.extra),
        purpose=job.purpose or "",
    )
