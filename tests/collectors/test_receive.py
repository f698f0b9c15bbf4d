# SPDX-License-Identifier: MIT
"""Traps as net-snmp sends them, bent and repeated: nothing hostile is believed, or stops us."""

import os
import random
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.snmp import ber, pdu, usm
from collectors.snmp.receive import Engine, Keys, Notification, Receiver, Refusal, Reply

OURS = Engine(b"\x80\x00\x1f\x88\x04ours", 7, 1000.0)
THEIRS = b"\x80\x00\x1f\x88\x04core1"
USER, AUTH, PRIV = "tinhnet1", "a passphrase", "another passphrase"
COMMUNITY = "a word"
ROUNDS = 4000


def keys_of(engine: bytes) -> Keys:
    """Return the user's keys at an engine."""
    auth, priv = (
        usm.localise(usm.stretch(one, "sha256"), engine, "sha256") for one in (AUTH, PRIV)
    )
    return Keys("core1", "sha256", auth, priv)


KEYS = {engine: keys_of(engine) for engine in (OURS.id, THEIRS)}


def find(engine: bytes, name: str, sender: str) -> Sequence[Keys]:
    """Know one user at two engines."""
    del sender
    return [KEYS[engine]] if engine in KEYS and name == USER else []


def receiver() -> Receiver:
    """Return one that has heard nothing yet."""
    return Receiver(OURS, find, COMMUNITY, 0)


def sent(folder: Path, *options: str) -> bytes:
    """Return the packet that `snmptrap` sends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
        taker.bind(("127.0.0.1", 0))
        taker.settimeout(60)
        where = f"udp:127.0.0.1:{taker.getsockname()[1]}"
        name = "1.3.6.1.6.3.1.1.5.3"
        subprocess.run(
            ["snmptrap", *options, where, "", name, "1.3.6.1.2.1.2.2.1.2.7", "s", "wan1"],
            env=os.environ | {"SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""},
            check=True,
            timeout=60,
        )
        return taker.recv(65_535)


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a trap of SNMPv3, authenticated and encrypted."""
    return sent(
        tmp_path_factory.mktemp("snmp"),
        *("-v", "3", "-e", f"0x{THEIRS.hex()}", "-u", USER, "-l", "authPriv"),
        *("-a", "SHA-256", "-A", AUTH, "-x", "AES", "-X", PRIV),
    )


def test_a_trap_of_net_snmp_is_read_and_is_its_devices(trap: bytes) -> None:
    """The sender is who has the keys, whatever the address says."""
    told = receiver().take(trap, "203.0.113.9", 0.0)

    assert isinstance(told, Notification)
    assert told.device == "core1"
    assert told.reply is None
    assert dict(zip(map(ber.dotted, told.names), told.values, strict=True)) | {
        "1.3.6.1.2.1.1.3.0": 0
    } == {
        "1.3.6.1.2.1.1.3.0": 0,
        "1.3.6.1.6.3.1.1.4.1.0": "1.3.6.1.6.3.1.1.5.3",
        "1.3.6.1.2.1.2.2.1.2.7": b"wan1",
    }


def test_no_byte_of_a_trap_can_be_changed(trap: bytes) -> None:
    """A trap that was bent on its way is none; each byte is flipped in turn."""
    for at in range(len(trap)):
        bent = trap[:at] + bytes((trap[at] ^ 0x41,)) + trap[at + 1 :]

        assert not isinstance(receiver().take(bent, "10.0.0.1", 0.0), Notification), at


def test_an_old_trap_sent_again_is_refused(trap: bytes) -> None:
    """Whoever recorded "port down" must not play it back when the port is up."""
    listening = receiver()
    assert isinstance(listening.take(trap, "10.0.0.1", 0.0), Notification)

    assert isinstance(listening.take(trap, "10.0.0.1", 100.0), Notification)
    assert listening.take(trap, "10.0.0.1", 1000.0) is Refusal.TIME


def test_whatever_comes_is_answered_or_refused(trap: bytes) -> None:
    """Garbage, cut packets, bent ones and endless lengths: no exception, nothing kept."""
    listening = receiver()
    chance = random.Random(7)  # noqa: S311 repeatable, nothing secret
    found = set()
    for _ in range(ROUNDS):
        packet = bytearray(
            trap if chance.random() < 0.8 else chance.randbytes(chance.randint(0, 300))
        )
        for _ in range(chance.randint(0, 6)):
            if packet:
                packet[chance.randrange(min(len(packet), 120))] = chance.randrange(256)
        cut = bytes(packet[: chance.randint(0, len(packet))] if chance.random() < 0.3 else packet)
        if cut == trap:
            continue
        taken = listening.take(cut, "10.0.0.1", 0.0)
        assert isinstance(taken, (Refusal, Reply))
        found.add(taken if isinstance(taken, Refusal) else Reply)

    assert {Refusal.MALFORMED, Refusal.DIGEST, Refusal.USER, Refusal.LEVEL} <= found


@pytest.mark.parametrize(
    ("word", "version", "expected"),
    [
        (COMMUNITY, "2c", Notification),
        ("another", "2c", Refusal.COMMUNITY),
    ],
)
def test_a_community_must_be_the_right_one(
    tmp_path: Path, word: str, version: str, expected: type[Notification] | Refusal
) -> None:
    """SNMPv2c is no proof of anything, but a typo must be seen."""
    taken = receiver().take(sent(tmp_path, "-v", version, "-c", word), "10.0.0.1", 0.0)

    assert taken is expected or (isinstance(taken, Notification) and expected is Notification)


def test_without_a_community_snmpv2c_is_refused(tmp_path: Path) -> None:
    """It is off until somebody turns it on."""
    listening = Receiver(OURS, find, None, 0)

    taken = listening.take(sent(tmp_path, "-v", "2c", "-c", ""), "10.0.0.1", 0.0)

    assert taken is Refusal.COMMUNITY


def test_a_stranger_to_our_clock_is_told_it_by_a_signed_report() -> None:
    """A sender whose idea of our time is old must learn the true one, and only from us."""
    listening = receiver()
    user = usm.User(USER, "sha256", AUTH, PRIV)
    asking = usm.UserSecurity(user, 1)
    first = listening.take(asking.probe(5), "10.0.0.1", 1000.0)
    assert isinstance(first, Reply)
    asking.learn(asking.open(first.octets, 0.0), 0.0)
    assert asking.engine == OURS.id

    late = listening.take(asking.seal(pdu.Request(pdu.GET, ()), 6, 0.0), "10.0.0.1", 2000.0)

    assert isinstance(late, Reply)
    report = asking.open(late.octets, 0.0)
    assert report.is_authentic
    assert report.clock is not None
    assert (report.clock.boots, report.clock.time) == (7, 1000)
