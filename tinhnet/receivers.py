# SPDX-License-Identifier: MIT
"""Whom alerts are told to: one file of `notify.d/` is one receiver, its name the file's.

What a notifier wants to know stands in `[settings]`, what nobody may read in
`[secrets]`, by reference.  Which settings there are, the notifier says.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinhnet.errors import Problem
from tinhnet.model.event import Severity

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
REFERENCE = r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*$"
RANK = {severity.value: rank for rank, severity in enumerate(reversed(Severity))}
"""How much a severity weighs: the worst most."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A way to reach somebody.

    `person` is who reads it (an id of people.yml or a login's name), None
    for a room or a mailbox that many share.  `level` is when it is told
    without anybody on duty: 1 at once, 2 when level 1 did not acknowledge.
    `language` None is that of the installation.  `least` is the least
    severity that it wants.  `secrets` maps settings to names of secrets.
    """

    name: str
    notifier: str
    level: int
    person: str | None
    language: str | None
    least: str
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)

    def wants(self, severity: str) -> bool:
        """Tell whether an alert of this severity is worth a message here."""
        return RANK[severity] >= RANK[self.least]


class _File(BaseModel):
    """What may stand in a receiver's file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: Literal[1]
    notifier: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    level: Annotated[int, Field(ge=1, le=9)] = 1
    person: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,63}$")] | None = None
    language: Literal["vi", "en"] | None = None
    least: Literal["critical", "high", "medium", "low", "info"] = "info"
    settings: dict[str, str | int] = {}
    secrets: dict[str, Annotated[str, Field(pattern=REFERENCE)]] = {}


def load_receivers(directory: Path) -> tuple[tuple[Receiver, ...], tuple[Problem, ...]]:
    """Return the receivers of a directory by name, and every fault of every file.

    A faulty file is left out; the others still tell.  None without a directory.
    """
    found: list[Receiver] = []
    problems: list[Problem] = []
    for path in sorted(directory.glob("*.toml")):
        one = _receiver(path, problems)
        if one is not None:
            found.append(one)
    return tuple(found), tuple(problems)


def stamp(directory: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when somebody edits, adds or removes a receiver."""
    return tuple(
        (path.name, status.st_mtime_ns, status.st_size)
        for path in sorted(directory.glob("*.toml"))
        for status in (path.stat(),)
    )


def _receiver(path: Path, problems: list[Problem]) -> Receiver | None:
    if not NAME.fullmatch(path.stem):
        problems.append(
            Problem(str(path), None, f"{path.stem!r} is no name", "use a-z, 0-9 and -, 64 at most")
        )
        return None
    try:
        text = path.read_text(encoding="utf-8")
        held = _File.model_validate(tomllib.loads(text))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        problems.append(Problem(str(path), int(line[1]) if line else None, f"no TOML: {error}"))
        return None
    except ValidationError as error:
        problems.extend(
            Problem(
                str(path),
                _line_of(text, [str(part) for part in fault["loc"]]),
                f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg'].lower()}",
                "docs/notify.md shows whole files",
            )
            for fault in error.errors()
        )
        return None
    twice = sorted(held.settings.keys() & held.secrets.keys())
    if twice:
        problems.append(
            Problem(
                str(path),
                _line_of(text, ["secrets", twice[0]]),
                f"{twice[0]} stands in settings and in secrets",
                "keep one of them",
            )
        )
        return None
    return Receiver(
        name=path.stem,
        notifier=held.notifier,
        level=held.level,
        person=held.person,
        language=held.language,
        least=held.least,
        settings={name: str(value) for name, value in held.settings.items()},
        secrets=held.secrets,
    )


def _line_of(text: str, place: list[str]) -> int | None:
    """Return the line on which a key stands; tomllib tells none."""
    section, name = (place[0], place[1]) if len(place) > 1 else ("", place[0] if place else "")
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            inside = header[1].strip()
        elif re.match(rf"\s*(\"?){re.escape(name)}\1\s*=", line) and inside == section:
            return number
    return None
