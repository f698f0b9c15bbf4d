# SPDX-License-Identifier: MIT
"""Backups that are put back: what ran then runs again, with the credentials of today."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from changes.backup import OLDER, OLDER_KEPT, BackupError, save, sections_of
from changes.credentials import make_ospf_key, make_passphrase
from tests.changes.box import CPE, Box, until
from tinhnet.secrets import SecretStore

KEY = "ospf/dien-ban-1"
USER = (f"snmp/{CPE}/auth", f"snmp/{CPE}/priv")


@pytest.fixture
def declared(box: Box) -> Iterator[Path]:
    """Lend the file of circuits to a test and put everything back behind it."""
    path = box.inventory / "links.yml"
    held = path.read_text(encoding="utf-8")
    yield path
    path.write_text(held, encoding="utf-8")
    box.play("wan.yml", "--limit", f"core1,{CPE}")


def is_full(box: Box) -> bool:
    """Tell whether the district and core1 are neighbours."""
    return "Full/" in box.on("core1", "vtysh -c 'show ip ospf neighbor' | grep c107")


@pytest.mark.lab
@pytest.mark.slow
def test_a_backup_brings_back_what_ran_then_with_the_keys_of_today(
    box: Box, declared: Path
) -> None:
    """A bad evening is undone by one command, and no withdrawn key comes back with it."""
    saved = box.play("backup.yml", "--limit", CPE)
    last = box.state / "configs" / f"{CPE}.conf"
    backup = box.state / "before.conf"
    backup.write_text(last.read_text(encoding="utf-8"), encoding="utf-8")
    first = [box.store.read(name) for name in (KEY, *USER)]

    text = declared.read_text(encoding="utf-8")
    declared.write_text(text.replace("bandwidth: 20M", "bandwidth: 7M"), encoding="utf-8")
    for name in (KEY, *USER):
        box.store.stage(name, make_ospf_key if name == KEY else make_passphrase)
    changed = box.play("wan.yml", "--limit", f"core1,{CPE}")
    for name in (KEY, *USER):
        box.store.promote(name)
    contracted = box.play("wan.yml", "--limit", f"core1,{CPE}")
    narrow = box.on(CPE, "tc class show dev wan1")

    put_back = ("restore.yml", "--limit", CPE, "--diff", "-e", f"from={backup}")
    looked = box.play(*put_back, "--check")
    still_narrow = box.on(CPE, "tc class show dev wan1")
    restored = box.play(*put_back)
    again = box.play(*put_back)

    assert [one.returncode for one in (saved, changed, contracted, looked, restored, again)] == [
        0, 0, 0, 0, 0, 0,
    ], restored.stdout  # fmt: skip
    assert "rate 7Mbit" in narrow
    assert still_narrow == narrow
    for shown in (looked.stdout, restored.stdout):
        assert "-wan1 7000000" in shown
        assert "+wan1 20000000" in shown
        assert "message-digest-key" not in shown
        assert "changed=1" in shown
    assert "changed=0" in again.stdout
    assert "rate 20Mbit" in box.on(CPE, "tc class show dev wan1")
    runs = box.on(CPE, "vtysh -c 'show run'; cat /etc/snmp/snmpd.conf")
    for old in first:
        new = box.store.read(old.name)
        assert new.version == old.version + 1
        assert old.value not in runs
        assert new.value in runs
        for told in (saved, changed, contracted, looked, restored):
            assert not {old.value, new.value} & set(told.stdout.split())
        assert old.value not in backup.read_text(encoding="utf-8")
    until(lambda: is_full(box), "the neighbour is Full again")


def config(word: str) -> dict[str, str]:
    """Return a small configuration."""
    return {"frr": f"hostname r1\nlog {word}\n", "banner": "### not a heading\n"}


def test_older_backups_are_kept_and_the_oldest_go(tmp_path: Path) -> None:
    """The backup of the night after a mistake must not be the only one left."""
    store = SecretStore(tmp_path / "secrets")
    for number in range(OLDER_KEPT + 3):
        saved = save("r1", config(f"n{number}"), tmp_path, store, check=False)
        os.utime(saved.path, (number, number))

    older = sorted((tmp_path / "configs" / OLDER / "r1").iterdir())
    assert len(older) == OLDER_KEPT
    assert "log n2\n" in older[0].read_text(encoding="utf-8")
    assert older[0].stat().st_mode & 0o777 == 0o600
    assert f"log n{OLDER_KEPT + 2}\n" in saved.path.read_text(encoding="utf-8")
    assert not save("r1", config(f"n{OLDER_KEPT + 2}"), tmp_path, store, check=False).changed


def test_a_line_that_looks_like_a_heading_stays_where_it_is(tmp_path: Path) -> None:
    """What somebody wrote into a banner must not cut a configuration in two."""
    saved = save("r1", config("n"), tmp_path, SecretStore(tmp_path / "secrets"), check=False)

    assert sections_of(saved.path, "r1") == config("n")


def test_the_backup_of_another_device_is_refused(tmp_path: Path) -> None:
    """A slip of the file's name must not give two routers the same addresses."""
    saved = save("r1", config("n"), tmp_path, SecretStore(tmp_path / "secrets"), check=False)

    with pytest.raises(BackupError, match="is a backup of r1, not of r2"):
        sections_of(saved.path, "r2")
