# SPDX-License-Identifier: MIT
"""Every id that an entry mentions exists."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from tinhnet.errors import Problem
from tinhnet.inventory.cabling import DATA_CENTRE, EXTERNAL, cpe_of, has_cpe, lan_of, pc_of
from tinhnet.inventory.document import Where
from tinhnet.inventory.draft import Draft, Found
from tinhnet.inventory.policy import WORDS
from tinhnet.inventory.wording import did_you_mean


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield references to what does not exist, each with the nearest id that does."""
    yield from _places(draft)
    yield from _parents(draft)
    yield from _devices(draft)
    yield from _links(draft)
    yield from _services(draft)
    yield from _invented(draft)


def _places(draft: Draft) -> Iterator[Problem]:
    levels = draft.basics.province.value.levels if draft.basics else None
    kinds = None if levels is None else {*levels, EXTERNAL}
    units, people = draft.typed.get("units"), draft.typed.get("people")
    for target in draft.targets:
        yield from _missing(target, "kind", target.value.kind, levels, "level")
    for unit in draft.units:
        yield from _missing(unit, "kind", unit.value.kind, kinds, "level")
        yield from _missing(unit, "parent", unit.value.parent, units, "unit")
        for index, successor in enumerate(unit.value.successors):
            yield from _missing(unit, ("successors", index), successor, units, "unit")
    for person in draft.people:
        yield from _missing(person, "unit", person.value.unit, units, "unit")
    site_kinds = None if kinds is None else {*kinds, DATA_CENTRE}
    for site in draft.sites:
        yield from _missing(site, "kind", site.value.kind, site_kinds, "kind of site")
        yield from _missing(site, "contact", site.value.contact, people, "person")
        for index, tenancy in enumerate(site.value.tenancies):
            yield from _missing(site, ("tenancies", index, "unit"), tenancy.unit, units, "unit")


def _parents(draft: Draft) -> Iterator[Problem]:
    """Yield units that stand above themselves."""
    parents = {found.value.id: found.value.parent for found in draft.units}
    for found in draft.units:
        above, seen = found.value.parent, set[str]()
        while above is not None and above != found.value.id and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above == found.value.id:
            text = f'parent "{found.value.parent}" stands below {found.value.id} itself'
            yield found.problem("parent", text, "units form a tree; name the one above")


def _devices(draft: Draft) -> Iterator[Problem]:
    sites, zones = draft.typed.get("sites"), draft.typed.get("zones")
    for device in draft.devices:
        yield from _missing(device, "site", device.value.site, sites, "site")
        yield from _missing(device, "zone", device.value.zone, zones, "zone")
    devices = draft.typed.get("devices")
    for zone in draft.zones:
        yield from _missing(zone, "gateway", zone.value.gateway, devices, "device")
    for external in draft.external:
        yield from _missing(external, "site", external.value.site, sites, "site")


def _links(draft: Draft) -> Iterator[Problem]:
    sites, devices = draft.typed.get("sites"), draft.typed.get("devices")
    carriers = draft.typed.get("carriers")
    for circuit in draft.circuits:
        yield from _missing(circuit, "site", circuit.value.site, sites, "site")
        yield from _missing(circuit, "carrier", circuit.value.carrier, carriers, "carrier")
        yield from _missing(circuit, "to", circuit.value.to, devices, "device")
    for patch in draft.patches:
        yield from _missing(patch, "a", patch.value.a, devices, "device")
        yield from _missing(patch, "b", patch.value.b, devices, "device")
    if draft.basics:
        ends = draft.basics.circuit_ends
        yield from _missing(ends, "primary", ends.value.primary, devices, "device")
        yield from _missing(ends, "backup", ends.value.backup, devices, "device")


def _services(draft: Draft) -> Iterator[Problem]:
    devices, selectors = draft.typed.get("devices"), _selectors(draft)
    for service in draft.services:
        units = draft.typed.get("units")
        yield from _missing(service, "owner", service.value.owner, units, "unit")
        yield from _missing(service, "server", service.value.server, devices, "device")
        for index, client in enumerate(service.value.clients):
            yield from _missing(service, ("clients", index), client, selectors, "client")
    for flow in draft.flows:
        for key, words in (("sources", flow.value.sources), ("targets", flow.value.targets)):
            for index, word in enumerate(words):
                yield from _missing(flow, (key, index), word, selectors, "source or target")


def _all_devices(draft: Draft) -> frozenset[str] | None:
    """Return the ids of typed and derived devices, None when a file could not be read."""
    devices, sites = draft.typed.get("devices"), draft.typed.get("sites")
    if devices is None or sites is None:
        return None
    equipped = sites - {found.value.id for found in draft.sites if not has_cpe(found.value)}
    return devices | {name(site) for site in equipped for name in (cpe_of, pc_of)}


def _selectors(draft: Draft) -> frozenset[str] | None:
    """Return every word that may stand after `clients:`."""
    devices, sites = _all_devices(draft), draft.typed.get("sites")
    zones, external = draft.typed.get("zones"), draft.typed.get("external")
    if devices is None or sites is None or zones is None or external is None or not draft.basics:
        return None
    levels = draft.basics.province.value.levels
    lans = {lan_of(site) for site in sites}
    return devices | sites | zones | external | lans | {*levels, *WORDS}


def _invented(draft: Draft) -> Iterator[Problem]:
    """Yield words after `invented:` that are no key of their entry."""
    for unit in draft.units:
        yield from _unknown_keys(unit, unit.value.invented)
    for site in draft.sites:
        yield from _unknown_keys(site, site.value.invented)
    for circuit in draft.circuits:
        yield from _unknown_keys(circuit, circuit.value.invented)
    for patch in draft.patches:
        yield from _unknown_keys(patch, patch.value.invented)
    for external in draft.external:
        yield from _unknown_keys(external, external.value.invented)
    for service in draft.services:
        yield from _unknown_keys(service, service.value.invented)


def _unknown_keys(found: Found[BaseModel], names: Iterable[str]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        keys = type(found.value).model_fields
        yield from _missing(found, ("invented", index), name, keys, "key")


def _missing(
    found: Found[BaseModel],
    where: str | Where,
    id_: str | None,
    known: Iterable[str] | None,
    noun: str,
) -> Iterator[Problem]:
    """Yield a problem when `id_` is not known; None for `known` means nobody can tell."""
    if id_ is None or known is None or id_ in (words := set(known)):
        return
    keys = (where,) if isinstance(where, str) else where
    name = ".".join(str(key + 1) if isinstance(key, int) else key for key in keys)
    hint = did_you_mean(id_, words, f"add it, or use one of: {_some(words)}")
    yield found.problem(keys, f'{name} is "{id_}", no such {noun}', hint)


def _some(words: set[str]) -> str:
    listed = sorted(words)
    return ", ".join(listed[:8]) + (", …" if len(listed) > 8 else "")  # noqa: PLR2004 one line
