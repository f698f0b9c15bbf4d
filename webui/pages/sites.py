# SPDX-License-Identifier: MIT
"""Sites: the list, and one site with its circuits, devices and addresses."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, abort, render_template
from flask_babel import lazy_gettext

from tinhnet.agents import CHECK_STALE_S
from tinhnet.model.link import Link
from tinhnet.model.place import OrgUnit, Site
from tinhnet.standing import Stand
from tinhnet.store.series.sample import select
from webui.alertview import sentence_of, title_of
from webui.context import index, network, web
from webui.figures import name_of
from webui.index import Index
from webui.jobview import last_results
from webui.listing import Column, listing
from webui.loads import load_class
from webui.page import Entry, Page
from webui.proof import site_states
from webui.thingview import happened
from webui.watch import ORDER, watched
from webui.words import choices, word

_pages = Blueprint("sites", __name__, url_prefix="/sites")
PAGE = Page(
    _pages, Entry("sites.browse", lazy_gettext("Sites"), "building-2", "inventory", order=10)
)

SEEN = timedelta(seconds=CHECK_STALE_S)
"""A check of a service from a site counts so long."""
CIRCUITS = {
    "none": lambda circuits: not circuits,
    "one": lambda circuits: len(circuits) == 1,
    "two": lambda circuits: len(circuits) > 1,
}
"""What the filter `circuits` of the list may say."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of sites."""

    site: Site
    name: str
    unit: OrgUnit | None
    circuits: tuple[Link, ...]
    devices: int
    lan: str | None
    proof: str
    stand: Stand


COLUMNS: tuple[Column[Row], ...] = (
    Column("name", lazy_gettext("Site"), lambda row: row.name),
    Column("state", lazy_gettext("State"), lambda row: ORDER.index(row.stand.state)),
    Column("kind", lazy_gettext("Kind"), lambda row: str(word("site", row.site.kind).label)),
    Column("unit", lazy_gettext("Unit"), lambda row: name_of(row.unit) if row.unit else None),
    Column("circuits", lazy_gettext("Circuits"), lambda row: len(row.circuits)),
    Column("devices", lazy_gettext("Devices"), lambda row: row.devices, end=True),
    Column("lan", lazy_gettext("LAN"), lambda row: row.site.number),
    Column("proof", lazy_gettext("Proof"), lambda row: row.proof),
)


@_pages.get("")
def browse() -> str:
    """Show the sites."""
    rows = _rows(index())
    shown = listing(
        rows,
        COLUMNS,
        text=lambda row: (
            row.site.id,
            row.site.name_vi,
            row.site.name_en,
            row.lan,
            row.site.address,
        ),
        filters={
            "kind": lambda row, value: row.site.kind == value,
            "circuits": lambda row, value: value in CIRCUITS and CIRCUITS[value](row.circuits),
            "carrier": lambda row, value: any(link.carrier == value for link in row.circuits),
            "proof": lambda row, value: row.proof == value,
            "state": lambda row, value: row.stand.state.value == value,
        },
    )
    return render_template(
        "sites.html",
        listing=shown,
        columns=COLUMNS,
        kinds=choices("site", (row.site.kind for row in rows)),
        carriers=[(one.id, one.name) for one in network().carriers.values()],
        proofs=choices("proof"),
        states=choices("standing", (one.value for one in ORDER)),
        watch=watched(),
    )


@_pages.get("/<site_id>")
def show(site_id: str) -> str:
    """Show one site."""
    found = index()
    site = found.network.sites.get(site_id) or abort(404)
    day = found.network.province.as_of
    unit = found.network.units.get(site.unit_at(day) or "")
    return render_template(
        "site.html",
        site=site,
        unit=unit,
        units=found.network.units,
        contact=found.network.people.get(site.contact or ""),
        circuits=found.circuits.get(site.id, ()),
        devices=found.devices.get(site.id, ()),
        networks=found.networks.get(site.id, ()),
        services=[
            service
            for service in found.network.services.values()
            if site in found.users_of(service)
        ],
        proof=site_states()[site.id],
        carriers=found.network.carriers,
        last_results=last_results(),
        watch=watched(),
        stand=watched().of("site", site.id),
        loads=web().loads.read(found.network),
        load_class=load_class,
        life=happened("site", site.id),
        seen_from=_seen_from(site.id),
        title_of=title_of,
        sentence_of=sentence_of,
    )


def _seen_from(site: str) -> dict[str, tuple[bool, datetime, float | None]]:
    """Return of each service whether it works as this site's PC sees it, when, and how quick."""
    series = web().series
    works = series.latest(select("service_up", **{"from": site}), SEEN)
    spent = series.latest(select("service_duration_s", **{"from": site}), SEEN)
    quick = {one.label("service"): sample.value for one, sample in spent.items()}
    return {
        str(one.label("service")): (sample.value > 0, sample.at, quick.get(one.label("service")))
        for one, sample in works.items()
    }


def _rows(found: Index) -> list[Row]:
    """Return every site with what the list says about it."""
    states, watch = site_states(), watched()
    day = found.network.province.as_of
    units = found.network.units
    return [
        Row(
            site=site,
            name=name_of(site),
            unit=units.get(site.unit_at(day) or ""),
            circuits=found.circuits.get(site.id, ()),
            devices=len(found.devices.get(site.id, ())),
            lan=_lan(found, site),
            proof=states[site.id].state,
            stand=watch.of("site", site.id),
        )
        for site in found.network.sites.values()
    ]


def _lan(found: Index, site: Site) -> str | None:
    """Return the prefix of a site's LAN, None where it has none or several."""
    lans = [prefix for prefix in found.networks.get(site.id, ()) if prefix.kind == "lan"]
    return str(lans[0].prefix4) if len(lans) == 1 else None
