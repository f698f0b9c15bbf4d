# SPDX-License-Identifier: MIT
"""Failures that are alike stand together."""

import pytest

from webui.alike import Line, alike


def failed(device: str, detail: str | None, task: str = "Push", word: str = "failed") -> Line:
    """Return a device that failed."""
    return Line(device, word, 0, task, detail, None)


def test_the_same_fault_on_many_devices_is_one_group_and_the_largest_comes_first() -> None:
    """Forty devices that refuse one line are one thing to look at, not forty."""
    lines = [
        failed("hoi-an-cpe1", "timeout"),
        failed("core1", "core1: line 12 refused by 10.0.0.1 at 07:01:02"),
        failed("core2", "core2: line 7 refused by fd00::2 at 07:01:03"),
    ]

    first, second = alike(lines)

    assert [line.device for line in first.lines] == ["core1", "core2"]
    assert first.detail == lines[1].detail
    assert [line.device for line in second.lines] == ["hoi-an-cpe1"]


@pytest.mark.parametrize(
    "other",
    [
        failed("core2", "route missing"),
        failed("core2", "line refused", task="Verify"),
        failed("core2", "line refused", word="unreachable"),
        failed("core2", None),
    ],
    ids=["text", "task", "result", "silent"],
)
def test_another_fault_is_another_group(other: Line) -> None:
    """What only looks alike would be overlooked."""
    assert len(alike([failed("core1", "line refused"), other])) == 2


def test_no_failure_is_no_group() -> None:
    """A job that went well has nothing to say here."""
    assert alike([]) == ()
