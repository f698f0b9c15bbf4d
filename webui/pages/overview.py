# SPDX-License-Identifier: MIT
"""The first page: the plan's targets, the map, what runs and what changed."""

from collections import Counter
from datetime import timedelta

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from tinhnet.coverage import coverage
from tinhnet.model.alert import AlertState
from tinhnet.store import inbox
from webui.context import index, web
from webui.figures import as_of
from webui.jobview import changes_since, open_jobs, recent_jobs
from webui.page import Entry, Page
from webui.proof import site_states
from webui.province import proof_looks, province_map, standing_looks
from webui.watch import watched

_pages = Blueprint("overview", __name__)
PAGE = Page(
    _pages, Entry("overview.show", lazy_gettext("Overview"), "layout-dashboard", "", order=0)
)

DAY = timedelta(hours=24)
RECENT = 6
WEIGHT = ("failed", "unreachable", "stale", "proven", "none")
"""States of the legend, the worst first."""


@_pages.get("/")
def show() -> str:
    """Show the overview."""
    found = index()
    day = as_of(found.network.province.as_of)
    states = site_states()
    counts = Counter(state.state for state in states.values())
    proven_at = [state.at for state in states.values() if state.at is not None]
    now, watch = web().now(), watched()
    is_watched = watch.at is not None
    looks = (
        standing_looks(found, watch, found.network.province.as_of)
        if is_watched
        else proof_looks(found, states, day)
    )
    with web().store.reading() as connection:
        tallies = inbox.tallies(connection)
    network = found.network
    return render_template(
        "overview.html",
        day=day,
        declared_day=found.network.province.as_of,
        targets=coverage(found.network, day),
        drawing=province_map(found, looks),
        table="standing" if is_watched else "proof",
        watch=watch,
        standings={
            "sites": watch.counts("site", network.sites),
            "links": watch.counts("link", network.links),
            "devices": watch.counts("device", network.devices),
            "services": watch.counts("service", network.services),
        },
        open_alerts={
            state.value: tallies.of(state) for state in (AlertState.FIRING, AlertState.ACKNOWLEDGED)
        },
        counts={state: counts[state] for state in WEIGHT if counts[state]},
        sites=len(states),
        proven_at=max(proven_at, default=None),
        open_jobs=open_jobs(),
        recent=recent_jobs(RECENT),
        changes=changes_since(now - DAY),
    )
