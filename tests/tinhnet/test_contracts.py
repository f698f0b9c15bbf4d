# SPDX-License-Identifier: MIT
"""What the commands print keeps the shape that docs/contracts/ promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tinhnet.model.job import DeviceResult, JobState, Risk

pytestmark = pytest.mark.patient

CONTRACTS = Path(__file__).parents[2] / "docs" / "contracts"
CARD = "# tinhnet: {title_vi: Chào, title_en: Hello, risk: read}\n- hosts: all\n"


def contract(name: str, part: str | None = None) -> Draft202012Validator:
    """Return a validator of a contract, or of one of its definitions."""
    whole = json.loads((CONTRACTS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(whole)
    only = {"$defs": whole.get("$defs", {}), "$ref": f"#/$defs/{part}"}
    return Draft202012Validator(only if part else whole)


def printed(root: Path, *arguments: str) -> object:
    """Return the JSON that a command prints."""
    variables = {"TINHNET_CONFIG": str(root / "tinhnet.toml"), "TINHNET_STATE": str(root / "var")}
    done = subprocess.run(
        [sys.executable, "-m", "tinhnet", *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return json.loads(done.stdout)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a small checkout with one playbook and one job that waits."""
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "hello.yml").write_text(CARD)
    (tmp_path / "tinhnet.toml").touch()
    return tmp_path


def test_jobs_and_evidence_keep_their_contracts(root: Path) -> None:
    """Programs of others read these lists; a renamed key breaks them silently."""
    launched = printed(root, "job", "run", "hello", "--limit", "core1", "--json")
    cancelled = printed(root, "job", "cancel", "J1", "--json")
    jobs = printed(root, "jobs", "--json")
    evidence = printed(root, "evidence", "list", "--json")
    launches = printed(root, "evidence", "list", "--action", "job.launch", "--json")
    later = printed(root, "evidence", "list", "--since", "2136-01-01", "--json")
    verified = printed(root, "evidence", "verify", "--json")

    contract("jobs", "detail").validate(launched)
    contract("jobs", "detail").validate(cancelled)
    contract("jobs").validate(jobs)
    contract("evidence").validate(evidence)
    contract("evidence", "verification").validate(verified)
    contract("doctor").validate(printed(root, "doctor", "--json"))
    contract("evidence").validate(launches)
    assert isinstance(launches, list)
    assert [entry["action"] for entry in launches] == ["job.launch"]
    assert later == []
    assert isinstance(jobs, list)
    assert [job["state"] for job in jobs] == ["cancelled"]


def test_the_words_of_the_contract_are_the_words_of_the_model() -> None:
    """A new state or result must not leave the contract behind."""
    definitions = json.loads((CONTRACTS / "jobs.schema.json").read_text())["$defs"]
    row = definitions["row"]["properties"]
    device = definitions["detail"]["properties"]["device_details"]["items"]["properties"]

    assert row["state"]["enum"] == list(JobState)
    assert row["risk"]["enum"] == list(Risk)
    assert set(device["result"]["enum"]) == {*DeviceResult, None}
