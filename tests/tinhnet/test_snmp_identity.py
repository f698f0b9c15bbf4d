# SPDX-License-Identifier: MIT
"""Who a device is in SNMPv3 follows from its id and the secret store."""

from pathlib import Path

from tinhnet.secrets import SecretStore
from tinhnet.snmp_identity import engine_id, known_users


def test_engine_is_the_devices_id_as_text() -> None:
    """RFC 3411: enterprise with the first bit set, format 4, then the text; readable in a dump."""
    assert engine_id("core1") == b"\x80\x00\x1f\x88\x04core1"


def test_engine_of_a_long_id_is_short_and_its_own() -> None:
    """An engine id has at most 32 octets; two long ids that begin alike must still differ."""
    one, other = (engine_id("x" * 40 + end) for end in "ab")

    assert len(one) == len(other) == 32
    assert one != other
    assert one[4] == 5


def test_a_staged_user_is_known_beside_the_current_one(tmp_path: Path) -> None:
    """While a rotation runs a device may tell as either, and neither trap may be refused."""
    store = SecretStore(tmp_path / "secrets")
    for kind in ("auth", "priv"):
        store.ensure(f"snmp/core1/{kind}", lambda: "first-passphrase")
    store.stage("snmp/core1/auth", lambda: "second-passphrase")

    assert [one.name for one in known_users(store, "core1")] == ["tinhnet1"]

    store.stage("snmp/core1/priv", lambda: "second-passphrase")
    assert [one.name for one in known_users(store, "core1")] == ["tinhnet1", "tinhnet2"]

    for kind in ("auth", "priv"):
        store.promote(f"snmp/core1/{kind}")
    assert [one.name for one in known_users(store, "core1")] == ["tinhnet2"]


def test_a_device_without_keys_has_no_user(tmp_path: Path) -> None:
    """A device that was declared and not provisioned yet is no error for a listener."""
    assert known_users(SecretStore(tmp_path / "secrets"), "core1") == ()
