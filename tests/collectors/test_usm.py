# SPDX-License-Identifier: MIT
"""Keys and messages of SNMPv3, against pysnmp's and an engine of the test's own."""

import hashlib
import hmac as standard_hmac
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ
from pysnmp.proto.api import v2c
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU
from pysnmp.proto.secmod.rfc3414.localkey import hash_passphrase, localize_key
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters
from pysnmp.proto.secmod.rfc3826.priv.aes import Aes

from collectors.snmp import ber, pdu
from collectors.snmp.errors import ClockError, CredentialsError, MalformedError, SnmpError
from collectors.snmp.usm import AUTHENTICATIONS, User, UserSecurity, localise, stretch
from tests.collectors.agent import AUTH, PRIV
from tests.collectors.random_cases import RANDOM

ENGINE = bytes.fromhex("80001f8880e9b104617361c000000000")
REQUEST = pdu.Request(pdu.GET, (ber.oid("1.3.6.1.2.1.1.3.0"),))
STATS = "1.3.6.1.6.3.15.1.1"
NOT_IN_WINDOW, UNKNOWN_USER, UNKNOWN_ENGINE, WRONG_DIGEST = 2, 3, 4, 5


@cache  # pysnmp stretches a passphrase byte by byte
def their_key(passphrase: str, algorithm: str) -> bytes:
    """Return pysnmp's key of a passphrase at ENGINE."""
    hasher = getattr(hashlib, algorithm)
    master = hash_passphrase(passphrase.encode(), hasher)
    return bytes(localize_key(master, univ.OctetString(ENGINE), hasher))


class Engine:
    """The agent's side of SNMPv3, built from pysnmp's parts."""

    def __init__(self, algorithm: str = "sha256", boots: int = 4, time: int = 1000) -> None:
        self.algorithm = algorithm
        self.boots = boots
        self.time = time
        self.id = ENGINE
        self.auth = their_key(AUTH, algorithm)
        self.priv = their_key(PRIV, algorithm)

    def answer(self, number: int, *, flags: int = 3, user: str = "noc") -> bytes:
        """Return a response, by default authenticated and encrypted."""
        return self.message(number, v2c.ResponsePDU(), [("1.3.6.1.2.1.1.3.0", 7)], flags, user)

    def report(self, number: int, which: int, *, flags: int = 0) -> bytes:
        """Return a report of the user-based security model."""
        return self.message(number, v2c.ReportPDU(), [(f"{STATS}.{which}.0", 1)], flags, "noc")

    def message(
        self, number: int, inner: object, bindings: list[tuple[str, int]], flags: int, user: str
    ) -> bytes:
        """Return a message of this engine."""
        v2c.apiPDU.set_defaults(inner)
        v2c.apiPDU.set_request_id(inner, number)
        v2c.apiPDU.set_varbinds(
            inner,
            [(tuple(map(int, name.split("."))), v2c.Counter32(n)) for name, n in bindings],
        )
        scoped = univ.Sequence()
        for at, part in enumerate((univ.OctetString(self.id), univ.OctetString(b""), inner)):
            scoped.setComponentByPosition(at, part)
        plain = encoder.encode(scoped)
        salt = b""
        data: object = scoped
        if flags & 2:
            secret, salt = Aes().encrypt_data(
                univ.OctetString(self.priv), (self.boots, self.time, None), plain
            )
            data = univ.OctetString(bytes(secret))
        size = AUTHENTICATIONS[self.algorithm]
        blank = bytes(size) if flags & 1 else b""
        whole = self._whole(number, flags, self._parameters(user, blank, bytes(salt)), data)
        if not flags & 1:
            return whole
        digest = standard_hmac.new(self.auth, whole, self.algorithm).digest()[:size]
        return whole.replace(blank, digest, 1)

    def _parameters(self, user: str, digest: bytes, salt: bytes) -> bytes:
        found = UsmSecurityParameters()
        for at, part in enumerate((self.id, self.boots, self.time, user.encode(), digest, salt)):
            found.setComponentByPosition(at, part)
        encoded = encoder.encode(found)
        assert isinstance(encoded, bytes)
        return encoded

    def _whole(self, number: int, flags: int, parameters: bytes, data: object) -> bytes:
        header = univ.Sequence()
        parts = (univ.Integer(number), univ.Integer(65507), univ.OctetString(bytes([flags])))
        for at, part in enumerate((*parts, univ.Integer(3))):
            header.setComponentByPosition(at, part)
        whole = univ.Sequence()
        for at, one in enumerate((univ.Integer(3), header, univ.OctetString(parameters), data)):
            whole.setComponentByPosition(at, one)
        encoded = encoder.encode(whole)
        assert isinstance(encoded, bytes)
        return encoded


