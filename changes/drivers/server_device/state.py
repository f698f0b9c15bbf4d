# SPDX-License-Identifier: MIT
"""The whole intended state of a server: what the controller sends and the server reads."""

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

FORMAT = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class File:
    """One file as it should stand on the server.

    `where` is "machine" or "container" for a file that only one of the two
    gets, None for both.  `is_secret` hides lines that no mask explains.
    """

    path: str
    text: str
    owner: str
    group: str
    mode: int
    where: str | None
    is_secret: bool


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory with its owner and mode; what lies in it is not touched."""

    path: str
    owner: str
    group: str
    mode: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account without a password; keys are files."""

    name: str
    home: str
    shell: str
    groups: tuple[str, ...]
    system: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A program that must accept the future files under the prefixes `when`."""

    name: str
    when: tuple[str, ...]
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A command that runs unless `unless` succeeds, or when a path under `when` changed.

    `input` is standard input of both.  `phase` is "files" (before any file is
    written), "units" (before any unit starts) or "end".
    """

    name: str
    when: tuple[str, ...]
    unless: tuple[str, ...]
    command: tuple[str, ...]
    input: str | None
    where: str | None
    phase: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit; it restarts (or reloads) when a file under `restart_on` changed.

    `early` units are changed before the others: what they need to start.
    """

    name: str
    enabled: bool
    active: bool
    restart_on: tuple[str, ...]
    reload: bool
    early: bool


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything one server should be; lists in the order of the roles."""

    device: str
    packages: tuple[str, ...]
    accounts: tuple[Account, ...]
    absent_accounts: tuple[str, ...]
    directories: tuple[Directory, ...]
    files: tuple[File, ...]
    absent: tuple[str, ...]
    checks: tuple[Check, ...]
    steps: tuple[Step, ...]
    units: tuple[Unit, ...]


def pack(bundle: Bundle, *, check: bool) -> str:
    """Return a request as one ASCII word."""
    request = {"format": FORMAT, "check": check, "bundle": asdict(bundle)}
    return base64.b64encode(zlib.compress(json.dumps(request).encode())).decode("ascii")


def unpack(word: str) -> tuple[Bundle, bool]:
    """Return the bundle of a request and whether it is only to be checked."""
    request = json.loads(zlib.decompress(base64.b64decode(word)))
    held = request["bundle"]
    bundle = Bundle(
        device=held["device"],
        packages=tuple(held["packages"]),
        accounts=_each(Account, held["accounts"]),
        absent_accounts=tuple(held["absent_accounts"]),
        directories=_each(Directory, held["directories"]),
        files=_each(File, held["files"]),
        absent=tuple(held["absent"]),
        checks=_each(Check, held["checks"]),
        steps=_each(Step, held["steps"]),
        units=_each(Unit, held["units"]),
    )
    return bundle, bool(request["check"])


def _each(kind: Callable[..., T], rows: Iterable[Mapping[str, object]]) -> tuple[T, ...]:
    return tuple(
        kind(**{name: tuple(one) if isinstance(one, list) else one for name, one in row.items()})
        for row in rows
    )
