# SPDX-License-Identifier: MIT
"""The catalogue of playbooks: each one's card stands in a comment at its top.

    # SPDX-License-Identifier: MIT
    # tinhnet: {title_vi: Mạng WAN, title_en: The WAN, risk: change, order: 10,
    #   groups: [routers], does_vi: Cấu hình bộ định tuyến, does_en: Configures routers,
    #   arguments: {device: {label_vi: Thiết bị, label_en: Device, pattern: "[a-z0-9-]+"}}}

A playbook without a card is one of Ansible's, not a job.
"""

import re
from pathlib import Path
from typing import Annotated
from unicodedata import normalize

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinhnet.errors import Problem, ProblemsError, TinhnetError
from tinhnet.model.job import Argument, Playbook, Risk

CARD_LINES = 20
"""Lines in which the card may begin."""
GROUP = r"^[a-z0-9_-]+$"
PLAIN = r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}"


class PlaybookMissingError(TinhnetError):
    """No job of that name is in the catalogue."""


class _ArgumentCard(BaseModel):
    model_config = ConfigDict(extra="forbid")

    label_vi: str
    label_en: str
    pattern: str = PLAIN
    required: bool = False


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title_vi: str
    title_en: str
    risk: Risk
    order: int = 100
    does_vi: str = ""
    does_en: str = ""
    groups: tuple[Annotated[str, Field(pattern=GROUP)], ...] = ()
    arguments: dict[str, _ArgumentCard] = Field(default_factory=dict)


def catalogue(directory: Path) -> tuple[Playbook, ...]:
    """Return all playbooks with a card, in the order they ask for.

    Raises ProblemsError naming every card that is wrong.
    """
    found: list[Playbook] = []
    problems: list[Problem] = []
    for path in sorted(directory.glob("*.yml")):
        try:
            card = _card_text(path)
        except UnicodeDecodeError as error:
            problems.append(Problem(str(path), None, f"byte {error.start} is no UTF-8"))
            continue
        if card is None:
            continue
        line, text = card
        try:
            found.append(_playbook(path.name, text))
        except (yaml.YAMLError, ValidationError, re.error) as error:
            problems.append(Problem(str(path), line, f"the card is wrong: {_short(error)}"))
    if problems:
        raise ProblemsError(tuple(problems))
    return tuple(sorted(found, key=lambda one: (one.order, one.name)))


def find_playbook(directory: Path, name: str) -> Playbook:
    """Return a playbook by its file name, with or without the suffix."""
    wanted = name if name.endswith(".yml") else f"{name}.yml"
    known = catalogue(directory)
    for one in known:
        if one.name == wanted:
            return one
    names = ", ".join(one.name for one in known) or "none"
    raise PlaybookMissingError(
        "there is no playbook %(name)s", "these exist: %(names)s", name=name, names=names
    )


def _card_text(path: Path) -> tuple[int, str] | None:
    """Return the line on which the card begins and its text, None without a card."""
    lines = normalize("NFC", path.read_text(encoding="utf-8")).splitlines()
    for number, line in enumerate(lines[:CARD_LINES], 1):
        if line.startswith("# tinhnet:"):
            parts = [line.removeprefix("# tinhnet:")]
            for more in lines[number:]:
                if not more.startswith("#   "):
                    break
                parts.append(more.removeprefix("#   "))
            return number, " ".join(parts)
    return None


def _playbook(name: str, text: str) -> Playbook:
    card = _Card.model_validate(yaml.safe_load(text))
    for argument in card.arguments.values():
        re.compile(argument.pattern)
    return Playbook(
        name=name,
        title_vi=card.title_vi,
        title_en=card.title_en,
        risk=card.risk,
        order=card.order,
        does_vi=card.does_vi,
        does_en=card.does_en,
        groups=card.groups,
        arguments=tuple(
            Argument(key, one.label_vi, one.label_en, one.pattern, one.required)
            for key, one in card.arguments.items()
        ),
    )


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(str(part) for part in one['loc']) or 'card'}: {one['msg'].lower()}"
            for one in error.errors()
        )
    return " ".join(str(error).split())
