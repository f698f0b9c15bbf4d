# SPDX-License-Identifier: MIT
"""`tinhnet sla` keeps its contract, and says when nothing was measured."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tinhnet.alerting.ledger import Claim
from tinhnet.config import load_config
from tinhnet.context import open_context
from tinhnet.store.claims import begin_claims

pytestmark = pytest.mark.patient

ROOT = Path(__file__).parents[3]


def product(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `tinhnet sla`, whatever its status."""
    variables = {
        "TINHNET_STATE": str(root / "var"),
        "TINHNET__INVENTORY": str(ROOT / "tests/cases/inventory-small"),
    }
    return subprocess.run(
        [sys.executable, "-m", "tinhnet", "sla", *arguments],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_it_prints_keeps_the_contract(tmp_path: Path) -> None:
    """Programs of others read it."""
    schema = json.loads((ROOT / "docs/contracts/sla.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    part = {"$defs": schema["$defs"], "$ref": "#/$defs/intervals"}
    shown = json.loads(product(tmp_path, "--month", "2026-01", "--json").stdout)
    of = json.loads(
        product(tmp_path, "--month", "2026-01", "--of", "circuit:dien-ban-1", "--json").stdout
    )

    Draft202012Validator(schema).validate(shown)
    Draft202012Validator(part).validate(of)
    assert shown["is_measured"] is False
    assert {row["id"] for row in shown["circuits"]} >= {"dien-ban-1", "gov-1"}
    assert all(row["availability_ratio"] is None for row in shown["circuits"])


def test_a_file_begins_with_the_mark_and_vietnamese_headings(tmp_path: Path) -> None:
    """`> sla.csv`, and a spreadsheet opens it."""
    assert product(tmp_path, "--month", "2026-01", "--csv").stdout.startswith("\ufeffLoại,Mã,Tên")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--month", "2026-13"], "is no month"),
        (["--of", "circuit:nowhere"], "has no circuit:nowhere"),
        (["--of", ""], "the report has no "),
        (["--json", "--csv"], "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_said(tmp_path: Path, arguments: list[str], says: str) -> None:
    """One sentence and status 1."""
    done = product(tmp_path, *arguments)

    assert done.returncode == 1
    assert says in done.stderr


def test_nothing_measured_is_said(tmp_path: Path) -> None:
    """An empty table would look like a perfect month."""
    assert "nothing was measured yet" in product(tmp_path, "--month", "2026-01").stdout


def test_what_was_measured_is_a_table_and_its_intervals(tmp_path: Path) -> None:
    """People read the month as a table, and ask one line of it for its times."""
    begin = datetime(2026, 1, 10, tzinfo=UTC)
    claim = Claim(
        "dien-ban-1", is_up=False, start=begin, end=begin + timedelta(hours=1), source="probe"
    )
    opened = open_context(load_config({"TINHNET_STATE": str(tmp_path / "var")}, ROOT))
    with opened.store.writing() as connection:
        begin_claims(connection, [claim])
    opened.store.close()
    table = product(tmp_path, "--month", "2026-01").stdout.splitlines()
    line = next(one for one in table if " dien-ban-1 " in one)
    of = product(tmp_path, "--month", "2026-01", "--of", "circuit:dien-ban-1").stdout

    assert " ".join(table[0].split()) == "kind id name up % known % outages down s planned s"
    assert line.split()[-3:] == ["1", "3600", "0"]
    assert any(" down " in one and "2026-01-10T00:00:00+00:00" in one for one in of.splitlines())
