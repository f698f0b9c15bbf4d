# SPDX-License-Identifier: MIT
"""The whole intended state of a server: what the controller sends and the server reads."""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

FORMAT = 1


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
    held: Mapping[str, list[dict[str, object]]] = request["bundle"]
    return Bundle(
        device=request["bundle"]["device"],
        packages=tuple(request["bundle"]["packages"]),
        accounts=tuple(Account(**_tuples(one)) for one in held["accounts"]),
        absent_accounts=tuple(request["bundle"]["absent_accounts"]),
        directories=tuple(Directory(**_tuples(one)) for one in held["directories"]),
        files=tuple(File(**_tuples(one)) for one in held["files"]),
        absent=tuple(request["bundle"]["absent"]),
        checks=tuple(Check(**_tuples(one)) for one in held["checks"]),
        steps=tuple(Step(**_tuples(one)) for one in held["steps"]),
        units=tuple(Unit(**_tuples(one)) for one in held["units"]),
    ), bool(request["check"])


def _tuples(fields: dict[str, object]) -> dict[str, object]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
