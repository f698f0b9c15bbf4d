# SPDX-License-Identifier: MIT
"""No secret of a device leaves it in a diff, a backup or a message."""

from pathlib import Path

import pytest

from changes.mask import mask, mask_unknown
from tinhnet.secrets import SecretStore

CANARY = "kAnarie-Wert-0815"


def test_a_known_secret_becomes_its_reference(tmp_path: Path) -> None:
    """People must see which secret changed, never what it is."""
    store = SecretStore(tmp_path / "secrets")
    store.ensure("ospf/x-1", lambda: CANARY)

    shown = mask(f" ip ospf message-digest-key 1 md5 {CANARY}", store)

    assert shown == " ip ospf message-digest-key 1 md5 <secret ospf/x-1 v1>"


@pytest.mark.parametrize(
    "line",
    [
        f" ip ospf message-digest-key 9 md5 {CANARY}",
        f'createUser someone SHA-256 "{CANARY}" AES "{CANARY}2"',
        f"createUser someone MD5 {CANARY} DES {CANARY}",
        f"rocommunity {CANARY}",
        f'trapsess -v 3 -u x -a SHA-256 -A "{CANARY}" -x AES -X "{CANARY}2" udp:192.0.2.1:162',
        f"trapsess -v 3 -u x -A {CANARY} -x AES -X {CANARY}2 udp:192.0.2.1:162",
        f" neighbor 10.0.0.1 password {CANARY}",
        f"  key-string {CANARY}",
    ],
)
def test_a_secret_only_the_device_knows_is_hidden_too(line: str) -> None:
    """Residue of an adopted router holds secrets that our store never saw."""
    shown = mask_unknown(line)

    assert CANARY not in shown
    assert "<secret unknown>" in shown


def test_masking_twice_changes_nothing() -> None:
    """A reference is no secret."""
    once = " ip ospf message-digest-key 1 md5 <secret ospf/x-1 v1>"

    assert mask_unknown(once) == once
