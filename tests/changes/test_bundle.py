# SPDX-License-Identifier: MIT
"""The intended state of a server, gathered from its roles."""

import subprocess
from pathlib import Path

import pytest
import yaml

from changes.bundle import RoleError, Roles
from changes.credentials import SSH_KEY, make_ssh_key
from changes.drivers.server_device.state import Bundle, pack, unpack
from changes.intent import Province, province, roles_of, server_bundle
from tinhnet.inventory import load
from tinhnet.secrets import secrets_of

ROOT = Path(__file__).parents[2]
ROLES = ROOT / "playbooks" / "roles"
DEFAULTS = yaml.safe_load((ROLES / "server" / "defaults" / "main.yml").read_text())
SERVERS = ("web1", "web2", "app1", "doc1", "pki1", "ns1", "ns2", "log1", "db1")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """Quảng Nam with fresh secrets."""
    state = tmp_path_factory.mktemp("state")
    secrets_of(state).ensure(SSH_KEY, make_ssh_key)
    return province(load(ROOT / "inventory"), state)


def bundle_of(opened: Province, name: str) -> Bundle:
    """Return the bundle of a server of Quảng Nam."""
    device = opened.network.devices[name]
    chosen = roles_of(device, DEFAULTS["server_roles"], DEFAULTS["server_roles_of_service"])
    return server_bundle(opened, device, Roles(ROLES), chosen, {})


def text_of(bundle: Bundle, path: str) -> str:
    """Return the text of a file as a container gets it."""
    return next(one.text for one in bundle.files if one.path == path and one.where != "machine")


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_of_the_province_renders(opened: Province, name: str) -> None:
    """A template that breaks is found here, not on a server at night."""
    bundle = bundle_of(opened, name)

    assert bundle.device == name
    assert all(file.text for file in bundle.files)


@pytest.mark.parametrize("name", SERVERS)
def test_a_second_rendering_is_the_same(opened: Province, name: str) -> None:
    """The second run changes nothing: nothing rendered depends on time or order."""
    assert bundle_of(opened, name) == bundle_of(opened, name)


@pytest.mark.parametrize("name", SERVERS)
def test_the_request_arrives_as_it_was_sent(opened: Province, name: str) -> None:
    """What the server applies is what was rendered."""
    bundle = bundle_of(opened, name)

    assert unpack(pack(bundle, check=True)) == (bundle, True)


@pytest.mark.parametrize("name", SERVERS)
def test_whatever_holds_a_secret_is_marked_and_closed(opened: Province, name: str) -> None:
    """A key that the world may read on the server is no key."""
    mask = opened.secrets.mask
    holders = [one for one in bundle_of(opened, name).files if mask(one.text) != one.text]

    assert holders
    assert [one.path for one in holders if not one.is_secret or one.mode & 0o077] == []


@pytest.mark.parametrize("name", SERVERS)
def test_the_packet_filter_drops_by_default_in_both_families(opened: Province, name: str) -> None:
    """IPv6 is filtered as strictly as IPv4."""
    rules = text_of(bundle_of(opened, name), "/etc/nftables.conf")
    permitted = [line for line in rules.splitlines() if "dport" in line]

    assert "table inet filter" in rules
    assert "hook input priority filter; policy drop;" in rules
    assert sum("ip saddr" in line for line in permitted) == sum(
        "ip6 saddr" in line for line in permitted
    )


