# SPDX-License-Identifier: MIT
"""What an address asks of the list of jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from tinhnet.model.job import DeviceResult, JobFilter, JobState
from webui.vietnamese import composed

NAMES = ("state", "playbook", "actor", "result", "device", "changed")
DAY = "24h"
"""The one value of `changed`: devices were changed within a day."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters as they stand in the address, and what they mean; nonsense is left out."""

    typed: Mapping[str, str]
    states: tuple[JobState, ...]
    wanted: JobFilter
    before: int | None

    def address(self, path: str, **more: int) -> str:
        """Return `path` with the filters, and more parameters."""
        parameters = {**self.typed, **more}
        return f"{path}?{urlencode(parameters)}" if parameters else path


def filters_from(fields: MultiDict[str, str], now: datetime) -> Filters:
    """Return the filters of an address."""
    given = {name: composed(fields.get(name, ""))[:LONGEST] for name in NAMES}
    fitting: dict[str, set[str]] = {
        "state": set(JobState),
        "result": set(DeviceResult),
        "changed": {DAY},
    }
    typed = {
        name: text
        for name, text in given.items()
        if text and (name not in fitting or text in fitting[name])
    }
    result, changed = typed.get("result"), typed.get("changed")
    before = fields.get("before", "")
    return Filters(
        typed=typed,
        states=(JobState(typed["state"]),) if "state" in typed else (),
        wanted=JobFilter(
            device=typed.get("device"),
            playbook=typed.get("playbook"),
            actor=typed.get("actor"),
            result=DeviceResult(result) if result else None,
            changed_since=now - timedelta(days=1) if changed else None,
        ),
        before=int(before) if before.isdecimal() and len(before) < 10 else None,  # noqa: PLR2004
    )
