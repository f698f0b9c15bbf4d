# SPDX-License-Identifier: MIT
"""Services: the list, and one service with its owner, server, check and users."""

from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from flask_babel import lazy_gettext

from tinhnet.model.place import OrgUnit
from tinhnet.model.service import Service
from webui.context import index
from webui.figures import name_of
from webui.index import Index
from webui.listing import Column, listing
from webui.page import Entry, Page
from webui.watch import watched

_pages = Blueprint("services", __name__, url_prefix="/services")
PAGE = Page(
    _pages, Entry("services.browse", lazy_gettext("Services"), "globe", "inventory", order=40)
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of services."""

    service: Service
    name: str
    owner: OrgUnit | None
    users: int


COLUMNS: tuple[Column[Row], ...] = (
    Column("name", lazy_gettext("Service"), lambda row: row.name),
    Column("owner", lazy_gettext("Owner"), lambda row: name_of(row.owner) if row.owner else None),
    Column("level", lazy_gettext("Level"), lambda row: row.service.level, end=True),
    Column("server", lazy_gettext("Server"), lambda row: row.service.server),
    Column("port", lazy_gettext("Port"), lambda row: row.service.port),
    Column("check", lazy_gettext("Works when")),
    Column("users", lazy_gettext("Sites"), lambda row: row.users, end=True),
)


@_pages.get("")
def browse() -> str:
    """Show the services."""
    rows = _rows(index())
    shown = listing(
        rows,
        COLUMNS,
        text=lambda row: (
            row.service.id,
            row.service.name_vi,
            row.service.name_en,
            row.service.url,
            row.service.server,
        ),
        filters={
            "owner": lambda row, value: row.service.owner == value,
            "level": lambda row, value: str(row.service.level) == value,
            "server": lambda row, value: row.service.server == value,
        },
    )
    owners = {row.owner.id: name_of(row.owner) for row in rows if row.owner}
    return render_template(
        "services.html",
        listing=shown,
        columns=COLUMNS,
        owners=owners.items(),
        levels=[(str(level), level) for level in sorted({row.service.level for row in rows})],
    )


@_pages.get("/<service_id>")
def show(service_id: str) -> str:
    """Show one service."""
    found = index()
    service = found.network.services.get(service_id) or abort(404)
    server = found.network.devices[service.server]
    sites = found.users_of(service)
    kinds = {
        kind: sum(site.kind == kind for site in sites)
        for kind in dict.fromkeys(site.kind for site in sites)
    }
    known = set(kinds) | {site.id for site in sites}
    return render_template(
        "service.html",
        service=service,
        server=server,
        site=found.network.sites[server.site],
        owner=found.network.units.get(service.owner),
        kinds=kinds,
        others=[client for client in service.clients if client not in known],
        watch=watched(),
        stand=watched().of("service", service.id),
    )


def _rows(found: Index) -> list[Row]:
    """Return every service with what the list says about it."""
    return [
        Row(
            service=service,
            name=name_of(service),
            owner=found.network.units.get(service.owner),
            users=len(found.users_of(service)),
        )
        for service in found.network.services.values()
    ]