def test_nftables_accepts_every_rule_set(opened: Province, tmp_path: Path) -> None:
    """The rules are not only text: the kernel's own parser takes them."""
    for name in SERVERS:
        path = tmp_path / name
        path.write_text(text_of(bundle_of(opened, name), "/etc/nftables.conf"))
        command = ["unshare", "--map-root-user", "--net", "nft", "-c", "-f", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert done.returncode == 0, f"{name}: {done.stderr}"


def test_only_the_declared_servers_may_log_in_to_the_databases(opened: Province) -> None:
    """One database, one role, one client address for each service."""
    hba = text_of(bundle_of(opened, "db1"), "/etc/postgresql/15/main/pg_hba.conf")
    lines = [line.split() for line in hba.splitlines() if line.startswith("hostssl")]

    assert {(line[1], line[2], line[3], line[4]) for line in lines if ":" not in line[3]} == {
        ("onestop", "+onestop", "10.90.20.13/32", "scram-sha-256"),
        ("dvc", "+dvc", "10.90.10.12/32", "scram-sha-256"),
        ("docs", "+docs", "10.90.20.14/32", "scram-sha-256"),
    }


def test_the_database_accepts_old_and_new_while_a_rotation_runs(opened: Province) -> None:
    """A service that still uses the old password goes on until it was told the new one."""
    logins = lambda: {  # noqa: E731 asked three times, at three moments
        word for word in bundle_of(opened, "db1").steps[-1].input.split('"') if "dvc_v" in word
    }
    before = logins()
    opened.secrets.stage("db/dvc", lambda: "another-password-of-many-letters")
    during = logins()
    opened.secrets.promote("db/dvc")

    assert (before, during, logins()) == ({"dvc_v1"}, {"dvc_v1", "dvc_v2"}, {"dvc_v2"})


def test_the_password_itself_never_reaches_the_database_server(opened: Province) -> None:
    """The server holds what checks a password, not what opens the door."""
    passwords = [opened.secrets.read(f"db/{name}").value for name in ("dvc", "docs", "onestop")]
    bundle = bundle_of(opened, "db1")
    texts = [file.text for file in bundle.files] + [step.input or "" for step in bundle.steps]

    assert [one for one in passwords if any(one in text for text in texts)] == []


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("files: [{path: /etc/x, text: '{{ nothing_here }}'}]", "'nothing_here' is undefined"),
        ("files: [{path: /etc/x, txt: x}]", "expected only file, group, mode"),
        ("files: [{path: /etc/x, text: x, mode: '0999'}]", "expected octal"),
        ("files: [{path: /etc/x, text: 5}]", "text is 5, expected text"),
        (
            "files: [{path: /etc/x, template: none.j2}]",
            "roles/trial/templates/none.j2: no such template",
        ),
        ("{% if %}", "Expected an expression"),
        ("servces: []", "expected a mapping with only files"),
        (
            "files: [{path: /etc/x, text: a}, {path: /etc/x, text: b}]",
            "file /etc/x is declared by two roles",
        ),
    ],
)
def test_a_wrong_role_says_where_and_what(tmp_path: Path, state: str, message: str) -> None:
    """Whoever writes a role reads which line to correct."""
    folder = tmp_path / "trial" / "templates"
    folder.mkdir(parents=True)
    (folder / "state.yml.j2").write_text(state)

    with pytest.raises(RoleError) as caught:
        Roles(tmp_path).bundle("web1", ["trial"], {})

    assert message in str(caught.value)
    assert any(word in str(caught.value) for word in ("trial", "/etc/x"))


def test_a_service_without_a_role_is_an_error(opened: Province) -> None:
    """A service that nobody provisions must not look provisioned."""
    with pytest.raises(RoleError, match="web1: no role for service portal"):
        roles_of(opened.network.devices["web1"], ["baseline"], {})


def test_a_variable_of_the_operator_beats_the_default(opened: Province) -> None:
    """Named people get a login by a variable, with their key and nothing else."""
    device = opened.network.devices["web1"]
    people = [{"name": "lan", "key": "ssh-ed25519 AAAAC3 lan"}]
    bundle = server_bundle(opened, device, Roles(ROLES), ["baseline"], {"baseline_admins": people})

    assert "AllowUsers tinhnet lan" in text_of(bundle, "/etc/ssh/sshd_config.d/00-tinhnet.conf")
    assert [one.name for one in bundle.accounts] == ["tinhnet", "lan"]
    assert text_of(bundle, "/etc/ssh/authorized_keys/lan") == "ssh-ed25519 AAAAC3 lan\n"
