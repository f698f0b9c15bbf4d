# SPDX-License-Identifier: MIT
"""Files read and every entry validated by itself, so that one fault hides no other."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from tinhnet.errors import Problem
from tinhnet.inventory import schema, wording
from tinhnet.inventory.document import Document, Value, Where, read

E = TypeVar("E", bound=BaseModel)
E_co = TypeVar("E_co", bound=BaseModel, covariant=True)

# Which sections a file has besides `format`.
FILES: dict[str, tuple[str, ...]] = {
    "province.yml": ("province", "targets", "pools", "routing"),
    "units.yml": ("units",),
    "people.yml": ("people",),
    "sites.yml": ("sites",),
    "devices.yml": ("site_devices", "devices"),
    "links.yml": ("carriers", "circuit_ends", "circuits", "patches"),
    "networks.yml": ("zones", "external"),
    "services.yml": ("services", "flows"),
}


@dataclass(frozen=True, slots=True)
class Found(Generic[E_co]):
    """A valid entry, how people call it and where it stands."""

    value: E_co
    subject: str
    document: Document
    path: Where

    def problem(self, where: str | Where, message: str, hint: str = "") -> Problem:
        """Return a problem at a key of this entry."""
        keys = (where,) if isinstance(where, str) else where
        return self.document.problem((*self.path, *keys), f"{self.subject}: {message}", hint)


@dataclass(frozen=True, slots=True)
class Basics:
    """The sections of which each province has exactly one."""

    province: Found[schema.ProvinceEntry]
    pools: Found[schema.PoolsEntry]
    routing: Found[schema.RoutingEntry]
    site_devices: Found[schema.SiteDevicesEntry]
    circuit_ends: Found[schema.CircuitEndsEntry]


@dataclass(frozen=True, slots=True)
class Draft:
    """All valid entries of an inventory; `basics` is None while one of them is faulty.

    `typed` maps a section to every id typed in it, also in faulty entries: a
    reference to a faulty entry is not a second fault.  A section that could
    not be read at all is not in it.  `faulty` are the sections that lack
    entries because of faults, so nothing can be said to be missing there.
    """

    basics: Basics | None
    targets: tuple[Found[schema.TargetEntry], ...]
    units: tuple[Found[schema.UnitEntry], ...]
    people: tuple[Found[schema.PersonEntry], ...]
    sites: tuple[Found[schema.SiteEntry], ...]
    devices: tuple[Found[schema.DeviceEntry], ...]
    carriers: tuple[Found[schema.CarrierEntry], ...]
    circuits: tuple[Found[schema.CircuitEntry], ...]
    patches: tuple[Found[schema.PatchEntry], ...]
    zones: tuple[Found[schema.ZoneEntry], ...]
    external: tuple[Found[schema.ExternalEntry], ...]
    services: tuple[Found[schema.ServiceEntry], ...]
    flows: tuple[Found[schema.FlowEntry], ...]
    typed: dict[str, frozenset[str]]
    faulty: frozenset[str]
    digest: str


def read_draft(directory: Path) -> tuple[Draft, list[Problem]]:
    """Read every file of an inventory directory; problems name files as given."""
    reader = _Reader(directory)
    draft = Draft(
        basics=reader.basics(),
        targets=reader.many("province.yml", "targets", schema.TargetEntry),
        units=reader.many("units.yml", "units", schema.UnitEntry),
        people=reader.many("people.yml", "people", schema.PersonEntry),
        sites=reader.many("sites.yml", "sites", schema.SiteEntry),
        devices=reader.many("devices.yml", "devices", schema.DeviceEntry),
        carriers=reader.many("links.yml", "carriers", schema.CarrierEntry),
        circuits=reader.many("links.yml", "circuits", schema.CircuitEntry),
        patches=reader.many("links.yml", "patches", schema.PatchEntry),
        zones=reader.many("networks.yml", "zones", schema.ZoneEntry),
        external=reader.many("networks.yml", "external", schema.ExternalEntry),
        services=reader.many("services.yml", "services", schema.ServiceEntry),
        flows=reader.many("services.yml", "flows", schema.FlowEntry),
        typed=reader.typed,
        faulty=frozenset(reader.faulty),
        digest=reader.digest.hexdigest(),
    )
    return draft, reader.problems


class _Reader:
    """Reads all files once and hands out their sections."""

    def __init__(self, directory: Path) -> None:
        self.problems: list[Problem] = []
        self.typed: dict[str, frozenset[str]] = {}
        self.faulty: set[str] = set()
        self.digest = hashlib.sha256()
        self._documents: dict[str, Document] = {}
        for name, sections in FILES.items():
            document, raw, problems = read(directory / name, str(directory / name))
            self.digest.update(f"{name}\0{len(raw)}\0".encode() + raw)
            self.problems += problems
            if document is not None:
                self.problems += _top_problems(document, sections)
                self._documents[name] = document

    def basics(self) -> Basics | None:
        """Return the single sections, None if one is missing or faulty."""
        province = self._one("province.yml", "province", schema.ProvinceEntry)
        pools = self._one("province.yml", "pools", schema.PoolsEntry)
        routing = self._one("province.yml", "routing", schema.RoutingEntry)
        devices = self._one("devices.yml", "site_devices", schema.SiteDevicesEntry)
        ends = self._one("links.yml", "circuit_ends", schema.CircuitEndsEntry)
        if province and pools and routing and devices and ends:
            return Basics(province, pools, routing, devices, ends)
        return None

    def many(self, file: str, section: str, model: type[E]) -> tuple[Found[E], ...]:
        """Return the valid entries of a list section."""
        document = self._documents.get(file)
        if document is None or section not in document.content:
            self.faulty.add(section)
            return ()
        items = document.content[section]
        items = [] if items is None else items  # "circuits:" with nothing below
        if not isinstance(items, list):
            message = f"{section}: expected a list, found {wording.shown(items)}"
            self.problems.append(document.problem((section,), message, 'start entries with "- "'))
            self.faulty.add(section)
            return ()
        ids = (item.get("id") for item in items if isinstance(item, dict))
        self.typed[section] = frozenset(id_ for id_ in ids if isinstance(id_, str))
        found = (
            self._entry(document, (section, index), item, model) for index, item in enumerate(items)
        )
        return tuple(entry for entry in found if entry is not None)

    def _one(self, file: str, section: str, model: type[E]) -> Found[E] | None:
        document = self._documents.get(file)
        if document is None or section not in document.content:
            return None  # said once, by _top_problems
        return self._entry(document, (section,), document.content[section], model)

    def _entry(
        self, document: Document, path: Where, item: Value, model: type[E]
    ) -> Found[E] | None:
        try:
            value = model.model_validate(item)
        except ValidationError as error:
            self.problems += [
                wording.problem(document, path, item, model, details)
                for details in error.errors(include_url=False)
            ]
            self.faulty.add(str(path[0]))
            return None
        return Found(value, wording.subject(path, item), document, path)


def _top_problems(document: Document, sections: tuple[str, ...]) -> list[Problem]:
    problems = []
    content = document.content
    if "format" not in content:
        hint = f'add "format: {schema.FORMAT}" as the first line'
        problems.append(document.problem((), "format: is missing", hint))
    elif content["format"] != schema.FORMAT or isinstance(content["format"], bool):
        message = f"format: {wording.shown(content['format'])} is not a format this version reads"
        hint = f"expected {schema.FORMAT}; a newer tinhnet wrote it?"
        problems.append(document.problem(("format",), message, hint))
    for key in content:
        if key not in ("format", *sections):
            hint = wording.did_you_mean(key, sections, f"known: {', '.join(sections)}")
            problems.append(document.problem((key,), f'unknown section "{key}"', hint))
    problems += [
        document.problem((), f'section "{section}" is missing', "docs/inventory.md shows one")
        for section in sections
        if section not in content
    ]
    return problems
