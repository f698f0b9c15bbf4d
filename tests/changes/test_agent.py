# SPDX-License-Identifier: MIT
"""The probe agent as it is shipped to cores and site PCs."""

import json
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from changes import agent, agent_program
from changes.agent import bundle_for, code, section_for, shown
from changes.drivers.frr_device import agent as on_device
from changes.drivers.frr_device.agent import File, pack, unpack
from changes.drivers.frr_device.text import RefusedError
from changes.mask import mask
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.pki import Distribution, Pki
from tinhnet.secrets import SecretStore

ROOT = Path(__file__).parents[2]
WHERE = Distribution("http://pki.quangnam.test/ocsp", "http://pki.quangnam.test/crl.der")
CORE, CPE, PC = "core1", "dien-ban-cpe1", "dien-ban-pc"


@cache
def network() -> DeclaredNetwork:
    """Return the small province."""
    return load(ROOT / "tests" / "cases" / "inventory-small")


@pytest.fixture
def store(tmp_path: Path) -> SecretStore:
    """Make a secret store of its own."""
    return SecretStore(tmp_path / "secrets")


@pytest.fixture
def pki(tmp_path: Path, store: SecretStore) -> Pki:
    """Make an authority of its own."""
    return Pki(tmp_path, store, WHERE, "Tỉnh Quảng Nam")


def section(device: str, store: SecretStore, pki: Pki, *, create: bool = True) -> str:
    """Return the section of a router."""
    return section_for(network(), network().devices[device], store, pki, create=create)


@pytest.mark.parametrize("text", ["", "\n", "one", "one\n", "\n\n\ttab\nfile /x 0600\n", "ố\n \n"])
def test_a_file_comes_out_as_it_went_in(text: str) -> None:
    """A program that lost a line would be another program."""
    files = (File("/a/b.py", 0o644, text), File("/c", 0o600, "end\n"))

    assert unpack(on_device.RUNS + pack(files)) == files


def test_a_core_gets_the_program_as_it_stands(store: SecretStore, pki: Pki) -> None:
    """What was tested here is what runs there."""
    files = {one.path: one for one in unpack(section(CORE, store, pki))}

    for path in (ROOT / "collectors" / "agent").glob("*.py"):
        there = files[f"/usr/local/lib/tinhnet/agent/collectors/agent/{path.name}"]
        assert there.text == path.read_text(encoding="utf-8")
    assert files["/etc/tinhnet/agent/token"].mode == 0o600
    assert files["/etc/tinhnet/agent/authority.pem"].text == pki.authority()
    assert json.loads(files["/etc/tinhnet/agent/orders.json"].text)["agent"] == CORE


def test_the_shipped_program_needs_nothing_but_python(tmp_path: Path) -> None:
    """A core has no package of ours: an import of the product would only fail there."""
    for one in code():
        path = tmp_path / Path(one.path).relative_to(agent_program.HOME)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(one.text, encoding="utf-8")
    command = ["/usr/bin/python3", "-B", "-s", "-m", "collectors.agent.probe", "none.json"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "none.json cannot be read" in done.stderr


def test_other_routers_get_no_agent(store: SecretStore, pki: Pki) -> None:
    """Forty CPEs are provisioned against the clock; their circuits are probed from the cores."""
    assert section(CPE, store, pki) == ""
    assert not store.names()


def test_a_dry_run_makes_no_token_and_no_authority(store: SecretStore, pki: Pki) -> None:
    """Who only looks leaves nothing behind, and sees what would stand there."""
    text = section(CORE, store, pki, create=False)

    assert f"<secret agent/{CORE} v1>" in text
    assert not store.names()


def test_rendered_twice_it_is_the_same(store: SecretStore, pki: Pki) -> None:
    """A second run changes nothing, and a dry run after it neither."""
    once = section(CORE, store, pki)

    assert section(CORE, store, pki) == once
    assert section(CORE, store, pki, create=False) == once


def test_people_see_which_program_and_no_token(store: SecretStore, pki: Pki) -> None:
    """A difference is read at night: one line for each program, and the token as its reference."""
    text = section(CORE, store, pki)
    seen = mask(shown(text), store)

    assert store.read(f"agent/{CORE}").value not in seen
    assert f"\t<secret agent/{CORE} v1>" in seen
    assert "def " not in seen
    assert seen.count("\tsha256 ") == len(code())
    assert shown(text.replace("import struct", "import  struct")) != shown(text)
    assert '"agent": "core1"' in seen


def test_a_program_that_does_not_compile_is_refused_before_anything_changes() -> None:
    """The device's own Python judges: it may be an older one."""
    with pytest.raises(RefusedError, match=r"x\.py"):
        on_device.check(pack([File("/usr/x.py", 0o644, "def\n")]))
    with pytest.raises(RefusedError, match="orders"):
        on_device.check(pack([File("/etc/orders.json", 0o600, "{")]))
    on_device.check("")


def test_what_nobody_declares_any_more_is_removed() -> None:
    """The agent's folder is ours alone: a stale module would be imported."""
    stale = on_device.RUNS + pack([File("/usr/local/lib/tinhnet/agent/old.py", 0o644, "\n")])

    plan = on_device.plan(stale, "", stale)
    assert plan.predicted == ""
    assert plan.residue == ()


def test_a_pc_gets_orders_a_token_of_its_own_and_both_ways_to_run(
    store: SecretStore, pki: Pki
) -> None:
    """A site's PC may run systemd or, as in the lab, next to nothing."""
    bundle = bundle_for(network(), network().devices[PC], store, pki, create=True)
    files = {one.path: one for one in bundle.files}

    token = files["/etc/tinhnet/agent/token"]
    assert (token.group, token.mode, token.is_secret) == ("tinhnet-agent", 0o640, True)
    assert token.text.strip() == store.read(f"agent/{PC}").value
    assert {
        agent_program.LINKED_UNIT_FILE,
        agent_program.BOOT_FILE,
        agent_program.CONTROL_FILE,
    } <= files.keys()
    assert not any(path.startswith("/etc/systemd/") for path in files), "no systemd reads it there"
    assert bundle == bundle_for(network(), network().devices[PC], store, pki, create=True)
    assert [one.phase for one in bundle.steps] == ["units", "end"]


def test_the_scripts_are_read_by_the_shell() -> None:
    """Nobody sees the standard error of a PC's boot."""
    for text in (agent_program.CONTROL, agent_program.BOOT):
        subprocess.run(["/bin/sh", "-n"], input=text, text=True, check=True, timeout=10)


def test_a_province_without_a_controller_is_told_so(store: SecretStore, pki: Pki) -> None:
    """Orders without an address would be an agent that talks to nobody."""
    devices = {name: one for name, one in network().devices.items() if one.role != "controller"}
    nowhere = replace(network(), devices=devices)

    with pytest.raises(agent.AgentError, match="no controller"):
        section_for(nowhere, nowhere.devices[CORE], store, pki, create=True)
