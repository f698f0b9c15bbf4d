# SPDX-License-Identifier: MIT
"""The lab's commands, their document and their JSON."""

import json

import jsonschema
import pytest
from typer.main import get_command

from lab.commands import app
from lab.request import VERBS
from tests.lab.trial import ROOT, Lab


def test_every_verb_and_option_stands_in_the_document() -> None:
    """The lab is a teaching tool: what is not written down is not there."""
    text = (ROOT / "docs/lab.md").read_text(encoding="utf-8")
    commands = getattr(get_command(app), "commands", {})
    options = {
        option
        for verb in commands.values()
        for parameter in verb.params
        for option in parameter.opts
        if option.startswith("--") and option not in ("--help", "--no-account")
    }

    assert commands, "the application has no verbs"
    assert [verb for verb in commands if f"`lab {verb}" not in text] == []
    assert [option for option in options if option not in text] == []


def test_the_broker_knows_the_verbs_of_the_command_line() -> None:
    """Only root has what is about the machine and not about a lab; more would be a surprise."""
    assert set(VERBS) == set(getattr(get_command(app), "commands", {})) - {"broker", "prune"}


@pytest.mark.lab
def test_status_keeps_its_contract(small: Lab) -> None:
    """Other programs read it."""
    contract = json.loads(
        (ROOT / "docs/contracts/lab-status.schema.json").read_text(encoding="utf-8")
    )
    status = small.status()

    jsonschema.validate(status, contract)
    assert len(status["devices"]) == 19
