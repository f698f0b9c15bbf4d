# SPDX-License-Identifier: MIT
"""Files read and every entry validated by itself, so that one fault hides no other."""

import difflib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tinhnet.errors import Problem
from tinhnet.inventory import schema
from tinhnet.inventory.document import Document, Value, Where, read

E = TypeVar("E", bound=BaseModel)

MAX_SHOWN = 60  # a value in a message, in characters

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
class Found(Generic[E]):
    """A valid entry and where it stands."""

    value: E
    document: Document
    path: Where

    def problem(self, where: str | Where, message: str, hint: str = "") -> Problem:
        """Return a problem at a key of this entry."""
        keys = (where,) if isinstance(where, str) else where
        return self.document.problem((*self.path, *keys), message, hint)


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

    `typed` maps a section to every id typed in it, also in faulty entries:
    a reference to a faulty entry is not a second fault.
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
        digest=reader.digest.hexdigest(),
    )
    return draft, reader.problems


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint with the nearest known word, or `otherwise`."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else otherwise


class _Reader:
    """Reads all files once and hands out their sections."""

    def __init__(self, directory: Path) -> None:
        self.problems: list[Problem] = []
        self.typed: dict[str, frozenset[str]] = {}
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
        items = document.content.get(section) if document else None
        if document is None or items is None:
            self.typed[section] = frozenset()
            return ()
        if not isinstance(items, list):
            message = f"{section}: expected a list, found {_shown(items)}"
            self.problems.append(document.problem((section,), message, 'start entries with "- "'))
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
            return Found(model.model_validate(item), document, path)
        except ValidationError as error:
            self.problems += [
                _problem(document, path, item, model, details)
                for details in error.errors(include_url=False)
            ]
            return None


def _top_problems(document: Document, sections: tuple[str, ...]) -> list[Problem]:
    problems = []
    content = document.content
    if "format" not in content:
        hint = f'add "format: {schema.FORMAT}" as the first line'
        problems.append(document.problem((), "format: is missing", hint))
    elif content["format"] != schema.FORMAT:
        message = f"format: {_shown(content['format'])} is not a format this version reads"
        hint = f"expected {schema.FORMAT}; a newer tinhnet wrote it?"
        problems.append(document.problem(("format",), message, hint))
    for key in content:
        if key not in ("format", *sections):
            hint = did_you_mean(key, sections, f"known: {', '.join(sections)}")
            problems.append(document.problem((key,), f'unknown section "{key}"', hint))
    problems += [
        document.problem((), f'section "{section}" is missing', "docs/inventory.md shows one")
        for section in sections
        if section not in content
    ]
    return problems


def _problem(
    document: Document, path: Where, item: Value, model: type[BaseModel], details: ErrorDetails
) -> Problem:
    """Return what pydantic found, in the words of somebody who edits the file."""
    location = details["loc"]
    where = (*path, *location)
    subject = f"{_subject(path, item)}: {'.'.join(str(key) for key in location)}"
    if details["type"] == "extra_forbidden":
        key = str(location[-1])
        fields = _fields(model, location[:-1])
        hint = did_you_mean(key, fields, f"known: {', '.join(fields)}")
        return document.problem(where, f'{_subject(path, item)}: unknown key "{key}"', hint)
    if details["type"] == "missing":
        return document.problem(where, f"{subject} is missing", "add it")
    message = f"{subject.removesuffix(': ')}: {_shown(details['input'])}, {_expected(details)}"
    return document.problem(where, message, _hint(details))


def _subject(path: Where, item: Value) -> str:
    """Return how people call an entry: "site dien-ban", or "sites entry 4"."""
    section = str(path[0])
    if len(path) == 1:
        return section
    id_ = item.get("id") if isinstance(item, dict) else None
    noun = {"people": "person", "external": "external network"}.get(section)
    if isinstance(id_, str):
        return f"{noun or section.removesuffix('s')} {id_}"
    return f"{section} entry {int(path[1]) + 1}"


def _fields(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model at `location` inside `model` knows."""
    for key in location:
        if isinstance(key, int):
            continue
        inner = _inner_model(model, key)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _inner_model(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    field = model.model_fields.get(key)
    candidates = [field.annotation] if field else []
    while candidates:
        candidate = candidates.pop()
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
        candidates += getattr(candidate, "__args__", ())
    return None


def _shown(value: object) -> str:
    """Return a value as it would stand in the file, shortened."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


# pydantic's names of faults, in the words of the file's author.
EXPECTED = {
    "string_type": "expected text",
    "int_type": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "date_type": "expected a date such as 2016-12-31",
    "list_type": "expected a list",
    "model_type": "expected a mapping",
    "dict_type": "expected a mapping",
    "too_short": "expected at least one entry",
}


def _expected(details: ErrorDetails) -> str:
    if details["type"] in EXPECTED:
        return EXPECTED[details["type"]]
    message = details["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "expected").replace("String should", "expected to")
    return message[0].lower() + message[1:]


def _hint(details: ErrorDetails) -> str:
    given = details["input"]
    if details["type"] == "string_type" and isinstance(given, int | float):
        return f'write it in quotes: "{given}"'
    if details["type"] == "literal_error" and isinstance(given, str):
        expected = str(details.get("ctx", {}).get("expected", ""))
        return did_you_mean(
            given, [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
        )
    return ""
