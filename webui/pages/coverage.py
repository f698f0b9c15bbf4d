# SPDX-License-Identifier: MIT
"""One target of the plan: which units are connected, over which circuits, and which are not."""

from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from flask_babel import lazy_gettext

from tinhnet.coverage import Connection, Coverage, coverage
from tinhnet.model.place import OrgUnit
from webui.context import index, network
from webui.figures import as_of, name_of
from webui.listing import Column, listing
from webui.page import Page

_pages = Blueprint("coverage", __name__, url_prefix="/coverage")
PAGE = Page(_pages)


@dataclass(frozen=True, slots=True)
class Row:
    """One unit of a target."""

    unit: OrgUnit
    name: str
    connections: tuple[Connection, ...]

    @property
    def is_doubled(self) -> bool:
        """Tell whether a backup circuit is declared for one of its sites."""
        return any(connection.backup for connection in self.connections)


COLUMNS: tuple[Column[Row], ...] = (
    Column("unit", lazy_gettext("Unit"), lambda row: row.name),
    Column("state", lazy_gettext("Connected"), lambda row: len(row.connections)),
    Column("site", lazy_gettext("Site")),
    Column("primary", lazy_gettext("Primary circuit")),
    Column("backup", lazy_gettext("Backup circuit"), lambda row: int(row.is_doubled)),
)


@_pages.get("/<target_id>")
def show(target_id: str) -> str:
    """Show the units of one target."""
    found = network()
    day = as_of(found.province.as_of)
    target = next((one for one in coverage(found, day) if one.target.id == target_id), None)
    if target is None:
        abort(404)
    shown = listing(
        _rows(target),
        COLUMNS,
        text=lambda row: (row.unit.id, row.unit.name_vi, row.unit.name_en, row.unit.code),
        filters={
            "connected": lambda row, value: bool(row.connections) == (value == "yes"),
            "backup": lambda row, value: row.is_doubled == (value == "yes"),
            "as_of": lambda row, value: True,  # noqa: ARG005 kept in the address, no filter
        },
    )
    return render_template(
        "coverage.html", listing=shown, columns=COLUMNS, target=target, day=day, sites=found.sites
    )


def _rows(target: Coverage) -> list[Row]:
    """Return every unit of the target that exists on its day."""
    units = index().network.units
    return [
        Row(
            units[unit],
            name_of(units[unit]),
            tuple(one for one in target.connections if one.unit == unit),
        )
        for unit in target.units
    ]
