# SPDX-License-Identifier: MIT
"""Where an alert belongs, and what people call the thing it is about."""

from collections.abc import Mapping
from dataclasses import dataclass

from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.link import Link

ROLES = {"primary": ("chính", "primary"), "backup": ("dự phòng", "backup")}
DATACENTRE = "datacentre"
"""Value of the label `from` of what is checked next to the controller."""


@dataclass(frozen=True, slots=True)
class Place:
    """A thing with the device, link and site it belongs to (None: to none) and its names."""

    thing: str
    name_vi: str
    name_en: str
    device: str | None = None
    link: str | None = None
    site: str | None = None


def place_of(thing: str, network: DeclaredNetwork) -> Place:
    """Return the place of a thing; of one that is not declared (any more) its bare id."""
    kind, _, id_ = thing.partition(":")
    match kind:
        case "link" if id_ in network.links:
            return _link(network.links[id_], network)
        case "device" if id_ in network.devices:
            site = network.devices[id_].site
            vi, en = _site(site, network)
            return Place(thing, f"{id_} ({vi})", f"{id_} ({en})", device=id_, site=site)
        case "service" if id_ in network.services:
            found = network.services[id_]
            site = network.devices[found.server].site
            return Place(thing, found.name_vi, found.name_en, found.server, site=site)
        case "site" if id_ in network.sites:
            return Place(thing, *_site(id_, network), site=id_)
        case "network" if id_ in network.networks:
            return Place(thing, f"mạng {id_}", f"network {id_}", site=network.networks[id_].site)
        case _:
            return Place(thing, id_, id_)


def place_of_labels(labels: Mapping[str, str], network: DeclaredNetwork) -> Place:
    """Return the place that the labels of a series tell of."""
    if "service" in labels:
        return _service(labels, network)
    if "device" in labels:
        return _part(labels, network)
    if "link" in labels:
        return place_of(f"link:{labels['link']}", network)
    for label, vi, en in (
        ("worker", "Tiến trình", "Worker"),
        ("source", "Bộ thu thập", "Collector"),
    ):
        if label in labels:
            name = labels[label]
            return Place(f"{label}:{name}", f"{vi} {name}", f"{en} {name}")
    return Place("product:state", "Máy chủ giám sát", "The product")


def _service(labels: Mapping[str, str], network: DeclaredNetwork) -> Place:
    found = place_of(f"service:{labels['service']}", network)
    seen_from = labels.get("from", DATACENTRE)
    if seen_from == DATACENTRE:
        return found
    vi, en = _site(seen_from, network)
    return Place(
        found.thing,
        f"{found.name_vi} (nhìn từ {vi})",
        f"{found.name_en} (seen from {en})",
        found.device,
        site=seen_from,
    )


def _part(labels: Mapping[str, str], network: DeclaredNetwork) -> Place:
    """Return the place of a device or of a part of it."""
    device = place_of(f"device:{labels['device']}", network)
    for label, vi, en in (("interface", "Cổng", "Interface"), ("mount", "Ổ đĩa", "Disk")):
        if label in labels:
            part = labels[label]
            return Place(
                device.thing,
                f"{vi} {part} của {labels['device']}",
                f"{en} {part} of {labels['device']}",
                device.device,
                labels.get("link") or _ended_by(labels, network),
                device.site,
            )
    return device


def _ended_by(labels: Mapping[str, str], network: DeclaredNetwork) -> str | None:
    """Return the link that an interface ends."""
    device = network.devices.get(labels["device"])
    ports = device.interfaces if device else ()
    return next((port.link for port in ports if port.name == labels.get("interface")), None)


def _link(link: Link, network: DeclaredNetwork) -> Place:
    thing, site = f"link:{link.id}", network.devices[link.a.device].site
    if link.kind != "circuit":
        ends = f"{link.a.device} – {link.b.device}"
        return Place(thing, f"cáp {ends}", f"cable {ends}", link=link.id, site=site)
    vi, en = _site(site, network)
    role_vi, role_en = ROLES.get(link.role, (link.role, link.role))
    number = f" ({link.circuit_id})" if link.circuit_id else ""
    name_vi, name_en = f"Kênh {role_vi} {vi}{number}", f"{en} {role_en} circuit{number}"
    return Place(thing, name_vi, name_en, link=link.id, site=site)


def _site(id_: str, network: DeclaredNetwork) -> tuple[str, str]:
    found = network.sites.get(id_)
    return (found.name_vi, found.name_en) if found else (id_, id_)
