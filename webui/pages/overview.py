# SPDX-License-Identifier: MIT
"""The first page: the plan's targets, the map, what runs and what changed."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from flask import Blueprint, render_template
from flask_babel import lazy_gettext, ngettext

from tinhnet.coverage import coverage
from tinhnet.model.place import Site
from webui.context import index, web
from webui.figures import as_of, name_of
from webui.index import Index
from webui.jobview import changes_since, open_jobs, recent_jobs
from webui.language import language
from webui.page import Entry, Page
from webui.proof import Proof, site_states
from webui.tilemap import Block, Drawing, Look, broken, draw
from webui.words import word

_pages = Blueprint("overview", __name__)
PAGE = Page(
    _pages, Entry("overview.show", lazy_gettext("Overview"), "layout-dashboard", "", order=0)
)

DAY = timedelta(hours=24)
RECENT = 6
MOST_TALL = 30
"""Sites of a block that get tiles with names; more of them get small tiles."""
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
    now = web().now()
    return render_template(
        "overview.html",
        day=day,
        declared_day=found.network.province.as_of,
        targets=coverage(found.network, day),
        drawing=_map(found, states, day),
        counts={state: counts[state] for state in WEIGHT if counts[state]},
        sites=len(states),
        proven_at=max(proven_at, default=None),
        open_jobs=open_jobs(),
        recent=recent_jobs(RECENT),
        changes=changes_since(now - DAY),
    )


def _map(found: Index, states: Mapping[str, Proof], day: date) -> Drawing:
    """Return the tile map: the lowest level first, then the data centre, then the rest."""
    by_kind: dict[str, list[Site]] = {}
    for site in found.network.sites.values():
        by_kind.setdefault(site.kind, []).append(site)
    levels = [level for level in reversed(found.network.province.levels) if level in by_kind]
    lowest = levels[:1]
    middle = [kind for kind in by_kind if kind not in levels]
    blocks = [_block(by_kind, lowest, tall=True)]
    blocks.append(_block(by_kind, middle, tall=False))
    blocks.extend(_block(by_kind, [level], tall=False) for level in levels[1:])
    looks = {site.id: _look(found, site, states, day) for site in found.network.sites.values()}
    return draw(blocks, looks)


def _block(by_kind: Mapping[str, list[Site]], kinds: list[str], *, tall: bool) -> Block:
    """Return the sites of some kinds as one block of the map."""
    sites = [site for kind in kinds for site in by_kind[kind]]
    parts = []
    for kind in kinds:
        label = str(word("site", kind).label)
        parts.append(f"{label[:1].upper()}{label[1:]} · {len(by_kind[kind])}")
    return Block("   ".join(parts), sites, tall and len(sites) <= MOST_TALL)


def _look(found: Index, site: Site, states: Mapping[str, Proof], day: date) -> Look:
    """Return what a site's tile says."""
    unit = found.network.units.get(site.unit_at(day) or "")
    circuits = len(found.circuits.get(site.id, ()))
    named = unit if unit is not None and site.kind == unit.kind else site
    name = name_of(named)
    return Look(
        name=name,
        lines=broken(name, is_proper_first=language() == "en"),
        code=site.id,
        state=states[site.id].state,
        sub=ngettext("%(num)s circuit", "%(num)s circuits", circuits),
    )
