# SPDX-License-Identifier: MIT
"""Plain Ansible, run from the checkout without our CLI, sees the declared network."""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from tinhnet.inventory.ansible import hosts, shared_variables
from tinhnet.model.declared import DeclaredNetwork

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def ansible_inventory(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ansible-inventory from the top of the checkout, as an engineer would."""
    return subprocess.run(
        [str(BIN / "ansible-inventory"), *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
        | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def plain(value: object) -> object:
    """Return a value without the mark that `--list` gives to text that is no template."""
    return value["__ansible_unsafe"] if isinstance(value, dict) else value


def test_ansible_lists_devices_groups_and_few_facts(quang_nam: DeclaredNetwork) -> None:
    """`--limit dien-ban` and `--limit routers` are the words engineers type."""
    run = ansible_inventory("--list", TINHNET_STATE="/nowhere/state")

    assert run.returncode == 0, run.stderr
    listed = json.loads(run.stdout)
    hostvars = listed["_meta"]["hostvars"]
    assert sorted(hostvars) == sorted(quang_nam.devices)
    assert listed["dien-ban"]["hosts"] == ["dien-ban-cpe1", "dien-ban-pc"]
    assert len(listed["routers"]["hosts"]) == 44
    assert len(listed["servers"]["hosts"]) == 9
    assert len(listed["district"]["hosts"]) == 36
    cpe = {name: plain(value) for name, value in hostvars["dien-ban-cpe1"].items()}
    assert cpe["ansible_host"] == "10.89.1.107"
    assert cpe["tinhnet_device"] == "dien-ban-cpe1"
    assert cpe["ansible_ssh_private_key_file"] == "/nowhere/state/secrets/ssh-management"


def test_ansible_shows_our_problems_and_no_traceback(directory: Path) -> None:
    """A broken inventory is repaired by reading, not by debugging."""
    (directory / "tinhnet.yml").write_text("format: 1\nplugin: tinhnet\n", encoding="utf-8")
    links = directory / "links.yml"
    text = links.read_text(encoding="utf-8").replace("carrier: viettel", "carrier: vietel")
    links.write_text(text.replace("20M", "fast"), encoding="utf-8")

    run = ansible_inventory("-i", str(directory / "tinhnet.yml"), "--list")

    shown = " ".join(unicodedata.normalize("NFC", run.stderr).split())
    assert run.returncode != 0
    assert f'{directory}/links.yml:21: circuit dien-ban primary: bandwidth: "fast"' in shown
    assert 'no such carrier; did you mean "viettel"?' in shown
    assert "Traceback" not in shown


def test_an_ansible_without_tinhnet_says_so() -> None:
    """The distribution's Ansible is on PATH before ours on many machines."""
    program = """
import sys
sys.modules["tinhnet"] = None
sys.argv = ["ansible-inventory", "--graph"]
from ansible.cli.inventory import main
main()
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode != 0
    assert "cannot import tinhnet; run the one in .venv/bin" in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr


def test_ansible_reads_the_second_model(da_nang: DeclaredNetwork) -> None:
    """The same plug-in hands any inventory over."""
    run = ansible_inventory("-i", "inventory-2025/tinhnet.yml", "--graph", "commune")

    assert run.returncode == 0, run.stderr
    assert run.stdout.count("-cpe1") == 94
    assert "xa-nong-son-cpe1" not in da_nang.devices


def test_hosts_carry_no_word_of_a_secret(quang_nam: DeclaredNetwork, tmp_path: Path) -> None:
    """Facts end up in logs and job output; only the path of the key may."""
    names = {name for host in hosts(quang_nam) for name in host.variables}
    names |= set(shared_variables(tmp_path / "inventory"))

    assert names == {
        "ansible_host",
        "ansible_python_interpreter",
        "ansible_ssh_common_args",
        "ansible_ssh_extra_args",
        "ansible_ssh_private_key_file",
        "ansible_user",
        "tinhnet_bootstrap",
        "tinhnet_device",
        "tinhnet_inventory",
        "tinhnet_managed",
        "tinhnet_platform",
        "tinhnet_role",
        "tinhnet_services",
        "tinhnet_site",
        "tinhnet_state",
    }


def test_unmanaged_devices_are_no_routers(quang_nam: DeclaredNetwork) -> None:
    """A play on `routers` must not touch what is not ours."""
    groups = {host.name: host.groups for host in hosts(quang_nam)}

    assert groups["vpcp"] == ("outside", "external", "van-phong-chinh-phu")
    assert groups["dien-ban-pc"] == ("pcs", "district", "dien-ban")
    assert groups["fw1"] == ("firewall", "routers", "data-centre", "dc")


def test_state_stands_beside_the_inventory_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`ansible-playbook` by hand finds the key that the product made."""
    monkeypatch.delenv("TINHNET_STATE", raising=False)

    variables = shared_variables(tmp_path / "inventory")

    assert variables["tinhnet_state"] == str(tmp_path / "var")
    assert variables["tinhnet_inventory"] == str(tmp_path / "inventory")
