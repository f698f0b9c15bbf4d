# SPDX-License-Identifier: MIT
"""What an address asks of the list of alerts."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from tinhnet.model.alert import AlertState
from tinhnet.model.event import Severity
from tinhnet.store.inbox import SHOWN, InboxFilter
from webui.vietnamese import composed

NAMES = ("state", "severity", "site", "rule", "folded")
UNFOLDED = "no"
"""The one value of `folded`: what hides behind a cause stands in the list too."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address, and what they mean; nonsense is left out."""

    typed: Mapping[str, str]
    wanted: InboxFilter
    page: int

    def address(self, path: str, **more: str | int | None) -> str:
        """Return `path` with the filters, and other parameters; None takes one away."""
        parameters = {
            key: value for key, value in {**self.typed, **more}.items() if value is not None
        }
        return f"{path}?{urlencode(parameters)}" if parameters else path


def asked_from(fields: MultiDict[str, str]) -> Asked:
    """Return the filters of an address."""
    given = {name: composed(fields.get(name, ""))[:LONGEST] for name in NAMES}
    fitting: dict[str, set[str]] = {
        "state": set(AlertState),
        "severity": set(Severity),
        "folded": {UNFOLDED},
    }
    typed = {
        name: text
        for name, text in given.items()
        if text and (name not in fitting or text in fitting[name])
    }
    page = fields.get("page", "")
    return Asked(
        typed=typed,
        wanted=InboxFilter(
            states=(AlertState(typed["state"]),) if "state" in typed else SHOWN,
            severity=typed.get("severity"),
            site=typed.get("site"),
            rule=typed.get("rule"),
            is_unfolded=typed.get("folded") == UNFOLDED,
        ),
        page=int(page) if page.isdecimal() and 0 < len(page) < 5 else 1,  # noqa: PLR2004
    )
