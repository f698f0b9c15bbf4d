# SPDX-License-Identifier: MIT
"""The lab's commands, their document and their JSON."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.main import get_command

from lab import commands
from lab.commands import app
from lab.request import VERBS
from tests.lab.trial import ROOT, Lab

CONTRACT: dict[str, Any] = json.loads(
    (ROOT / "docs/contracts/lab.schema.json").read_text(encoding="utf-8")
)


def options_of_verbs() -> dict[str, set[str]]:
    """Return the long options of every verb of the command line."""
    verbs = getattr(get_command(app), "commands", {})
    assert verbs, "the application has no verbs"
    return {
        name: {
            option
            for parameter in verb.params
            for option in parameter.opts
            if option.startswith("--") and option not in ("--help", "--no-account")
        }
        for name, verb in verbs.items()
    }


def test_every_verb_and_option_stands_in_the_document() -> None:
    """The lab is a teaching tool: what is not written down is not there."""
    text = (ROOT / "docs/lab.md").read_text(encoding="utf-8")
    verbs = options_of_verbs()

    assert [verb for verb in verbs if f"`lab {verb}" not in text] == []
    assert [option for option in set().union(*verbs.values()) if option not in text] == []


def test_the_broker_knows_the_verbs_of_the_command_line() -> None:
    """Only root has what is about the machine and not about a lab; more would be a surprise."""
    assert set(VERBS) == set(options_of_verbs()) - {"broker", "prune"}


def test_every_verb_that_ends_answers_programs() -> None:
    """A script that cuts and mends must not read sentences; a broker serves for good."""
    answering = {name for name, options in options_of_verbs().items() if "--json" in options}
    parts = [part.get("properties", {}).get("verb") for part in CONTRACT["$defs"].values()]
    named = {word for verb in parts if verb for word in verb.get("enum", [verb.get("const")])}

    assert answering == set(options_of_verbs()) - {"broker"}
    assert named == answering


def test_the_broker_takes_json_for_every_verb() -> None:
    """People without root write scripts, too."""
    assert [verb for verb, shape in VERBS.items() if "--json" not in shape.options] == []


def answer(lab: Lab, verb: str, *words: str) -> dict[str, Any]:
    """Return what a verb prints with --json, held to the contract."""
    told: dict[str, Any] = json.loads(lab.must(verb, "--json", *words))
    Draft202012Validator(CONTRACT).validate(told)
    assert told["verb"] == verb
    return told


@pytest.mark.lab
def test_status_and_up_keep_their_contract(small: Lab) -> None:
    """Other programs read it."""
    status = answer(small, "status")
    again = answer(small, "up")

    assert len(status["devices"]) == 19
    assert (again["was_up"], again["devices"]) == (True, 19)


@pytest.mark.lab
def test_verbs_on_circuits_tell_the_circuit_as_it_is(small: Lab) -> None:
    """Whoever breaks a circuit by a script checks what is broken now."""
    cut = answer(small, "cut", "--port", "so-tttt-1")
    worse = answer(small, "degrade", "so-tttt-1", "--loss", "2.5", "--rate", "2M")
    mended = answer(small, "mend", "so-tttt-1")

    assert [told["link"]["state"] for told in (cut, worse, mended)] == [
        "port-down",
        "port-down",
        "up",
    ]
    assert (worse["link"]["loss_percent"], worse["link"]["rate_bps"]) == (2.5, 2_000_000)


@pytest.mark.lab
def test_verbs_on_devices_tell_the_device_as_it_is(small: Lab) -> None:
    """A script that starts a device goes on when it runs."""
    killed = answer(small, "kill", "so-tttt-pc")
    refused = small.run("exec", "--json", "so-tttt-pc", "--", "true")
    started = answer(small, "start", "so-tttt-pc")
    swapped = answer(small, "rekey", "so-tttt-pc")
    fingerprint = small.on("so-tttt-pc", "ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key.pub")
    trusted = answer(small, "trust", str(small.state / "lab" / small.prefix / "outside" / "ca.pem"))

    assert (killed["device"]["state"], killed["device"]["pid"]) == ("off", None)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "powered off" in refused.stderr
    assert started["device"]["state"] == "running"
    assert swapped["host_key"] == fingerprint.split()[1]
    assert sorted(trusted["devices"]) == ["dien-ban-pc", "so-tttt-pc"]


@pytest.mark.lab
@pytest.mark.parametrize(
    ("device", "user"), [("so-tttt-pc", "root"), ("noc", "tinhnet")], ids=["device", "controller"]
)
def test_exec_tells_how_the_command_ended(small: Lab, device: str, user: str) -> None:
    """What is left in the background keeps nobody waiting."""
    script = "sleep 100 & id -un; echo 'không' >&2; printf '\\377'; exit 7"
    done = small.run("exec", "--json", device, "--", "sh", "-c", script)
    told = json.loads(done.stdout)

    Draft202012Validator(CONTRACT).validate(told)
    assert done.returncode == 7
    assert told == {
        "verb": "exec",
        "prefix": small.prefix,
        "device": device,
        "status": 7,
        "stdout": f"{user}\n\ufffd",
        "stderr": "không\n",
    }


@pytest.mark.lab
def test_down_of_no_lab_keeps_its_contract(make_lab: Callable[[str], Lab]) -> None:
    """A lab that is not there is no fault."""
    lab = make_lab("e")

    assert answer(lab, "down")["labs"] == [{"prefix": lab.prefix, "was_up": False}]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root prunes")
def test_prune_tells_what_it_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cache of its own: the machine's holds the base of labs that start this moment."""
    old = tmp_path / "base-aaaaaaaaaaaa"
    old.mkdir()
    monkeypatch.setattr(commands, "CACHE", tmp_path)
    commands.prune(as_json=True)
    told = json.loads(capsys.readouterr().out)

    Draft202012Validator(CONTRACT).validate(told)
    assert told == {"verb": "prune", "removed": [str(old)]}
    assert not old.exists()
