# SPDX-License-Identifier: MIT
"""Events: what devices, probes and the product said happened, newest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from tinhnet.model.event import EventFilter, Severity, Source
from tinhnet.store.events import list_kinds, newest
from webui.context import index, web
from webui.language import language
from webui.page import Entry, Page
from webui.person import needs
from webui.vietnamese import collation_key, composed
from webui.words import choices

_pages = Blueprint("events", __name__, url_prefix="/events")
PAGE = Page(_pages, Entry("events.browse", lazy_gettext("Events"), "activity", "watch", order=21))
PER_PAGE = 100
LONGEST = 255
NAMES = ("device", "link", "site", "kind", "severity", "source")
AT_LEAST = {
    "high": (Severity.CRITICAL, Severity.HIGH),
    "medium": (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
    "low": (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW),
}
"""Severities by the least that is wanted; without one all are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address, and what they mean; nonsense is left out."""

    typed: Mapping[str, str]
    wanted: EventFilter
    before: int | None

    def address(self, path: str, **more: int) -> str:
        """Return `path` with the filters, and more parameters."""
        parameters = {**self.typed, **more}
        return f"{path}?{urlencode(parameters)}" if parameters else path


@_pages.get("")
@needs("network.view")
def browse() -> str:
    """Show the newest events that the address asks for."""
    asked = asked_from(request.args)
    with web().store.reading() as connection:
        found = newest(connection, asked.wanted, before=asked.before, limit=PER_PAGE + 1)
        kinds = list_kinds(connection)
    shown = found[:PER_PAGE]
    network = index().network
    is_vietnamese = language() == "vi"
    sites = (
        (one.id, one.name_vi if is_vietnamese else one.name_en) for one in network.sites.values()
    )
    chosen = asked.typed.get("kind")
    return render_template(
        "events.html",
        events=shown,
        asked=asked,
        older=shown[-1].number if len(found) > PER_PAGE else None,
        kinds=choices("event", [*kinds, *([chosen] if chosen else [])]),
        severities=choices("least", AT_LEAST),
        sources=choices("source", [one.value for one in Source]),
        sites=_ordered(sites),
        network=network,
    )


def asked_from(fields: MultiDict[str, str]) -> Asked:
    """Return the filters of an address."""
    given = {name: composed(fields.get(name, "")).strip()[:LONGEST] for name in NAMES}
    fitting = {"severity": set(AT_LEAST), "source": {one.value for one in Source}}
    typed = {
        name: text
        for name, text in given.items()
        if text and (name not in fitting or text in fitting[name])
    }
    source = typed.get("source")
    wanted = EventFilter(
        typed.get("device"),
        typed.get("link"),
        typed.get("site"),
        typed.get("kind"),
        Source(source) if source else None,
        AT_LEAST.get(typed.get("severity", ""), ()),
    )
    before = fields.get("before", "")
    is_number = before.isdecimal() and len(before) < 16  # noqa: PLR2004 no huge ints
    return Asked(typed, wanted, int(before) if is_number else None)


def _ordered(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(pairs, key=lambda pair: collation_key(pair[1]))
