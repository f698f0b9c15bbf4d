# SPDX-License-Identifier: MIT
"""What commands print: texts of devices come out as they are, and command no terminal."""

import json

import pytest

from tinhnet.console import print_json, print_rows, say, warn

SAID = "%LINK-3: eth[0] [bold]rõ[/bold] [/x] :smile: \x1b]0;owned\x07\x9b2J \u202eđảo"


def test_a_table_prints_what_a_device_said_letter_by_letter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Brackets are rich's markup: one log line with `[/x]` ended `tinhnet events`."""
    print_rows([{"text": SAID}], {"text": "text"}, as_json=False)
    printed = capsys.readouterr().out

    assert "eth[0] [bold]rõ[/bold] [/x] :smile:" in printed
    assert r"\u001b]0;owned\u0007\u009b2J \u202eđảo" in printed


def test_nothing_that_is_printed_paints_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A reason typed on a page, or a name that a device gave itself, reaches an admin's screen."""
    print_json({"text": SAID, "half": "\ud800"})
    shown = capsys.readouterr().out
    say(SAID)
    warn(SAID)
    spoken = capsys.readouterr()

    assert json.loads(shown) == {"text": SAID, "half": "\ud800"}
    for text in (shown, spoken.out, spoken.err):
        assert not set("\x1b\x07\x9b\u202e\ud800") & set(text)
        assert "rõ" in text
