# SPDX-License-Identifier: MIT
"""Units, their successors and the sites they live at agree about days."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from tinhnet.errors import Problem
from tinhnet.inventory.draft import Draft, Found
from tinhnet.inventory.schema import SiteEntry, TenancyEntry, UnitEntry

EMPTY = "valid_to is the first day that no longer counts; it comes after valid_from"


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield empty periods, abolished units nobody took over, tenancies outside their unit."""
    units = {found.value.id: found.value for found in draft.units}
    for target in draft.targets:
        begin, end = target.value.valid_from, target.value.valid_to
        if begin is not None and end is not None and end <= begin:
            yield target.problem(
                "valid_to", f"valid_to {end} is not after valid_from {begin}", EMPTY
            )
    for unit in draft.units:
        yield from _unit(unit, units)
    for site in draft.sites:
        for index, tenancy in enumerate(site.value.tenancies):
            yield from _tenancy(site, index, units.get(tenancy.unit))
        yield from _overlaps(site)


def _unit(found: Found[UnitEntry], units: dict[str, UnitEntry]) -> Iterator[Problem]:
    unit = found.value
    if unit.valid_to is None:
        if unit.successors:
            hint = "add valid_to, or remove the successors"
            yield found.problem("successors", "has successors but no valid_to", hint)
        return
    if unit.valid_to <= unit.valid_from:
        text = f"valid_to {unit.valid_to} is not after valid_from {unit.valid_from}"
        yield found.problem("valid_to", text, EMPTY)
    if not unit.successors:
        hint = "add successors: the ids of the units that took over"
        yield found.problem("valid_to", f"ends on {unit.valid_to} and has no successor", hint)
    for index, id_ in enumerate(unit.successors):
        successor = units.get(id_)
        if successor and not _contains(successor.valid_from, successor.valid_to, unit.valid_to):
            text = f"successor {id_} does not exist on {unit.valid_to}"
            hint = f"it is valid {_period(successor.valid_from, successor.valid_to)}"
            yield found.problem(("successors", index), text, hint)


def _tenancy(found: Found[SiteEntry], index: int, unit: UnitEntry | None) -> Iterator[Problem]:
    tenancy = found.value.tenancies[index]
    if tenancy.valid_to is not None and tenancy.valid_to <= tenancy.valid_from:
        text = f"tenancy of {tenancy.unit}: valid_to {tenancy.valid_to} is not after valid_from"
        yield found.problem(("tenancies", index, "valid_to"), f"{text} {tenancy.valid_from}", EMPTY)
    if unit is None:
        return
    period = _period(unit.valid_from, unit.valid_to)
    hint = f"{tenancy.unit} is valid {period}; change the tenancy or the unit"
    if tenancy.valid_from < unit.valid_from:
        text = f"tenancy of {tenancy.unit} begins on {tenancy.valid_from}, before the unit"
        yield found.problem(("tenancies", index, "valid_from"), text, hint)
    if unit.valid_to is not None and (tenancy.valid_to or date.max) > unit.valid_to:
        text = f"tenancy of {tenancy.unit} lasts longer than the unit"
        yield found.problem(("tenancies", index, "valid_to"), text, hint)


def _overlaps(found: Found[SiteEntry]) -> Iterator[Problem]:
    """Yield tenancies that begin while another still lasts."""
    ordered = sorted(enumerate(found.value.tenancies), key=lambda pair: pair[1].valid_from)
    for (_, before), (index, after) in pairwise(ordered):
        if before.valid_to is None or after.valid_from < before.valid_to:
            text = f"{_tenant(before)} and {_tenant(after)} overlap"
            hint = f"end {before.unit} on the day {after.unit} begins"
            yield found.problem(("tenancies", index), text, hint)


def _tenant(tenancy: TenancyEntry) -> str:
    return f"{tenancy.unit} ({_period(tenancy.valid_from, tenancy.valid_to)})"


def _contains(valid_from: date, valid_to: date | None, day: date) -> bool:
    return valid_from <= day and (valid_to is None or day < valid_to)


def _period(valid_from: date, valid_to: date | None) -> str:
    return f"from {valid_from} to {valid_to}" if valid_to else f"from {valid_from}"
