# SPDX-License-Identifier: MIT
"""What a running lab is and owns, written before it is made.

Two files under `/run/tinhnet-lab/<prefix>`: `owned.json` names everything
that the next `up` or `down` must remove, even after `kill -9`; `lab.json`
tells what runs.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypedDict

from lab.layout import Layout
from tinhnet.errors import TinhnetError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device: its kind, PID 1 as the machine sees it (None: powered off) and since when."""

    id: str
    kind: str
    role: str
    site: str
    interfaces: tuple[str, ...]
    pid: int | None
    started_at: float | None


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """A link and its condition.

    `place`, `bridge` and `ports` say where in the lab a circuit runs; a patch
    has none.  `cut` is None, "silent" or "port".  Loss in percent, delay in
    milliseconds one way, rate in bit/s each way; None means untouched.
    """

    id: str
    kind: str
    ends: tuple[str, str]
    place: str | None
    bridge: str | None
    ports: tuple[str, ...]
    cut: str | None = None
    loss_percent: float | None = None
    delay_ms: float | None = None
    rate_bps: int | None = None
    line_pid: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A lab that is up."""

    prefix: str
    inventory: str
    digest: str
    base: str
    authorized: str
    began_at: float
    devices: Mapping[str, DeviceRecord]
    links: Mapping[str, LinkRecord]


@dataclass(frozen=True, slots=True)
class Owned:
    """Names of what a lab makes outside its own directory."""

    namespaces: tuple[str, ...]


class _Device(TypedDict):
    id: str
    kind: str
    role: str
    site: str
    interfaces: list[str]
    pid: int | None
    started_at: float | None


class _Link(TypedDict):
    id: str
    kind: str
    ends: list[str]
    place: str | None
    bridge: str | None
    ports: list[str]
    cut: str | None
    loss_percent: float | None
    delay_ms: float | None
    rate_bps: int | None
    line_pid: int | None


class _Content(TypedDict, total=False):
    format: int
    namespaces: list[str]
    prefix: str
    inventory: str
    digest: str
    base: str
    authorized: str
    began_at: float
    devices: dict[str, _Device]
    links: dict[str, _Link]


def write_owned(layout: Layout, owned: Owned) -> None:
    """Note what is about to be made."""
    _write(layout.run / "owned.json", {"format": FORMAT, "namespaces": owned.namespaces})


def read_owned(layout: Layout) -> Owned:
    """Return what an earlier run made; nothing when it left no note."""
    content = _read(layout.run / "owned.json")
    return Owned(tuple(content.get("namespaces", ())))


def write_record(layout: Layout, record: Record) -> None:
    """Store the whole record, atomically."""
    _write(layout.run / "lab.json", {"format": FORMAT, **asdict(record)})


def read_record(layout: Layout) -> Record:
    """Return the record of a lab that is up; TinhnetError when it is not."""
    content = _read(layout.run / "lab.json")
    if content.get("format") != FORMAT:
        hint = f"tinhnet lab up --prefix {layout.prefix}"
        raise TinhnetError(f'lab "{layout.prefix}" is not up', hint)
    return Record(
        prefix=content["prefix"],
        inventory=content["inventory"],
        digest=content["digest"],
        base=content["base"],
        authorized=content["authorized"],
        began_at=content["began_at"],
        devices={key: _device(value) for key, value in content["devices"].items()},
        links={key: _link(value) for key, value in content["links"].items()},
    )


def with_device(record: Record, device: DeviceRecord) -> Record:
    """Return the record with one device changed."""
    return replace(record, devices={**record.devices, device.id: device})


def with_link(record: Record, link: LinkRecord) -> Record:
    """Return the record with one link changed."""
    return replace(record, links={**record.links, link.id: link})


def now() -> float:
    """Return the machine's clock in seconds since 1970."""
    return time.time()


def _write(path: Path, content: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
    partial.chmod(0o644)
    partial.replace(path)


def _read(path: Path) -> _Content:
    try:
        content: _Content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _Content()
    return content


def _device(value: _Device) -> DeviceRecord:
    return DeviceRecord(
        id=value["id"],
        kind=value["kind"],
        role=value["role"],
        site=value["site"],
        interfaces=tuple(value["interfaces"]),
        pid=value["pid"],
        started_at=value["started_at"],
    )


def _link(value: _Link) -> LinkRecord:
    near, far = value["ends"]
    return LinkRecord(
        id=value["id"],
        kind=value["kind"],
        ends=(near, far),
        place=value["place"],
        bridge=value["bridge"],
        ports=tuple(value["ports"]),
        cut=value["cut"],
        loss_percent=value["loss_percent"],
        delay_ms=value["delay_ms"],
        rate_bps=value["rate_bps"],
        line_pid=value["line_pid"],
    )
