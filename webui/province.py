# SPDX-License-Identifier: MIT
"""The province's tile map: which sites stand in which block, and what their tiles say."""

from collections.abc import Callable, Mapping
from datetime import date

from flask_babel import ngettext

from tinhnet.model.place import Site
from tinhnet.standing import Standing
from webui.figures import brief, name_of
from webui.index import Index
from webui.language import language
from webui.proof import Proof
from webui.tilemap import PAGE, Block, Drawing, Look, Sizes, broken, draw
from webui.watch import Watched
from webui.words import word

MOST_TALL = 30
"""Sites of a block that get tiles with names; more of them get small tiles."""


def province_map(found: Index, looks: Mapping[str, Look], sizes: Sizes = PAGE) -> Drawing:
    """Return the tile map: the lowest level first, then the data centre, then the rest."""
    by_kind: dict[str, list[Site]] = {}
    for site in found.network.sites.values():
        if site.tile is not None:
            by_kind.setdefault(site.kind, []).append(site)
    levels = [level for level in reversed(found.network.province.levels) if level in by_kind]
    middle = [kind for kind in by_kind if kind not in levels]
    blocks = [_block(by_kind, levels[:1], tall=True), _block(by_kind, middle, tall=False)]
    blocks.extend(_block(by_kind, [level], tall=False) for level in levels[1:])
    return draw(blocks, looks, sizes)


def proof_looks(found: Index, states: Mapping[str, Proof], day: date) -> dict[str, Look]:
    """Return tiles that say what is proven of each site."""

    def said(site: Site) -> tuple[str, str]:
        circuits = len(found.circuits.get(site.id, ()))
        return states[site.id].state, ngettext("%(num)s circuit", "%(num)s circuits", circuits)

    return _looks(found, day, said)


def standing_looks(found: Index, watch: Watched, day: date) -> dict[str, Look]:
    """Return tiles that say how each site stands, and since when where it does not stand well."""

    def said(site: Site) -> tuple[str, str]:
        stand = watch.of("site", site.id)
        if stand.state is Standing.UP:
            return stand.state.value, ""
        if stand.since is None or stand.state is Standing.UNKNOWN:
            return stand.state.value, str(word("standing", stand.state.value).label)
        return stand.state.value, brief(max(0.0, (watch.now - stand.since).total_seconds()))

    return _looks(found, day, said)


def _looks(found: Index, day: date, said: Callable[[Site], tuple[str, str]]) -> dict[str, Look]:
    looks = {}
    for site in found.network.sites.values():
        if site.tile is None:
            continue
        unit = found.network.units.get(site.unit_at(day) or "")
        name = name_of(unit if unit is not None and site.kind == unit.kind else site)
        state, sub = said(site)
        lines = broken(name, is_proper_first=language() == "en")
        looks[site.id] = Look(name=name, lines=lines, code=site.id, state=state, sub=sub)
    return looks


def _block(by_kind: Mapping[str, list[Site]], kinds: list[str], *, tall: bool) -> Block:
    """Return the sites of some kinds as one block of the map."""
    sites = [site for kind in kinds for site in by_kind[kind]]
    parts = []
    for kind in kinds:
        label = str(word("site", kind).label)
        parts.append(f"{label[:1].upper()}{label[1:]} · {len(by_kind[kind])}")
    return Block("   ".join(parts), sites, tall and len(sites) <= MOST_TALL)
