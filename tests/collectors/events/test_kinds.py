# SPDX-License-Identifier: MIT
"""The words of log lines and of events fit together, and are written down."""

from pathlib import Path

import pytest

from collectors.events.kinds import LINES, LOG
from collectors.events.notices import KNOWN, OSPF
from collectors.syslog.shapes import KINDS

DOCS = Path(__file__).parents[3] / "docs" / "collect.md"
UNSAID = {"command", "link-changed", "ospf-neighbour-changed", "bfd-changed"}
"""Kinds of lines that are events by their severity alone: commands, and states on their way."""


def test_every_kind_of_line_is_an_event_or_left_out_on_purpose() -> None:
    """A shape that is added and mapped to nothing would never be seen."""
    assert set(KINDS) - UNSAID == set(LINES)


@pytest.mark.parametrize(
    "kind",
    sorted(
        {one.kind for one in LINES.values()}
        | {meaning.kind for meaning, _ in KNOWN.values()}
        | {meaning.kind for _, meaning in OSPF.values() if meaning}
        | {LOG}
    ),
)
def test_every_kind_of_event_is_described(kind: str) -> None:
    """Rules and programs of others match these words."""
    assert f"`{kind}`" in DOCS.read_text(encoding="utf-8")
