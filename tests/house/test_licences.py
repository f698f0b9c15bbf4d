# SPDX-License-Identifier: MIT
"""Every file says its licence, and the licences fit what is imported and shipped."""

import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
CODE = ("tinhnet", "changes", "collectors", "security", "alerts", "webui", "lab", "bench", "tests")
GPL3 = "GPL-3.0-or-later"
SUFFIXES = {".py", ".sh"}
# What a dependency's licence text must name for us to import it from MIT code.
PERMISSIVE = (
    "MIT",
    "BSD",
    "Apache",
    "ISC",
    "PSF",
    "Python Software",
    "0BSD",
    "MPL",
    "LGPL",
    "Unlicense",
)
# Imported only from GPL files, or run as a process of its own.
GPL_PROCESSES = {"ansible-core": GPL3}


def own_files() -> list[Path]:
    """Return every source file of ours that can carry a comment."""
    files = [
        path
        for folder in (*CODE, "playbooks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SUFFIXES
        and "vendor" not in path.parts
        and "__pycache__" not in path.parts
    ]
    return sorted(files)


def licence_of(path: Path) -> str | None:
    """Return the SPDX expression in the first three lines of a file, None without one."""
    for line in path.read_text(encoding="utf-8").splitlines()[:3]:
        _, found, expression = line.partition("SPDX-License-Identifier: ")
        if found:
            return expression.strip(" */->")
    return None


def test_every_source_file_names_its_licence() -> None:
    """A file that is copied out of the tree must still say what it is under."""
    wrong = [str(path.relative_to(ROOT)) for path in own_files() if licence_of(path) is None]

    assert wrong == []


def test_what_runs_inside_ansible_is_gpl_and_nothing_else_is() -> None:
    """Ansible is GPL-3.0-or-later, and plug-ins become part of its process."""
    wrong = []
    for path in own_files():
        name = path.relative_to(ROOT).as_posix()
        wanted = GPL3 if name.startswith("playbooks/plugins/") else "MIT"
        if licence_of(path) != wanted:
            wrong.append(f"{name}: {licence_of(path)}, expected {wanted}")

    assert wrong == []


def declared_libraries() -> list[str]:
    """Return the run-time dependencies as pyproject.toml names them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text).name for text in project["dependencies"]]


@pytest.mark.parametrize("name", declared_libraries())
def test_a_library_has_a_licence_we_may_import(name: str) -> None:
    """A licence that changes with an upgrade must be noticed before it ships."""
    metadata = distribution(name).metadata
    texts = [
        metadata.get("License-Expression") or "",
        (metadata.get("License") or "")[:200],
        *[line for line in metadata.get_all("Classifier") or [] if line.startswith("License")],
    ]
    licence = " ".join(texts)

    assert name in GPL_PROCESSES or any(word in licence for word in PERMISSIVE), (
        f"{name}: {licence}"
    )


def test_the_notices_name_every_library() -> None:
    """Who ships us must know what comes along."""
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8").lower()

    assert [name for name in declared_libraries() if name.lower() not in notices] == []
