# SPDX-License-Identifier: MIT
"""Keys that outlive a lab."""

from pathlib import Path

import pytest

from lab.keys import authorized_key, host_keys, read_public_key, renew_host_key, write_known_hosts
from lab.layout import layout_of
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork


def test_a_device_keeps_its_key_from_one_lab_to_the_next(
    tmp_path: Path, declared: DeclaredNetwork
) -> None:
    """`known_hosts` must stay true across down and up, or people stop believing its warnings."""
    layout = layout_of("tk", tmp_path, tmp_path / "run")
    first = host_keys(layout, ["core1", "core2"])
    write_known_hosts(layout, declared, first)
    known = (layout.state / "known_hosts").read_text(encoding="utf-8")

    assert host_keys(layout, ["core1", "core2"]) == first
    assert first["core1"] != first["core2"]
    assert known.splitlines()[0].startswith("core1,10.89.0.1,10.88.0.9,")
    assert renew_host_key(layout, "core1") != first["core1"]
    assert host_keys(layout, ["core2"])["core2"] == first["core2"]
    assert (layout.state / "hostkeys").stat().st_mode & 0o777 == 0o700


def test_without_a_key_the_lab_makes_one_and_keeps_it(tmp_path: Path) -> None:
    """Whoever plays with the lab alone needs a way in."""
    layout = layout_of("tk", tmp_path, tmp_path / "run")
    line = authorized_key(layout, None)

    assert line.startswith("ssh-ed25519 ")
    assert authorized_key(layout, None) == line
    assert (layout.state / "login").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "ssh-ed25519 AAAA a\nssh-ed25519 BBBB b\n"],
    ids=["empty", "private", "two"],
)
def test_what_is_no_public_key_is_refused(tmp_path: Path, text: str) -> None:
    """A private key on forty devices would be a disaster."""
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(TinhnetError, match="no OpenSSH public key"):
        read_public_key(path)
