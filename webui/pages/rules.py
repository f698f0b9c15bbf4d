# SPDX-License-Identifier: MIT
"""Rules: when something becomes an alert, and how often it would have over stored samples."""

from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from flask_babel import LazyString, lazy_gettext

from tinhnet.alerting.rules import METRICS, Rule, told
from tinhnet.errors import TinhnetError
from tinhnet.store import inbox
from tinhnet.store.series.open import open_series
from webui.context import web
from webui.failure import in_words
from webui.language import language
from webui.page import Entry, Page
from webui.person import needs
from webui.ruleset import rules
from webui.trial import SPANS, Slice, look

_pages = Blueprint("rules", __name__, url_prefix="/rules")
PAGE = Page(
    _pages, Entry("rules.browse", lazy_gettext("Alert rules"), "list-checks", "watch", order=24)
)
MOST_FIRINGS = 200
SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class Tried:
    """A slice of a dry run with what the slices before it found."""

    span: str
    label: LazyString
    found: Slice
    fired: int
    fault: str = ""


@_pages.get("")
@needs("network.view")
def browse() -> str:
    """Show every rule, the gravest first."""
    with web().store.reading() as connection:
        counts = inbox.counts_by_rule(connection)
    found = sorted(rules().values(), key=lambda one: (SEVERITIES.index(one.severity), one.id))
    return render_template("rules.html", rules=found, counts=counts, **_speech())


@_pages.get("/<rule_id>")
@needs("network.view")
def show(rule_id: str) -> str:
    """Show one rule, and its dry run where the address asks for one."""
    rule = rules().get(rule_id) or abort(404)
    with web().store.reading() as connection:
        counts = inbox.counts_by_rule(connection)
    tried = _tried(rule) if "span" in request.args else None
    return render_template("rule.html", rule=rule, counts=counts, tried=tried, **_speech())


@_pages.get("/<rule_id>/trial")
@needs("network.view")
def trial(rule_id: str) -> str:
    """Return a slice of the dry run, for the page's script."""
    rule = rules().get(rule_id) or abort(404)
    return render_template("parts/trial.html", rule=rule, tried=_tried(rule), **_speech())


def _tried(rule: Rule) -> Tried:
    """Try the rule on the next series; a store that cannot be read says why."""
    span = request.args.get("span", "")
    span = span if span in SPANS else "24h"
    length, label = SPANS[span]
    offset, before = _number("offset"), _number("fired")
    end = web().now()
    series = open_series(web().context.config, web().context.clock)
    try:
        found = look(series, rule, (end - length, end), offset)
    except TinhnetError as error:
        return Tried(span, label, Slice(offset, offset, offset, 0, ()), before, in_words(error))
    finally:
        series.close()
    return Tried(span, label, found, before + len(found.firings))


def _number(name: str) -> int:
    typed = request.args.get(name, "")
    return int(typed) if typed.isdecimal() and len(typed) < 7 else 0  # noqa: PLR2004


def _condition(rule: Rule) -> str:
    """Return a rule's sentence with places for what it is about."""
    limit = rule.above if rule.above is not None else rule.below
    text = rule.sentence_vi if language() == "vi" else rule.sentence_en
    return text.format(thing="…", value="…", limit=_value(rule, limit))


def _value(rule: Rule, value: float | None) -> str:
    return told(value, METRICS[rule.metric], language())


def _lasting(seconds: float) -> str:
    """Return a length of time as rules are read: 30 s, 2 minutes."""
    return told(seconds, "s", language())


def _is_bool(rule: Rule) -> bool:
    """Tell whether a rule waits for something that is no more: its metric is 0 or 1."""
    return METRICS[rule.metric] == "bool" and rule.below is not None


def _title(rule: Rule) -> str:
    return rule.title_vi if language() == "vi" else rule.title_en


def _speech() -> dict[str, object]:
    return {
        "condition": _condition,
        "value": _value,
        "lasting": _lasting,
        "is_bool": _is_bool,
        "title_of": _title,
        "spans": SPANS,
        "most": MOST_FIRINGS,
    }