def ready(engine: Engine) -> UserSecurity:
    """Return a user's security that has met an engine and heard one authentic answer."""
    security = UserSecurity(User("noc", engine.algorithm, AUTH, PRIV), 0)
    security.learn(security.open(engine.report(1, UNKNOWN_ENGINE), 0.0), 0.0)
    security.open(engine.answer(2), 0.0)
    return security


@pytest.mark.parametrize("algorithm", AUTHENTICATIONS)
@pytest.mark.parametrize("passphrase", [AUTH, "mật khẩu của NOC"], ids=["ascii", "vietnamese"])
def test_keys_are_those_of_pysnmp(algorithm: str, passphrase: str) -> None:
    """A key that differs in one bit is a device that nobody can poll."""
    ours = localise(stretch(passphrase, algorithm), ENGINE, algorithm)

    assert ours == their_key(passphrase, algorithm)


def test_keys_are_those_of_the_rfc() -> None:
    """RFC 3414, A.3.2: the passphrase maplesyrup at the engine 00 … 02."""
    engine = bytes.fromhex("000000000000000000000002")

    assert stretch("maplesyrup", "sha1").hex() == "9fb5cc0381497b3793528939ff788d5d79145211"
    assert localise(stretch("maplesyrup", "sha1"), engine, "sha1").hex() == (
        "6695febc9288e36282235fc7151f128497b38f3f"
    )


@pytest.mark.parametrize("algorithm", AUTHENTICATIONS)
def test_an_engine_can_read_what_we_seal(algorithm: str) -> None:
    """Digest over the whole message, AES vector from boots, time and salt."""
    engine = Engine(algorithm)
    security = ready(engine)
    sealed = security.seal(REQUEST, 99, 5.0)
    message, _ = decoder.decode(sealed)
    parameters, _ = decoder.decode(bytes(message[2]), asn1Spec=UsmSecurityParameters())
    size = AUTHENTICATIONS[algorithm]
    digest, salt = bytes(parameters[4]), bytes(parameters[5])
    blank = sealed.replace(digest, bytes(size), 1)
    known = (int(parameters[1]), int(parameters[2]), list(salt))
    plain = Aes().decrypt_data(univ.OctetString(engine.priv), known, message[3])
    scoped, _ = decoder.decode(bytes(plain), asn1Spec=ScopedPDU())

    assert (int(message[1][0]), bytes(message[1][2])) == (99, b"\x07")
    assert digest == standard_hmac.new(engine.auth, blank, algorithm).digest()[:size]
    assert (bytes(parameters[0]), bytes(parameters[3])) == (ENGINE, b"noc")
    assert (known[0], known[1]) == (engine.boots, engine.time + 5)
    assert bytes(scoped[0]) == ENGINE


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
@RANDOM
def test_we_open_what_an_engine_seals(number: int, boots: int, time: int) -> None:
    """Whatever its clock says."""
    engine = Engine(boots=boots, time=time)
    opened = ready(engine).open(engine.answer(number), 0.0)

    assert (opened.number, opened.is_authentic) == (number, True)
    assert list(opened.answer.values) == [7]


