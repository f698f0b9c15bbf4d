# SPDX-License-Identifier: MIT
"""Links: the list of circuits and patch cables, and one of them with both ends."""

from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext, lazy_gettext

from tinhnet.model.link import Link
from tinhnet.model.place import Site
from tinhnet.standing import Stand
from webui.alertview import sentence_of, title_of
from webui.context import index, web
from webui.figures import name_of, rate
from webui.graph import RANGES, Mark, Range, Tick
from webui.index import Index, addresses_of
from webui.listing import Column, listing
from webui.loads import IN, load_class
from webui.page import Entry, Page
from webui.seriesview import Figure, figures, marks_of, range_of
from webui.thingview import happened, outages_of, usage_of
from webui.watch import ORDER, watched
from webui.words import choices, word

_pages = Blueprint("links", __name__, url_prefix="/links")
PAGE = Page(_pages, Entry("links.browse", lazy_gettext("Links"), "cable", "inventory", order=30))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of links."""

    link: Link
    site: Site
    site_name: str
    carrier: str | None
    stand: Stand


COLUMNS: tuple[Column[Row], ...] = (
    Column("link", lazy_gettext("Link"), lambda row: row.link.id),
    Column("site", lazy_gettext("Site"), lambda row: row.site_name),
    Column("state", lazy_gettext("State"), lambda row: ORDER.index(row.stand.state)),
    Column("role", lazy_gettext("Role"), lambda row: str(word("link_role", row.link.role).label)),
    Column("ends", lazy_gettext("Ends")),
    Column("carrier", lazy_gettext("Carrier"), lambda row: row.carrier),
    Column("circuit", lazy_gettext("Circuit id"), lambda row: row.link.circuit_id),
    Column("bandwidth", lazy_gettext("Bandwidth"), lambda row: row.link.bandwidth_bps, end=True),
    Column("prefix", lazy_gettext("Prefix"), lambda row: int(row.link.prefix4.network_address)),
)


@_pages.get("")
def browse() -> str:
    """Show the links."""
    found = index()
    shown = listing(
        _rows(found),
        COLUMNS,
        text=lambda row: (
            row.link.id,
            row.link.circuit_id,
            row.carrier,
            row.site.name_vi,
            row.site.name_en,
            str(row.link.prefix4),
            row.link.a.device,
            row.link.b.device,
        ),
        filters={
            "state": lambda row, value: row.stand.state.value == value,
            "kind": lambda row, value: row.link.kind == value,
            "role": lambda row, value: row.link.role == value,
            "carrier": lambda row, value: row.link.carrier == value,
            "site": lambda row, value: row.site.id == value,
        },
    )
    return render_template(
        "links.html",
        listing=shown,
        columns=COLUMNS,
        states=choices("standing", (one.value for one in ORDER)),
        watch=watched(),
        kinds=choices("link"),
        roles=choices("link_role"),
        carriers=[(one.id, one.name) for one in found.network.carriers.values()],
        site=found.network.sites.get(shown.chosen.get("site", "")),
    )


@_pages.get("/<link_id>")
def show(link_id: str) -> str:
    """Show one link."""
    found = index()
    link = found.network.links.get(link_id) or abort(404)
    ends, chosen, now = [], range_of(request.args.get("range", "")), web().now()
    with web().store.reading() as connection:
        marks = marks_of(connection, {"link": link.id}, now - chosen.length, now)
    limits = []
    if link.bandwidth_bps is not None:
        text = gettext("contract %(bandwidth)s", bandwidth=rate(link.bandwidth_bps))
        limits.append(Tick(float(link.bandwidth_bps), text))
    drawn = [
        *_traffic(link, chosen, marks, limits),
        *(
            one
            for name in ("circuit_loss_ratio", "circuit_round_trip_s", "circuit_jitter_s")
            for one in figures(name, {"link": link.id}, chosen, marks)
        ),
    ]
    for end in (link.a, link.b):
        device = found.network.devices[end.device]
        interface = device.interface(end.interface)
        ends.append((device, interface, addresses_of(interface), found.network.sites[device.site]))
    return render_template(
        "link.html",
        link=link,
        ends=ends,
        site=found.far_site(link),
        carrier=found.network.carriers.get(link.carrier or ""),
        watch=watched(),
        stand=watched().of("link", link.id),
        load=web().loads.read(found.network).get(link.id),
        load_class=load_class,
        life=happened("link", link.id),
        outages=outages_of(link),
        usage=usage_of(link),
        figures=drawn,
        ranges=RANGES,
        chosen=chosen,
        title_of=title_of,
        sentence_of=sentence_of,
    )


def _traffic(link: Link, chosen: Range, marks: list[Mark], limits: list[Tick]) -> list[Figure]:
    """Return the graph of the data centre's end, or of the site's where that one is silent."""
    for end in (link.b, link.a):
        labels = {"device": end.device, "interface": end.interface}
        drawn = figures(IN, labels, chosen, marks, limits)
        if drawn:
            return drawn[:1]
    return []


def _rows(found: Index) -> list[Row]:
    """Return every link with what the list says about it."""
    carriers, watch = found.network.carriers, watched()
    rows = []
    for link in found.network.links.values():
        site = found.far_site(link)
        carrier = carriers[link.carrier].name if link.carrier else None
        rows.append(Row(link, site, name_of(site), carrier, watch.of("link", link.id)))
    return rows
