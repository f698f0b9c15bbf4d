# SPDX-License-Identifier: MIT
"""`tinhnet poll` as a person or a program types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from collectors.commands import app, target_of
from collectors.credentials import Asked, Sources, security_of
from collectors.snmp.errors import CredentialsError
from collectors.snmp.security import Community
from collectors.snmp.session import Target
from collectors.snmp.usm import UserSecurity
from tests.collectors.agent import AUTH, PRIV, Snmpd
from tinhnet.errors import TinhnetError
from tinhnet.secrets import SecretStore

pytestmark = pytest.mark.patient

CONTRACT = Path(__file__).parents[2] / "docs/contracts/poll.schema.json"


PATIENT = ("poll", "--timeout", "30")
"""Longer than any loaded machine needs."""


def typed(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `tinhnet poll` as a process."""
    return subprocess.run(
        [sys.executable, "-m", "tinhnet", *PATIENT, *arguments],
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def said(*arguments: str, **variables: str) -> str:
    """Return what `tinhnet poll` prints, run inside this process."""
    whole = typer.Typer()
    whole.add_typer(app)
    done = CliRunner().invoke(whole, [*PATIENT, *arguments], env=variables, catch_exceptions=False)
    return done.stdout


def no_prompt(words: str) -> str:
    """Fail: nobody sits there."""
    raise AssertionError(words)


def test_json_keeps_its_contract_by_both_versions(snmpd: Snmpd, tmp_path: Path) -> None:
    """No server, no state, no configuration: an address and a name are enough."""
    (tmp_path / "auth").write_text(AUTH + "\n")
    (tmp_path / "priv").write_text(PRIV + "\n")
    files = ["--v3-auth-file", str(tmp_path / "auth"), "--v3-priv-file", str(tmp_path / "priv")]
    address = f"127.0.0.1:{snmpd.port}"
    state = str(tmp_path / "no-state-here")
    third = typed(address, "--v3-user", "sha256", *files, "--json", TINHNET_STATE=state)
    second = said(address, "--community", "public", "--json", TINHNET_STATE=state)
    schema = Draft202012Validator(json.loads(CONTRACT.read_text(encoding="utf-8")))

    assert third.stderr == ""
    for printed in (second, third.stdout):
        row = json.loads(printed)
        schema.validate(row)
        assert row["device"]["name"] == "core1"
        assert "lo" in [one["name"] for one in row["interfaces"]]
    assert not Path(state).exists()


def test_a_table_is_plain(snmpd: Snmpd) -> None:
    """People get the name, the interfaces and what is full."""
    variables = {"TINHNET_SNMP_AUTH": AUTH, "TINHNET_SNMP_PRIV": PRIV}
    printed = said(f"127.0.0.1:{snmpd.port}", "--v3-user", "sha256", **variables)

    assert printed.startswith(f"core1 at 127.0.0.1:{snmpd.port}: tinhnet core; up ")
    assert "\ninterface " in printed
    assert "\nmemory " in printed


def test_an_error_ends_with_what_to_do(snmpd: Snmpd) -> None:
    """Status 1, one sentence, one hint; never a traceback, never a passphrase."""
    variables = {"TINHNET_SNMP_AUTH": "wrong passphrase", "TINHNET_SNMP_PRIV": PRIV}
    done = typed(f"127.0.0.1:{snmpd.port}", "--v3-user", "sha256", "--json", **variables)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "tinhnet: the agent does not accept the authentication of user sha256",
        "  check passphrase and protocol (sha256 was used)",
    ]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked(), "who asks is not clear"),
        (Asked(community="public", user="noc"), "who asks is not clear"),
        (Asked(user="noc"), "authentication passphrase of user noc is not given"),
        (Asked(user="noc", auth_file=Path("/nowhere")), "/nowhere cannot be read"),
    ],
)
def test_missing_options_are_named(tmp_path: Path, asked: Asked, told: str) -> None:
    """Before a packet is sent."""
    found = Sources(lambda: SecretStore(tmp_path), {}, None)

    with pytest.raises(CredentialsError, match=told) as caught:
        security_of(asked, found, 0)
    assert caught.value.hint


def test_passphrases_come_from_where_they_are_kept(tmp_path: Path) -> None:
    """A file before a secret before a variable before a terminal."""
    store = SecretStore(tmp_path / "secrets")
    store.ensure("snmp/core1/auth", lambda: "from the secrets")
    store.ensure("snmp/core1/priv", lambda: "from the secrets")
    (tmp_path / "file").write_text("from the file\nsecond line\n")
    variables = {"TINHNET_SNMP_AUTH": "from variables", "TINHNET_SNMP_PRIV": "from variables"}
    words: list[str] = []

    def answer(question: str) -> str:
        words.append(question)
        return "typed by hand"

    full = Sources(lambda: store, variables, no_prompt)
    file, named = tmp_path / "file", "snmp/core1"
    kept = [
        security_of(Asked(user="u", auth_file=file, priv_file=file, secret=named), full, 0),
        security_of(Asked(user="u", secret=named), full, 0),
        security_of(Asked(user="u"), full, 0),
        security_of(Asked(user="u"), Sources(lambda: store, {}, answer), 0),
    ]
    passphrases = [one.user.auth for one in kept if isinstance(one, UserSecurity)]

    assert passphrases == ["from the file", "from the secrets", "from variables", "typed by hand"]
    assert words == ["authentication passphrase of u: ", "privacy passphrase of u: "]
    assert isinstance(security_of(Asked(community="c"), full, 0), Community)


def test_no_option_takes_a_passphrase() -> None:
    """Arguments stand in the process list for everybody."""
    printed = said("--help", COLUMNS="200")
    options = {word.strip(",") for word in printed.split() if word.startswith("--")}

    assert {one for one in options if one.startswith("--v3-")} == {
        "--v3-user",
        "--v3-auth",
        "--v3-auth-file",
        "--v3-priv-file",
        "--v3-secret",
    }


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("127.0.0.1", Target("127.0.0.1", 161)),
        ("127.0.0.1:1161", Target("127.0.0.1", 1161)),
        ("::1", Target("::1", 161)),
        ("[::1]", Target("::1", 161)),
        ("[::1]:1161", Target("::1", 1161)),
    ],
)
def test_an_address_is_read_as_people_write_it(text: str, target: Target) -> None:
    """IPv6 has colons of its own."""
    assert target_of(text) == target


@pytest.mark.parametrize(
    "text", ["", ":161", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:x", "10.0.0.1:65536"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """With how to write one."""
    with pytest.raises(TinhnetError, match="no address") as caught:
        target_of(text)
    assert "ADDRESS" in caught.value.hint