def test_no_two_messages_share_a_salt() -> None:
    """Two messages under one AES vector give away their difference."""
    security = ready(Engine())
    sealed = {security.seal(REQUEST, 1, 0.0)[-60:] for _ in range(50)}

    assert len(sealed) == 50


@pytest.mark.parametrize("flags", [0, 1])
def test_an_answer_below_authpriv_is_ignored(flags: int) -> None:
    """An answer in clear text is what an attacker would send."""
    engine = Engine()
    security = ready(engine)

    with pytest.raises(MalformedError, match="not both authenticated and encrypted"):
        security.open(engine.answer(3, flags=flags), 0.0)


def test_an_encrypted_answer_without_digest_is_ignored() -> None:
    """Encryption alone proves nothing: CFB can be bent bit by bit."""
    engine = Engine()

    with pytest.raises(MalformedError, match="without digest"):
        ready(engine).open(engine.answer(3, flags=2), 0.0)


def test_any_bent_bit_is_noticed() -> None:
    """The digest covers every byte of a message."""
    engine = Engine()
    security = ready(engine)
    good = engine.answer(3)

    for at in range(len(good)):
        bent = bytearray(good)
        bent[at] ^= 1
        with pytest.raises(MalformedError):
            security.open(bytes(bent), 0.0)
    assert security.open(good, 0.0).answer.values == [7]


def test_an_answer_for_somebody_else_is_ignored() -> None:
    """Another user, or another engine with the same keys, is not who was asked."""
    engine = Engine()
    security = ready(engine)
    foreign = Engine()
    foreign.id = ENGINE[:-1] + b"\x01"

    for message in (engine.answer(3, user="other"), foreign.answer(3)):
        with pytest.raises(MalformedError, match="another"):
            security.open(message, 0.0)


@pytest.mark.parametrize(
    ("boots", "time", "now", "is_taken"),
    [
        (4, 1000, 0.0, True),
        (4, 1000, 149.0, True),
        (4, 1000, 152.0, False),
        (3, 99999, 0.0, False),
        (5, 0, 0.0, True),
        (4, 5000, 0.0, True),
    ],
    ids=["now", "late", "replayed", "older-boot", "restarted", "clock-ahead"],
)
def test_an_answer_from_the_past_is_ignored(
    boots: int, time: int, now: float, *, is_taken: bool
) -> None:
    """A recorded answer must not stand for today's (RFC 3414, section 3.2, 7b)."""
    security = ready(Engine(boots=4, time=1000))
    later = Engine(boots=boots, time=time)

    if is_taken:
        assert security.open(later.answer(3), now).is_authentic
        return
    with pytest.raises(MalformedError, match="past"):
        security.open(later.answer(3), now)


def test_a_restarted_engine_is_followed() -> None:
    """Its report tells the new count of boots; the next message bears it."""
    security = ready(Engine(boots=4, time=1000))
    restarted = Engine(boots=5, time=3)
    security.learn(security.open(restarted.report(3, NOT_IN_WINDOW, flags=1), 10.0), 10.0)
    message, _ = decoder.decode(security.seal(REQUEST, 4, 12.0))
    parameters, _ = decoder.decode(bytes(message[2]), asn1Spec=UsmSecurityParameters())

    assert (int(parameters[1]), int(parameters[2])) == (5, 5)


def test_a_forged_report_moves_no_clock() -> None:
    """Else anybody could make us refuse the true agent's answers."""
    security = ready(Engine())
    forged = security.open(Engine(boots=9).report(3, NOT_IN_WINDOW), 0.0)

    with pytest.raises(CredentialsError, match="does not prove"):
        security.learn(forged, 0.0)


def test_what_discovery_says_of_the_time_is_only_a_guess() -> None:
    """Discovery is not authentic: a wrong time in it must not make true answers look replayed."""
    security = UserSecurity(User("noc", "sha256", AUTH, PRIV), 0)
    security.learn(security.open(Engine(boots=900).report(1, UNKNOWN_ENGINE), 0.0), 0.0)

    assert security.open(Engine(boots=4).answer(2), 0.0).answer.values == [7]


