# SPDX-License-Identifier: MIT
"""Devices: the list, and one device with its interfaces, links and jobs."""

from dataclasses import dataclass

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import lazy_gettext

from tinhnet.model.device import Device
from tinhnet.model.place import Site
from tinhnet.standing import Stand
from tinhnet.store.series.sample import select
from webui.alertview import sentence_of, title_of
from webui.context import index, web
from webui.figures import name_of
from webui.graph import RANGES
from webui.index import Index, addresses_of
from webui.jobview import jobs_of_device, last_backup, last_results
from webui.listing import Column, listing
from webui.loads import IN, OUT, WITHIN, load_class
from webui.page import Entry, Page
from webui.seriesview import figures, marks_of, range_of, teller, title_of_series
from webui.thingview import happened
from webui.watch import ORDER, watched
from webui.words import choices, word

_pages = Blueprint("devices", __name__, url_prefix="/devices")
PAGE = Page(
    _pages, Entry("devices.browse", lazy_gettext("Devices"), "router", "inventory", order=20)
)


DRAWN = ("memory_used_ratio", "storage_used_ratio")
"""What a device's page draws; the rest is a click away."""
HEALTH = (
    "device_uptime_s",
    "memory_used_ratio",
    "storage_used_ratio",
    "ospf_neighbours",
    "clock_offset_s",
)
COUNTED = (
    IN,
    OUT,
    "interface_errors_per_s",
    "interface_discards_per_s",
    "interface_up",
    "interface_speed_bps",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list of devices."""

    device: Device
    site: Site
    site_name: str
    result: str
    job: str | None
    stand: Stand


COLUMNS: tuple[Column[Row], ...] = (
    Column("device", lazy_gettext("Device"), lambda row: row.device.id),
    Column("site", lazy_gettext("Site"), lambda row: row.site_name),
    Column("state", lazy_gettext("State"), lambda row: ORDER.index(row.stand.state)),
    Column("role", lazy_gettext("Role"), lambda row: str(word("device", row.device.role).label)),
    Column("platform", lazy_gettext("Platform"), lambda row: row.device.platform),
    Column("address", lazy_gettext("Management address"), lambda row: int(row.device.management4)),
    Column("result", lazy_gettext("Last result"), lambda row: row.result or None),
)


@_pages.get("")
def browse() -> str:
    """Show the devices."""
    rows = _rows(index())
    shown = listing(
        rows,
        COLUMNS,
        text=lambda row: (
            row.device.id,
            row.site.name_vi,
            row.site.name_en,
            str(row.device.management4),
            str(row.device.router_id or ""),
            row.device.description,
        ),
        filters={
            "state": lambda row, value: row.stand.state.value == value,
            "site": lambda row, value: row.site.id == value,
            "role": lambda row, value: row.device.role == value,
            "platform": lambda row, value: row.device.platform == value,
            "managed": lambda row, value: row.device.managed == (value == "yes"),
            "result": lambda row, value: row.result == value,
        },
    )
    return render_template(
        "devices.html",
        listing=shown,
        columns=COLUMNS,
        states=choices("standing", (one.value for one in ORDER)),
        watch=watched(),
        roles=choices("device", (row.device.role for row in rows)),
        platforms=[(name, name) for name in dict.fromkeys(row.device.platform for row in rows)],
        site=index().network.sites.get(shown.chosen.get("site", "")),
    )


@_pages.get("/<device_id>")
def show(device_id: str) -> str:
    """Show one device."""
    found = index()
    device = found.network.devices.get(device_id) or abort(404)
    chosen, now = range_of(request.args.get("range", "")), web().now()
    about = {"device": device.id}
    with web().store.reading() as connection:
        marks = marks_of(connection, about, now - chosen.length, now)
    return render_template(
        "device.html",
        device=device,
        site=found.network.sites[device.site],
        interfaces=[(interface, addresses_of(interface)) for interface in device.interfaces],
        services=[found.network.services[name] for name in device.services],
        jobs=jobs_of_device(device.id),
        backup=last_backup(device.id),
        watch=watched(),
        stand=watched().of("device", device.id),
        health=_health(device.id),
        figures=[one for name in DRAWN for one in figures(name, about, chosen, marks)],
        ranges=RANGES,
        chosen=chosen,
        counted=_counted(device.id),
        load_class=load_class,
        life=happened("device", device.id),
        title_of=title_of,
        sentence_of=sentence_of,
    )


def _health(device: str) -> list[tuple[str, str, str]]:
    """Return title, value and graph of what a device says of itself."""
    found = []
    for name in HEALTH:
        say = teller(name)
        for series, sample in sorted(web().series.latest(select(name, device=device)).items()):
            title = title_of_series(name)
            mount = series.label("mount")
            address = url_for("series.show", name=name, device=device, mount=mount)
            found.append((f"{title} {mount}" if mount else title, say(sample.value), address))
    return found


def _counted(device: str) -> dict[str, dict[str, float]]:
    """Return what each interface of a device counts now, by interface and series."""
    found: dict[str, dict[str, float]] = {}
    for name in COUNTED:
        for series, sample in web().series.latest(select(name, device=device), WITHIN).items():
            found.setdefault(str(series.label("interface")), {})[name] = sample.value
    return found


def _rows(found: Index) -> list[Row]:
    """Return every device with what the list says about it."""
    last, watch = last_results(), watched()
    rows = []
    for device in found.network.devices.values():
        site = found.network.sites[device.site]
        touched = last.get(device.id)
        rows.append(
            Row(
                device=device,
                site=site,
                site_name=name_of(site),
                result=touched.result.value if touched else "",
                job=f"J{touched.job}" if touched else None,
                stand=watch.of("device", device.id),
            )
        )
    return rows
