# SPDX-License-Identifier: MIT
"""Sites, devices and links make a network that can be built."""

from collections.abc import Iterator

from pydantic import BaseModel

from tinhnet.errors import Problem
from tinhnet.inventory.cabling import (
    DATA_CENTRE,
    EXTERNAL,
    MANAGEMENT,
    cpe_of,
    has_cpe,
    pc_of,
)
from tinhnet.inventory.draft import Draft, Found
from tinhnet.inventory.schema import CircuitEntry, DeviceEntry, SiteEntry

ROUTERS = ("core", "firewall", "edge")  # typed in devices.yml, at the ends of patches
A_LEVEL = "a level"  # the kind of every site of ours outside the data centre
HOMES = {"cpe": A_LEVEL, "pc": A_LEVEL, "external": EXTERNAL}  # the rest: the data centre
HOSTS = ("server", "controller")  # stand in a zone


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield devices in the wrong place, sites without circuits, ends that cannot be ends."""
    sites = {found.value.id: found.value for found in draft.sites}
    for device in draft.devices:
        site = sites.get(device.value.site)
        if site is not None:
            yield from _device(device, site)
    yield from _ends(draft)
    yield from _site_circuits(draft, sites)
    yield from _external_sites(draft)
    yield from _management(draft)
    if not draft.faulty & {"patches", "devices", "zones"}:
        yield from _unreachable(draft)


def _device(found: Found[DeviceEntry], site: SiteEntry) -> Iterator[Problem]:
    device = found.value
    home = HOMES.get(device.role, DATA_CENTRE)
    if home != (A_LEVEL if has_cpe(site) else site.kind):
        text = f'role "{device.role}" at site {site.id}, which is of kind "{site.kind}"'
        yield found.problem("role", text, f"this role belongs to a site of kind {home}")
    if device.role in HOSTS and device.zone is None:
        hint = "add zone: the firewall zone it stands in"
        yield found.problem("role", f"a {device.role} without a zone", hint)
    if device.role not in HOSTS and device.zone is not None:
        hint = "remove it; only servers and controllers stand in a zone"
        yield found.problem("zone", f"a {device.role} in zone {device.zone}", hint)
    own = {"cpe": cpe_of, "pc": pc_of}.get(device.role)
    if own is None and device.number is None:
        yield found.problem((), "number is missing", "add it; addresses follow from it")
    if own is not None and device.number is not None:
        hint = f"remove it; site {site.id} has number {site.number}"
        yield found.problem("number", f"a {device.role} with a number of its own", hint)
    if own is not None and device.id != own(device.site):
        text = f'the {device.role} of {device.site} cannot be called "{device.id}"'
        yield found.problem("id", text, f'expected "{own(device.site)}"')


def _ends(draft: Draft) -> Iterator[Problem]:
    """Yield patches, circuits and gateways that end on something that routes nothing."""
    ends: list[tuple[Found[BaseModel], str, str | None]] = []
    for patch in draft.patches:
        ends += [(patch, "a", patch.value.a), (patch, "b", patch.value.b)]
        if patch.value.a == patch.value.b:
            text = f'both ends are "{patch.value.a}"'
            yield patch.problem("b", text, "a patch joins two devices")
    ends += [(zone, "gateway", zone.value.gateway) for zone in draft.zones]
    ends += [(circuit, "to", circuit.value.to) for circuit in draft.circuits]
    if draft.basics:
        typed = draft.basics.circuit_ends
        ends += [(typed, "primary", typed.value.primary), (typed, "backup", typed.value.backup)]
    roles = {found.value.id: found.value.role for found in draft.devices}
    for found, key, device in ends:
        if device in roles and roles[device] not in ROUTERS:
            hint = f"expected a device of role {', '.join(ROUTERS)}"
            yield found.problem(key, f'{key} is "{device}", a {roles[device]}', hint)


def _site_circuits(draft: Draft, sites: dict[str, SiteEntry]) -> Iterator[Problem]:
    primary = {f.value.site: f for f in draft.circuits if f.value.role == "primary"}
    for site in draft.sites:
        if has_cpe(site.value) and site.value.id not in primary | _unread(draft):
            hint = "add one to links.yml, role: primary"
            yield site.problem((), "has no primary circuit", hint)
    for found in draft.circuits:
        circuit = found.value
        site_entry = sites.get(circuit.site)
        if site_entry is not None and site_entry.kind == DATA_CENTRE:
            hint = "circuits lead from the data centre to a site; name the other site"
            yield found.problem("site", f'site "{circuit.site}" is a data centre', hint)
        if circuit.role == "backup":
            yield from _backup(found, primary.get(circuit.site))


def _backup(found: Found[CircuitEntry], primary: Found[CircuitEntry] | None) -> Iterator[Problem]:
    if primary is None or primary.value.carrier != found.value.carrier:
        return
    line = primary.document.line(*primary.path, "carrier")
    text = f'carrier "{found.value.carrier}" also carries the primary circuit, line {line}'
    yield found.problem("carrier", text, "one dig must not cut both; choose the other carrier")


def _unread(draft: Draft) -> dict[str, SiteEntry]:
    """Return every site while circuits are missing because of faults: nothing can be said."""
    if "circuits" not in draft.faulty:
        return {}
    return {found.value.id: found.value for found in draft.sites}


def _external_sites(draft: Draft) -> Iterator[Problem]:
    """Yield sites that are not ours and lack the one network, device and circuit they need."""
    for found in draft.sites:
        if found.value.kind != EXTERNAL:
            continue
        id_ = found.value.id
        needed = {
            ("external", "network in networks.yml"): [f.value.site for f in draft.external],
            ("devices", "device in devices.yml"): [f.value.site for f in draft.devices],
            ("circuits", "circuit in links.yml"): [f.value.site for f in draft.circuits],
        }
        for (section, noun), there in needed.items():
            count = there.count(id_)
            if count != 1 and section not in draft.faulty:
                text = f"an external site with {count or 'no'} {noun}"
                yield found.problem((), text, "expected exactly one")
    for external in draft.external:
        kinds = [f.value.kind for f in draft.sites if f.value.id == external.value.site]
        if kinds and kinds != [EXTERNAL]:
            text = f'site "{external.value.site}" is of kind "{kinds[0]}"'
            yield external.problem("site", text, f"expected a site of kind {EXTERNAL}")


def _management(draft: Draft) -> Iterator[Problem]:
    zones = {found.value.id for found in draft.zones}
    basics = draft.basics
    if basics is None:
        return
    if "zones" not in draft.faulty and MANAGEMENT not in zones:
        hint = (
            f"add a zone with id {MANAGEMENT} to networks.yml: the product reaches devices from it"
        )
        yield basics.province.problem((), f'there is no zone "{MANAGEMENT}"', hint)
    if "devices" not in draft.faulty and not any(
        found.value.role == "controller" for found in draft.devices
    ):
        hint = "add a device of role controller: the machine that runs tinhnet"
        yield basics.province.problem((), "there is no controller", hint)


def _unreachable(draft: Draft) -> Iterator[Problem]:
    """Yield routers from which no patch leads to the management zone."""
    reached = {found.value.gateway for found in draft.zones if found.value.id == MANAGEMENT}
    cables = [{found.value.a, found.value.b} for found in draft.patches]
    while grown := {end for cable in cables if cable & reached for end in cable} - reached:
        reached |= grown
    for found in draft.devices:
        if found.value.role in ROUTERS and reached and found.value.id not in reached:
            text = f"no patch leads from here to the gateway of zone {MANAGEMENT}"
            yield found.problem((), text, "add one to links.yml, or nothing can configure it")
