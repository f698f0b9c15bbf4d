# SPDX-License-Identifier: MIT
"""Rooms never import each other, and one third-party library has one owner."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("changes", "collectors", "security", "alerts", "webui", "lab")
FLOOR = "tinhnet"
PACKAGES = (FLOOR, *ROOMS)

# Where each third-party library may be imported; a prefix covers what is below it.
OWNERS = {
    "alembic": ("tinhnet/store",),
    "ansible": ("playbooks/plugins",),
    "ansible_runner": ("changes",),
    "argon2": ("tinhnet/",),
    "babel": ("webui",),
    "cryptography": ("tinhnet/", "collectors/snmp/"),
    "flask": ("webui",),
    "flask_babel": ("webui",),
    "flask_limiter": ("webui",),
    "flask_login": ("webui",),
    "flask_openapi": ("webui",),
    "flask_wtf": ("webui",),
    "gunicorn": ("webui",),
    "jinja2": ("changes", "webui"),
    "markupsafe": ("webui",),
    "netmiko": ("changes",),
    "paramiko": ("changes",),
    "prometheus_client": ("tinhnet/metrics.py", "collectors/parts/node_exporter.py"),
    "psycopg": ("tinhnet/store",),
    "pydantic": ("tinhnet/", "alerts", "collectors/listen/", "webui"),
    "pydantic_core": ("tinhnet/",),  # pydantic's own errors
    "rich": ("tinhnet/", "changes", "lab", "webui"),
    "sqlalchemy": ("tinhnet/store",),
    "structlog": ("tinhnet/logs.py",),
    "typer": ("tinhnet/", "alerts", "changes", "collectors", "lab", "webui"),
    "click": ("tinhnet/cli.py",),
    "werkzeug": ("webui",),
    "wtforms": ("webui",),
    "yaml": ("tinhnet/", "changes"),
    "psycopg2": ("playbooks/roles",),  # the servers have Debian's
    "service": ("playbooks/roles",),  # the module that the province's small services share
}


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: which file brings in which module."""

    file: str
    line: int
    module: str


def imports() -> Iterator[Import]:
    """Yield every import of the product, those inside functions too."""
    roots = [ROOT / package for package in PACKAGES] + [ROOT / "playbooks"]
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            yield from imports_of(path)


def imports_of(path: Path) -> Iterator[Import]:
    """Yield the imports of one file."""
    name = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(name, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *filter(None, [node.module])])
            yield Import(name, node.lineno, module)


def test_the_model_imports_the_standard_library_only() -> None:
    """The words of the product must be usable anywhere, the scapy child included."""
    wrong = [
        found
        for found in imports()
        if found.file.startswith("tinhnet/model/")
        and found.module.split(".")[0] not in sys.stdlib_module_names
        and not found.module.startswith("tinhnet.model")
    ]

    assert wrong == []


def test_the_floor_imports_no_room() -> None:
    """The floor carries the rooms; the CLI finds their commands by file name."""
    wrong = [
        found
        for found in imports()
        if found.file.startswith("tinhnet/") and found.module.split(".")[0] in ROOMS
    ]

    assert wrong == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_the_floor_and_itself(room: str) -> None:
    """Rooms talk by rows; an import between them would tie their processes together."""
    others = set(ROOMS) - {room} | {"tests", "bench"}
    wrong = [
        found
        for found in imports()
        if found.file.startswith(f"{room}/") and found.module.split(".")[0] in others
    ]

    assert wrong == []


def test_the_probe_agent_imports_the_standard_library_and_itself() -> None:
    """It runs with the Python of routers and PCs, which have nothing of ours."""
    wrong = [
        found
        for found in imports()
        if found.file.startswith("collectors/agent/")
        and found.module.split(".")[0] not in sys.stdlib_module_names
        and not found.module.startswith("collectors.agent")
    ]

    assert wrong == []


def test_every_library_has_its_owner() -> None:
    """A library imported all over the tree can never be replaced."""
    ours = {*PACKAGES, "playbooks"}
    wrong = []
    for found in imports():
        library = found.module.split(".")[0]
        if library in sys.stdlib_module_names or library in ours:
            continue
        owners = OWNERS.get(library, ())
        if not any(found.file.startswith(owner) for owner in owners):
            wrong.append(
                f"{found.file}:{found.line} imports {library}, owned by {owners or 'nobody'}"
            )

    assert wrong == []


def test_no_python_stands_inside_an_inventory() -> None:
    """Ansible reads every file of an inventory folder; it once took a docstring for a host."""
    found = [path for folder in ROOT.glob("inventory*") for path in folder.rglob("*.py")]

    assert found == []
