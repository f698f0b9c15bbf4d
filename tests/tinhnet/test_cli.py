# SPDX-License-Identifier: MIT
"""The command line: finding commands, errors as sentences."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinhnet.cli import command_modules

pytestmark = pytest.mark.patient

COMMAND = Path(sys.executable).with_name("tinhnet")


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_file_called_commands_is_found_without_a_registry(tmp_path: Path) -> None:
    """A new room brings its commands by dropping one file."""
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "commands.py").touch()
    (tmp_path / "tinhnet" / "inventory").mkdir(parents=True)
    (tmp_path / "tinhnet" / "inventory" / "commands.py").touch()

    assert list(command_modules(tmp_path)) == ["tinhnet.inventory.commands", "lab.commands"]


def test_an_error_is_a_sentence_with_a_hint_and_status_1() -> None:
    """Nobody at 3 a.m. reads a traceback."""
    done = run("config", "show", TINHNET__WEB__PROT="1")

    assert done.returncode == 1
    assert "there is no setting web.prot; did you mean web.port?" in done.stderr
    assert "Traceback" not in done.stderr


def test_config_show_prints_origins_as_json(tmp_path: Path) -> None:
    """A program that checks installations reads where each value was set."""
    done = run("config", "show", "--json", TINHNET_STATE=str(tmp_path))

    rows = {row["key"]: row for row in json.loads(done.stdout)}
    assert rows["state"]["value"] == str(tmp_path)
    assert rows["state"]["origin"] == "TINHNET_STATE"
    assert rows["web.port"]["origin"] == "default"


def test_a_closed_pipe_is_no_traceback() -> None:
    """`tinhnet config show | head -1` is what people type."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [COMMAND, "config", "show"], stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writer)

    assert b"Traceback" not in done.stderr
