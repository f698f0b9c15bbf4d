# SPDX-License-Identifier: MIT
"""The cards of our playbooks say what Ansible says."""

import json
import subprocess
import sys
from pathlib import Path

from tinhnet.catalogue import catalogue
from tinhnet.targets import listed

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300
"""A lab beside it takes both cores; idle it is three seconds."""


def ansible(program: str, *arguments: str) -> str:
    """Return what a program of Ansible prints in the checkout."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    return done.stdout


def test_the_groups_of_a_card_are_the_devices_that_ansible_names() -> None:
    """The catalogue promises which devices a playbook acts on; Ansible decides it."""
    cards = [one for one in catalogue(ROOT / "playbooks") if one.groups]
    groups = json.loads(ansible("ansible-inventory", "--list"))
    names = [f"playbooks/{one.name}" for one in cards]
    _, *answers = ansible("ansible-playbook", "--list-hosts", *names).split("\nplaybook: ")
    named = {text.splitlines()[0].rpartition("/")[2]: set(listed(text)) for text in answers}
    promised = {
        one.name: {name for group in one.groups for name in groups[group]["hosts"]} for one in cards
    }

    assert len(cards) == len(catalogue(ROOT / "playbooks"))
    assert promised == named


def test_every_card_says_what_its_playbook_does_in_both_languages() -> None:
    """Who chooses at night reads a sentence, not a file name."""
    silent = [
        one.name
        for one in catalogue(ROOT / "playbooks")
        if not (one.does_vi.endswith(".") and one.does_en.endswith("."))
    ]

    assert silent == []