def test_an_engine_that_never_agrees_on_the_time_is_named() -> None:
    """After the second correction another one would not help."""
    security = ready(Engine())
    report = security.open(Engine().report(3, NOT_IN_WINDOW, flags=1), 0.0)
    security.learn(report, 0.0)
    security.learn(report, 0.0)

    with pytest.raises(ClockError, match="time window") as caught:
        security.learn(report, 0.0)
    assert "restart the agent" in caught.value.hint


def test_an_engine_that_used_up_its_boots_is_named() -> None:
    """RFC 3414, section 2.3: at 2147483647 only new keys help."""
    security = ready(Engine())
    worn = security.open(Engine(boots=2**31 - 1).report(3, NOT_IN_WINDOW, flags=1), 0.0)

    with pytest.raises(ClockError, match="2147483647"):
        security.learn(worn, 0.0)


@pytest.mark.parametrize(
    ("which", "told"),
    [
        (1, "does not allow user noc"),
        (UNKNOWN_USER, "knows no user noc"),
        (UNKNOWN_ENGINE, "changes its engine id"),
        (WRONG_DIGEST, "does not accept the authentication of user noc"),
        (6, "cannot decrypt"),
        (77, "reports 1.3.6.1.6.3.15.1.1.77.0"),
    ],
)
def test_a_report_is_told_as_what_to_do(which: int, told: str) -> None:
    """An operator sees what to change, not the number of a counter."""
    security = ready(Engine())

    with pytest.raises(SnmpError, match=told) as caught:
        security.learn(security.open(Engine().report(3, which), 0.0), 0.0)
    assert caught.value.hint


@pytest.mark.parametrize("engine", [b"", b"\x80\x00\x00\x00", b"x" * 33])
def test_an_engine_id_of_a_wrong_length_is_named(engine: bytes) -> None:
    """RFC 3411 allows 5 to 32 bytes."""
    odd = Engine()
    odd.id = engine
    security = UserSecurity(User("noc", "sha256", AUTH, PRIV), 0)

    with pytest.raises(SnmpError, match="engine id"):
        security.learn(security.open(odd.report(1, UNKNOWN_ENGINE), 0.0), 0.0)


@given(st.data())
@RANDOM
def test_a_bent_message_is_refused_by_name(data: st.DataObject) -> None:
    """Cut, bent or made up: MalformedError or a report, nothing else."""
    engine = Engine()
    security = ready(engine)
    kinds = [engine.answer(3), engine.report(3, UNKNOWN_USER), engine.report(3, 2, flags=1)]
    good = bytearray(data.draw(st.sampled_from(kinds)))
    for _ in range(data.draw(st.integers(0, 5))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    bent = bytes(good[: data.draw(st.integers(0, len(good)))]) + data.draw(st.binary(max_size=4))

    try:
        opened = security.open(bent, 0.0)
    except MalformedError:
        return
    assert bytes(good) in kinds or opened.answer.kind == pdu.REPORT


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"auth": "short"}, "authentication passphrase"),
        ({"priv": "short"}, "privacy passphrase"),
        ({"authentication": "md5"}, "md5"),
    ],
)
def test_a_user_that_no_agent_would_take_is_refused(change: dict[str, str], told: str) -> None:
    """Told before the first packet, and without showing the passphrase."""
    good = {"name": "noc", "authentication": "sha256", "auth": AUTH, "priv": PRIV}

    with pytest.raises(CredentialsError, match=told) as caught:
        User(**(good | change))
    assert "short" not in str(caught.value)


def test_a_user_hides_its_passphrases() -> None:
    """A repr ends in logs sooner or later."""
    assert AUTH not in repr(User("noc", "sha256", AUTH, PRIV))
    assert PRIV not in repr(User("noc", "sha256", AUTH, PRIV))
