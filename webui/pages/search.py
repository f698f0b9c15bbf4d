# SPDX-License-Identifier: MIT
"""One search over everything: names without accents, ids, addresses, circuits, jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from webui.context import index
from webui.figures import name_of
from webui.index import Index
from webui.jobview import job_by_id
from webui.page import Page
from webui.vietnamese import composed, matches

_pages = Blueprint("search", __name__, url_prefix="/search")
PAGE = Page(_pages)
MOST = 100
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: where it is shown and what it is."""

    address: str
    title: str
    id: str
    kind: str


@_pages.get("")
def find() -> str | Response:
    """Show what was found; a single exact id leads straight there."""
    q = composed(request.args.get("q", ""))[:LONGEST]
    exact = _exact(index(), q)
    if exact is not None:
        return redirect(exact)
    hits = list(_hits(index(), q)) if q else []
    return render_template("search.html", q=q, hits=hits[:MOST], total=len(hits), most=MOST)


def _exact(found: Index, q: str) -> str | None:
    """Return the page of what has this very id or address."""
    network = found.network
    if q in network.sites:
        return url_for("sites.show", site_id=q)
    if q in network.devices:
        return url_for("devices.show", device_id=q)
    if q in network.links:
        return url_for("links.show", link_id=q)
    if q in network.services:
        return url_for("services.show", service_id=q)
    if job_by_id(q.upper()) is not None:
        return url_for("jobs.show", job_id=q.upper())
    owner = _owner_of(found, q)
    return url_for("devices.show", device_id=owner) if owner else None


def _owner_of(found: Index, q: str) -> str | None:
    """Return the device that has the address `q`, None where nobody has or it is none."""
    try:
        address = ip_address(q)
    except ValueError:
        return None
    for device in found.network.devices.values():
        for interface in device.interfaces:
            if any(
                one is not None and one.ip == address
                for one in (interface.address4, interface.address6)
            ):
                return device.id
    return None


def _hits(found: Index, q: str) -> Iterator[Hit]:
    """Yield everything that matches: sites first, then services, links, devices."""
    network = found.network
    for site in network.sites.values():
        if matches(q, site.id, site.name_vi, site.name_en, site.address):
            address = url_for("sites.show", site_id=site.id)
            yield Hit(address, name_of(site), site.id, gettext("site"))
    for service in network.services.values():
        if matches(q, service.id, service.name_vi, service.name_en, service.url):
            address = url_for("services.show", service_id=service.id)
            yield Hit(address, name_of(service), service.id, gettext("service"))
    for link in network.links.values():
        if matches(q, link.id, link.circuit_id, str(link.prefix4), str(link.prefix6)):
            address = url_for("links.show", link_id=link.id)
            yield Hit(address, link.circuit_id or link.id, link.id, gettext("link"))
    for device in network.devices.values():
        addresses = (str(one.address4 or "") for one in device.interfaces)
        if matches(q, device.id, device.description, *addresses):
            address = url_for("devices.show", device_id=device.id)
            yield Hit(address, device.description, device.id, gettext("device"))
