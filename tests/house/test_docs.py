# SPDX-License-Identifier: MIT
"""The documents stay true: links resolve, and everything an operator types is written down."""

import json
import re
from pathlib import Path

import pytest

from tinhnet.config import load_config
from tinhnet.settings import Config

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
OUTSIDE = ("http://", "https://", "mailto:")


def docs_text() -> str:
    """Return all documents as one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in DOCS)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_link_of_a_document_resolves(path: Path) -> None:
    """A reader who follows a link must arrive."""
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    missing = [
        target
        for target in targets
        if not target.startswith(OUTSIDE) and not (path.parent / target).exists()
    ]

    assert missing == []


def test_every_playbook_is_described() -> None:
    """An engineer reads what a playbook does before running it."""
    text = (ROOT / "docs/playbooks.md").read_text(encoding="utf-8")
    names = [path.name for path in sorted((ROOT / "playbooks").glob("*.yml"))]

    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_setting_is_described() -> None:
    """A setting nobody can find is a setting nobody dares to use."""
    text = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    keys = [setting.key for setting in load_config().settings]

    assert [key for key in keys if f"`{key}`" not in text] == []


def test_defaults_are_described_as_they_are() -> None:
    """A table that says 8 where 64 holds makes people look for a fault that is none."""
    text = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]*)` \|", text, re.MULTILINE))
    ours = Config().model_dump(mode="json")
    held = {setting.key: _reached(ours, setting.key) for setting in load_config().settings}

    wrong = {key: (told[key], held[key]) for key in told.keys() & held if told[key] != held[key]}
    assert {key: pair for key, pair in wrong.items() if not key.startswith("state")} == {}
    assert len(told.keys() & held) > 40


def _reached(values: dict[str, object], key: str) -> str:
    value: object = values
    for part in key.split("."):
        assert isinstance(value, dict)
        value = value[part]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).lower() if isinstance(value, bool) else json.dumps(value).strip('"')


def test_every_make_target_is_described() -> None:
    """`make` is the door; its targets stand in the README or explain themselves."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [name for name in named if f"make {name}" not in readme] == []


def test_both_readmes_show_the_same_commands() -> None:
    """A Vietnamese reader must get as far as an English one."""
    blocks = [
        [line.split("#")[0].strip() for line in block.splitlines()]
        for name in ("README.md", "README.vi.md")
        for block in re.findall(
            r"```sh\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL
        )
    ]
    half = len(blocks) // 2

    assert blocks[:half] == blocks[half:]


def test_nothing_points_at_the_machine_it_was_written_on() -> None:
    """Paths of a workplace tell a reader nothing and age badly."""
    assert not re.search(r"/work/|/root/\.|\.library", docs_text())
