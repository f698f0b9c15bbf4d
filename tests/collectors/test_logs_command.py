# SPDX-License-Identifier: MIT
"""`tinhnet logs parse` as a person or a program types it."""

import json
from pathlib import Path

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from collectors.commands import app
from tinhnet.errors import TinhnetError

ROOT = Path(__file__).parents[2]
LINES = [
    case["line"]
    for case in yaml.safe_load((ROOT / "tests/cases/syslog.yml").read_text(encoding="utf-8"))
]


def said(*arguments: str, given: bytes = b"") -> tuple[str, str]:
    """Return what `tinhnet logs parse` prints, and what it says on standard error."""
    whole = typer.Typer()
    whole.add_typer(app)
    command = ["logs", "parse", *arguments]
    done = CliRunner().invoke(whole, command, input=given, catch_exceptions=False)
    return done.stdout, done.stderr


def test_json_keeps_its_contract(tmp_path: Path) -> None:
    """One object per line, good and bad, in order."""
    log = tmp_path / "syslog"
    log.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    schema = json.loads((ROOT / "docs/contracts/logs.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    printed, told = said(str(log), "--json")
    rows = json.loads(printed)

    Draft202012Validator(schema).validate(rows)
    assert [row["line"] for row in rows] == list(range(1, len(LINES) + 1))
    assert [row["raw"].replace("\\\\", "\\") for row in rows] == LINES
    assert told == f"{len(LINES)} lines, 8 with a fault\n"


def test_counted_messages_are_read_from_a_file(tmp_path: Path) -> None:
    """What a TLS sender was recorded with; a line feed inside stays inside."""
    log = tmp_path / "recorded"
    messages = [b"<13>Nov 28 10:00:00 a x: one\n<13>Nov 28 10:00:00 b x: two", b"<13>1 - c x - - -"]
    log.write_bytes(b"".join(b"%d %s" % (len(one), one) for one in messages))
    rows = json.loads(said(str(log), "--json")[0])

    assert [(row["device"], row["fault"]) for row in rows] == [("a", None), ("c", None)]
    assert rows[0]["message"] == "one\\n<13>Nov 28 10:00:00 b x: two"


def test_an_empty_log_is_an_empty_list(tmp_path: Path) -> None:
    """Not a syntax error for whoever reads the JSON."""
    log = tmp_path / "empty"
    log.touch()

    assert said(str(log), "--json") == ("[]\n", "0 lines, 0 with a fault\n")


def test_text_is_one_line_for_each_event(tmp_path: Path) -> None:
    """A fault is told behind the line."""
    log = tmp_path / "log"
    log.write_bytes(b"<13>1 2026-11-28T10:00:00Z core1 x - - - a\x0bb\nno header\n")

    assert said(str(log))[0].splitlines() == [
        "2026-11-28T10:00:00+00:00  core1  x  other  a\\x0bb",
        "-  -  -  other  no header  !! no header that anybody knows",
    ]


def test_the_zone_is_that_of_the_clocks(tmp_path: Path) -> None:
    """A server of another province, or one that keeps UTC."""
    log = tmp_path / "log"
    log.write_text("2026-11-28 10:00:00 core1 x: y\n")
    rows = [json.loads(said(str(log), "--json", *more)[0])[0] for more in ([], ["--zone", "UTC"])]

    assert [row["at"] for row in rows] == ["2026-11-28T03:00:00+00:00", "2026-11-28T10:00:00+00:00"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["/nowhere/at/all"], "cannot be read"), (["x", "--zone", "Nowhere/City"], "no time zone")],
)
def test_errors_say_what_to_do(arguments: list[str], told: str) -> None:
    """A sentence and a hint."""
    with pytest.raises(TinhnetError, match=told) as caught:
        said(*arguments)
    assert caught.value.hint
