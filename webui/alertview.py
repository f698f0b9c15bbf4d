# SPDX-License-Identifier: MIT
"""Alerts and what they are about, as pages show them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import current_app, url_for

from tinhnet.alerting.rules import METRICS, Rule, told
from tinhnet.model.alert import AlertRecord
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store.engine import Transaction
from tinhnet.store.heartbeats import list_heartbeats
from webui.context import index
from webui.figures import name_of
from webui.language import language
from webui.ruleset import rules

MOST_NAMED = 40
"""Things that are named where something is folded; the alert's own page names more."""
WORKER = "alert"
LATE = 3
"""Promised signs of life that may stay out before a page says so."""
PAGES: Mapping[str, Callable[[str], str]] = {
    "device": lambda id_: url_for("devices.show", device_id=id_),
    "link": lambda id_: url_for("links.show", link_id=id_),
    "service": lambda id_: url_for("services.show", service_id=id_),
    "site": lambda id_: url_for("sites.show", site_id=id_),
}
SAMPLED = ("device", "interface", "link", "site", "service", "mount", "from")
"""Labels of an alert that are labels of its series too."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing of the graph: its kind, its id, its name and its page (None: it has none)."""

    kind: str
    id: str
    name: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Folded:
    """What an alert explains: sites that are down or on fewer circuits, other things, alerts.

    Names are those that are shown; `sites`, `explained` and `hidden` count all.
    """

    down: tuple[Thing, ...]
    degraded: tuple[Thing, ...]
    things: tuple[Thing, ...]
    sites: int
    explained: int
    hidden: int

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to unfold."""
        return not (self.sites or self.explained or self.hidden)

    @property
    def more(self) -> int:
        """Count the things that are not named."""
        return self.explained - len(self.things)

    @property
    def more_sites(self) -> int:
        """Count the sites that are not named."""
        return self.sites - len(self.down) - len(self.degraded)


def title_of(record: AlertRecord) -> str:
    """Return an alert's title in the reader's language."""
    return record.title_vi if language() == "vi" else record.title_en


def sentence_of(record: AlertRecord) -> str:
    """Return what an alert says in the reader's language."""
    return record.sentence_vi if language() == "vi" else record.sentence_en


def thing_of(name: str) -> Thing:
    """Return the thing called `device:core1`; one the inventory does not know has no page."""
    kind, _, id_ = name.partition(":")
    network = index().network
    known = {
        "device": network.devices,
        "link": network.links,
        "service": network.services,
        "site": network.sites,
    }.get(kind, {})
    named = id_ or name
    if id_ not in known:
        return Thing(kind, id_, named, None)
    shown = name_of(known[id_]) if kind in {"site", "service"} else named
    return Thing(kind, id_, shown, PAGES[kind](id_))


def folded_of(record: AlertRecord, hidden: int, most: int = MOST_NAMED) -> Folded:
    """Return what an alert explains, at most so many of each kind by name."""
    sites = {f"site:{one}" for one in (*record.sites_down, *record.sites_degraded)}
    others = [one for one in record.explains if one not in sites]
    return Folded(
        down=tuple(thing_of(f"site:{one}") for one in record.sites_down[:most]),
        degraded=tuple(thing_of(f"site:{one}") for one in record.sites_degraded[:most]),
        things=tuple(thing_of(one) for one in others[:most]),
        sites=len(sites),
        explained=len(others),
        hidden=hidden,
    )


def value_of(record: AlertRecord, rule: Rule | None) -> str | None:
    """Return the last value of a rule over samples, None of any other alert."""
    if rule is None or record.value is None:
        return None
    return told(record.value, METRICS[rule.metric], language())


def rule_of(record: AlertRecord) -> Rule | None:
    """Return the rule of an alert, None where no file has it."""
    return rules().get(record.alert.rule)


def graph_of(record: AlertRecord, rule: Rule | None) -> str | None:
    """Return where the samples behind an alert are drawn, None where they are not."""
    if rule is None or "series.show" not in current_app.view_functions:
        return None
    labels = {one: record.labels[one] for one in SAMPLED if one in record.labels}
    return f"{url_for('series.show')}?{urlencode({'name': rule.metric, **labels})}"


def named_sites(ids: Iterable[str], network: DeclaredNetwork) -> list[tuple[str, str]]:
    """Return sites as a choice of a form, by name."""
    known = network.sites
    pairs = [(one, name_of(known[one]) if one in known else one) for one in ids]
    return sorted(pairs, key=lambda pair: pair[1])


def quiet_since(connection: Transaction, now: datetime) -> datetime | None:
    """Return since when the worker that decides about alerts is silent, None while it is not."""
    found = {one.worker: one for one in list_heartbeats(connection)}.get(WORKER)
    if found is None or now - found.at <= timedelta(seconds=LATE * found.interval_s):
        return None
    return found.at


def rule_title(rule: str) -> str:
    """Return a rule's title in the reader's language, its id where no file has it."""
    found = rules().get(rule)
    if found is None:
        return rule
    return found.title_vi if language() == "vi" else found.title_en
