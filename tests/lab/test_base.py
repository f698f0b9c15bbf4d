# SPDX-License-Identifier: MIT
"""The base root: whose packages, and what a failed build leaves."""

import os
import shutil
from pathlib import Path

import pytest

from lab import kernel
from lab.base import base_path, build_from, ensure_base, machine_sources, packages
from lab.machine import require_features
from tinhnet.errors import TinhnetError

DEB822 = """\
Types: deb
# a comment
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://example.org/node
Suites: nodistro
Components: main
"""


def test_the_machines_own_sources_for_the_suite_are_used_and_no_others(tmp_path: Path) -> None:
    """A mirror inside the province is the only one reachable; other vendors' stay out."""
    (tmp_path / "debian.sources").write_text(DEB822, encoding="utf-8")
    (tmp_path / "more.list").write_text(
        "deb [arch=amd64] http://mirror.test/security bookworm-security main\n"
        "deb http://mirror.test/other trixie main\n# deb http://off.test bookworm main\n",
        encoding="utf-8",
    )

    signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    assert machine_sources((tmp_path,)).splitlines() == [
        f"deb {signed} http://deb.debian.org/debian bookworm main",
        f"deb {signed} http://deb.debian.org/debian bookworm-updates main",
        "deb [arch=amd64] http://mirror.test/security bookworm-security main",
    ]


def test_a_machine_without_sources_is_told_what_to_add(tmp_path: Path) -> None:
    """Air-gapped machines often have none."""
    with pytest.raises(TinhnetError, match="no apt source for Debian bookworm"):
        machine_sources((tmp_path,))


def test_the_package_list_is_sorted_and_without_doubles() -> None:
    """One line per package: two people who add one must not conflict in silence."""
    assert list(packages()) == sorted(set(packages()))


def test_the_base_is_found_by_its_recipe(tmp_path: Path) -> None:
    """Another package list is another base; the old one is never changed in place."""
    assert base_path(tmp_path) == base_path(tmp_path)
    assert base_path(tmp_path).parent == tmp_path


@pytest.mark.lab
def test_a_failed_build_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    """Half a root would start half a device next time."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        pytest.skip("needs root and mmdebstrap")
    nowhere = f"deb [trusted=yes] copy:{tmp_path}/absent bookworm main\n"

    with pytest.raises(TinhnetError, match="mmdebstrap: exit"):
        build_from(nowhere, tmp_path / "base-x", print)
    assert [entry.name for entry in tmp_path.iterdir()] == []


@pytest.mark.lab
def test_a_disk_that_is_too_small_is_noticed_before_the_build(tmp_path: Path) -> None:
    """A build that dies at 90 % has cost a minute and says less."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    kernel.mount("tmpfs", tmp_path, "tmpfs", 0, "size=8m")
    try:
        with pytest.raises(TinhnetError, match="8 MB free, the devices' base root needs 900 MB"):
            ensure_base(print, tmp_path)
    finally:
        kernel.unmount(tmp_path)


def test_a_machine_without_mmdebstrap_is_told_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fresh Debian has it not."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(TinhnetError, match="apt install mmdebstrap"):
        ensure_base(print, tmp_path)
    with pytest.raises(TinhnetError, match=r"ip \(apt install iproute2\), .*nftables"):
        require_features()
