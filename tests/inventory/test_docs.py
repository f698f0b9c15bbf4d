# SPDX-License-Identifier: MIT
"""docs/inventory.md names every file, section and key, and its addresses are the derived ones."""

import inspect
import re
from pathlib import Path

import pytest

from tinhnet.inventory import schema
from tinhnet.inventory.draft import FILES
from tinhnet.inventory.policy import WORDS
from tinhnet.model.declared import DeclaredNetwork

TEXT = (Path(__file__).parents[2] / "docs" / "inventory.md").read_text(encoding="utf-8")
ENTRIES = [
    entry
    for _, entry in inspect.getmembers(schema, inspect.isclass)
    if issubclass(entry, schema.Entry) and entry is not schema.Entry
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.__name__)
def test_every_key_is_documented(entry: type[schema.Entry]) -> None:
    """A key nobody can look up is a key nobody uses."""
    assert [key for key in entry.model_fields if f"`{key}`" not in TEXT] == []


def test_every_file_section_and_word_is_documented() -> None:
    """The reference has a place for each."""
    for file, sections in FILES.items():
        assert f"## {file}" in TEXT
        assert [section for section in sections if f"`{section}:`" not in TEXT] == []
    assert [word for word in WORDS if f"| `{word}` |" not in TEXT] == []


def test_the_addresses_of_the_reference_are_the_derived_ones(quang_nam: DeclaredNetwork) -> None:
    """People learn the plan from this page."""
    device = quang_nam.devices["dien-ban-cpe1"]
    core = quang_nam.devices["core1"].interface("c107")
    lan = quang_nam.networks["dien-ban-lan"]
    printed = set(re.findall(r"(?:10|fd4e)[0-9a-f.:]+(?:/[0-9]+)?", TEXT))
    derived = {str(lan.prefix4), str(lan.prefix6), str(device.router_id), str(device.management6)}
    derived |= {str(core.address4), str(core.address6)}
    for name in ("wan1", "wan2"):
        interface = device.interface(name)
        derived |= {str(interface.address4), str(interface.address6)}

    assert derived <= printed
