# SPDX-License-Identifier: MIT
"""Host keys: trusted on first use, strict ever after."""

import base64
from pathlib import Path

import pytest

from changes.hostkeys import HostKeyChangedError, KnownHosts, fingerprint

FIRST = "ssh-ed25519 " + base64.b64encode(b"first key").decode()
OTHER = "ssh-ed25519 " + base64.b64encode(b"other key").decode()


def test_the_first_key_is_recorded_and_then_accepted(tmp_path: Path) -> None:
    """A device is known by its id, whatever address it has."""
    known = KnownHosts(tmp_path / "known_hosts")

    assert known.accept("cpe1", ("10.80.0.6",), FIRST)
    assert not known.accept("cpe1", ("10.89.1.1",), FIRST)
    assert (tmp_path / "known_hosts").read_text() == f"cpe1,10.80.0.6 {FIRST}\n"


def test_another_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Whoever stands between must not get a byte, and the engineer learns how to go on."""
    known = KnownHosts(tmp_path / "known_hosts")
    known.accept("cpe1", (), FIRST)

    with pytest.raises(HostKeyChangedError) as refused:
        known.accept("cpe1", (), OTHER)

    assert fingerprint(FIRST) in refused.value.message
    assert fingerprint(OTHER) in refused.value.message
    assert "ssh-keygen -R cpe1" in refused.value.hint
