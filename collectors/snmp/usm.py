# SPDX-License-Identifier: MIT
"""The user-based security model of SNMPv3 (RFC 3414, 3826, 7860): authPriv, nothing less.

What costs time is done once: a passphrase is stretched when the object is
made and localised when an engine introduces itself.  A message then costs
one HMAC and one AES-CFB.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from collectors.snmp import ber, pdu
from collectors.snmp.errors import ClockError, CredentialsError, MalformedError, SnmpError
from collectors.snmp.security import Clock, Opened

SHORTEST_PASSPHRASE = 8
"""Characters (RFC 3414, section 11.2)."""
WINDOW_S = 150
"""Seconds a message may differ from the engine's time (RFC 3414, section 2.2.3)."""
LARGEST_MESSAGE = 65507
AUTHENTICATIONS = {"sha1": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}
"""Name of the hash and bytes of the digest that travel (RFC 3414, RFC 7860)."""
LATCHED_BOOTS = 2**31 - 1

_STRETCHED = 1 << 20
AES_KEY_BYTES = 16
SALT_BYTES = 8
AUTH, PRIV, REPORTABLE = 1, 2, 4
_MODEL = 3
_VERSION_3 = ber.integer(3)
_ENGINE_BYTES = range(5, 33)
USM_STATS = ber.oid("1.3.6.1.6.3.15.1.1")
NOT_IN_WINDOW, UNKNOWN_ENGINE = 2, 4


@dataclass(frozen=True, slots=True)
class User:
    """Who asks; `authentication` is a name of AUTHENTICATIONS, privacy is AES-128."""

    name: str
    authentication: str
    auth: str = field(repr=False)
    priv: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what no agent would accept."""
        if self.authentication not in AUTHENTICATIONS:
            raise CredentialsError(
                f"authentication {self.authentication!r} is unknown",
                f"expected one of {', '.join(AUTHENTICATIONS)}",
            )
        for what, passphrase in (("authentication", self.auth), ("privacy", self.priv)):
            if len(passphrase) < SHORTEST_PASSPHRASE:
                raise CredentialsError(
                    f"the {what} passphrase of user {self.name} has {len(passphrase)} characters",
                    f"at least {SHORTEST_PASSPHRASE} are needed (RFC 3414)",
                )


def stretch(passphrase: str, algorithm: str) -> bytes:
    """Return the key of a passphrase: the hash of one megabyte of it (RFC 3414, A.2)."""
    octets = passphrase.encode()
    repeated = octets * (_STRETCHED // len(octets) + 1)
    return hashlib.new(algorithm, repeated[:_STRETCHED]).digest()


def localise(key: bytes, engine: bytes, algorithm: str) -> bytes:
    """Return a user's key for one engine, so that a stolen one opens no other device."""
    return hashlib.new(algorithm, key + engine + key).digest()


class UserSecurity:
    """One user at one agent.

    `salt` is any number: it begins a counter that makes the AES vectors of
    this object differ (RFC 3826, section 3.1.2.1); draw it at random.
    The engine's time counts as known once an authentic message has told it;
    until then what discovery said is only a guess to ask with.
    """

    def __init__(self, user: User, salt: int) -> None:
        self.user = user
        self._algorithm = user.authentication
        self._digest_bytes = AUTHENTICATIONS[user.authentication]
        self._name = user.name.encode()
        self._masters = (
            stretch(user.auth, self._algorithm),
            stretch(user.priv, self._algorithm),
        )
        self._salt = salt
        self._engine = b""
        self._auth_key = b""
        self._aes = AES(bytes(AES_KEY_BYTES))
        self._boots = 0
        self._time = 0
        self._learnt_at = 0.0
        self._is_synchronised = False
        self._resyncs = 0

    @property
    def is_ready(self) -> bool:
        """True once the engine has introduced itself."""
        return bool(self._engine)

    @property
    def engine(self) -> bytes:
        """The engine's id, empty before it is known."""
        return self._engine

    @property
    def suspicion(self) -> str:
        """What silence means depends on how far the agent came."""
        if self._engine and not self._is_synchronised:
            return (
                "it introduced itself but ignores this user: a wrong privacy passphrase or "
                "protocol (AES-128 is used) is met with silence"
            )
        return "SNMPv3 itself would be answered whoever asks: look at address, port and firewall"

    def probe(self, number: int) -> bytes:
        """Return a message without user and engine (RFC 3414, section 4)."""
        scoped = scoped_of(b"", pdu.Request(pdu.GET, ()).encode(number))
        parameters = b"\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00"
        return message_of(number, REPORTABLE, parameters, scoped)

    def seal(self, request: pdu.Request, number: int, now: float) -> bytes:
        """Return an authenticated and encrypted message."""
        time = self._now_there(now)
        self._salt = (self._salt + 1) % (1 << 64)
        salt = self._salt.to_bytes(SALT_BYTES)
        scoped = scoped_of(self._engine, request.encode(number))
        secret = self._cipher(self._boots, time, salt).encryptor().update(scoped)
        encrypted = ber.element(ber.OCTET_STRING, secret)
        blank = bytes(self._digest_bytes)
        parameters = b"".join(
            (
                ber.element(ber.OCTET_STRING, self._engine),
                ber.integer(self._boots),
                ber.integer(time),
                ber.element(ber.OCTET_STRING, self._name),
                ber.element(ber.OCTET_STRING, blank),
                ber.element(ber.OCTET_STRING, salt),
            )
        )
        message = message_of(number, AUTH | PRIV | REPORTABLE, parameters, encrypted)
        end = len(message) - len(encrypted) - SALT_BYTES - 2
        digest = hmac.digest(self._auth_key, message, self._algorithm)[: self._digest_bytes]
        return message[: end - self._digest_bytes] + digest + message[end:]

    def open(self, message: bytes, now: float) -> Opened:
        """Return what a message holds; anything but a report must be authentic and encrypted."""
        at, end = ber.read_header(message, 0, ber.SEQUENCE)
        version, at = ber.read_integer(message, at)
        if version != _MODEL or end != len(message):
            raise MalformedError(f"an answer of SNMP version {version} with {len(message)} bytes")
        number, flags, at = read_global(message, at)
        parameters = read_parameters(message, at)
        is_authentic = bool(flags & AUTH)
        if is_authentic:
            self._verify(message, parameters)
        if flags & PRIV:
            data, at = self._decrypt(message, parameters, is_authentic=is_authentic), 0
        else:
            data, at = message, parameters.end
        answer = _read_scoped(data, at)
        if answer.kind == pdu.RESPONSE and flags & (AUTH | PRIV) != AUTH | PRIV:
            raise MalformedError("an answer that is not both authenticated and encrypted")
        if answer.kind == pdu.RESPONSE:
            self._check_time(parameters.clock, now)
        return Opened(number, answer, parameters.clock, is_authentic)

    def learn(self, report: Opened, now: float) -> None:
        """Take in a report of the engine (RFC 3414, section 3.2)."""
        name = report.answer.names[0] if report.answer.names else b""
        which = ber.arcs(name[len(USM_STATS) :])[:1] if name.startswith(USM_STATS) else ()
        if which == (UNKNOWN_ENGINE,) and report.clock is not None:
            self._meet(report.clock, now)
        elif which == (NOT_IN_WINDOW,) and report.clock is not None and report.is_authentic:
            self._synchronise(report.clock, now)
        else:
            raise self._refusal(which, name)

    def _meet(self, clock: Clock, now: float) -> None:
        """Localise the keys for the engine that introduced itself."""
        if len(clock.engine) not in _ENGINE_BYTES:
            raise SnmpError(
                f"the agent calls itself by an engine id of {len(clock.engine)} bytes",
                "5 to 32 are allowed (RFC 3411): set another engine id on the device",
            )
        if clock.engine == self._engine:
            raise self._refusal((UNKNOWN_ENGINE,), b"")
        auth, priv = (localise(key, clock.engine, self._algorithm) for key in self._masters)
        self._engine = clock.engine
        self._auth_key = auth
        self._aes = AES(priv[:AES_KEY_BYTES])
        self._boots, self._time, self._learnt_at = clock.boots, clock.time, now
        self._is_synchronised = False
        self._resyncs = 0

    def _synchronise(self, clock: Clock, now: float) -> None:
        """Set our idea of the engine's time; the report is proved to come from it."""
        self._resyncs += 1
        if clock.boots >= LATCHED_BOOTS or self._resyncs > 2:  # noqa: PLR2004 once to learn, once more for a restart in between
            raise ClockError(
                f"the agent refuses our messages as out of its time window (boots {clock.boots}, "
                f"time {clock.time} s)",
                "its clock jumps or its count of boots is used up: restart the agent, and if that "
                "does not help give the device a new engine id and set its users again",
            )
        self._boots, self._time, self._learnt_at = clock.boots, clock.time, now

    def _check_time(self, clock: Clock, now: float) -> None:
        """Refuse a replayed answer, and follow the engine's clock (RFC 3414, section 3.2, 7b)."""
        if self._is_synchronised and (
            clock.boots < self._boots
            or (clock.boots == self._boots and clock.time < self._now_there(now) - WINDOW_S)
        ):
            raise MalformedError("an answer from the past: outside the time window")
        self._boots, self._time, self._learnt_at = clock.boots, clock.time, now
        self._is_synchronised = True
        self._resyncs = 0

    def _verify(self, message: bytes, found: "Parameters") -> None:
        """Refuse what this engine did not send to this user."""
        if found.clock.engine != self._engine or found.user != self._name:
            raise MalformedError("an answer of another engine or for another user")
        size = self._digest_bytes
        if len(found.digest) != size:
            raise MalformedError(f"a digest of {len(found.digest)} bytes, expected {size}")
        blank = message[: found.digest_at] + bytes(size) + message[found.digest_at + size :]
        wanted = hmac.digest(self._auth_key, blank, self._algorithm)[:size]
        if not hmac.compare_digest(wanted, found.digest):
            raise MalformedError("an answer with a wrong digest")

    def _decrypt(self, message: bytes, found: "Parameters", *, is_authentic: bool) -> bytes:
        secret, _ = ber.read_octets(message, found.end)
        if len(found.salt) != SALT_BYTES or not is_authentic:
            raise MalformedError("an encrypted answer without digest or salt")
        cipher = self._cipher(found.clock.boots, found.clock.time, found.salt)
        return cipher.decryptor().update(secret)

    def _cipher(self, boots: int, time: int, salt: bytes) -> Cipher[CFB]:
        return Cipher(self._aes, CFB(boots.to_bytes(4) + time.to_bytes(4) + salt))

    def _now_there(self, now: float) -> int:
        return min(self._time + int(now - self._learnt_at), LATCHED_BOOTS)

    def _refusal(self, which: tuple[int, ...], name: bytes) -> SnmpError:
        """Return what a report means to the person who has to mend it."""
        user = self.user
        known = {
            1: f"the agent does not allow user {user.name} to ask with authentication and privacy",
            2: "the agent says our message is out of its time window, but does not prove it",
            3: f"the agent knows no user {user.name}",
            4: "the agent changes its engine id while we talk",
            5: f"the agent does not accept the authentication of user {user.name}",
            6: f"the agent cannot decrypt messages of user {user.name}",
        }
        hints = {
            1: "give the user level authPriv on the device",
            2: "somebody may be answering in the agent's place: look at the path to it",
            3: "create the user on the device, or ask as one that it has",
            4: "two agents may share one address: look for a duplicate",
            5: f"check passphrase and protocol ({user.authentication} was used)",
            6: "check the privacy passphrase and protocol (AES-128 was used)",
        }
        if which and which[0] in known:
            return CredentialsError(known[which[0]], hints[which[0]])
        return SnmpError(
            f"the agent reports {ber.dotted(name) if name else 'an error without a name'}",
            "it may not support what was asked; look into its log",
        )


@dataclass(frozen=True, slots=True)
class Parameters:
    """The security parameters of a message, and where its scoped PDU begins."""

    clock: Clock
    user: bytes
    digest: bytes
    digest_at: int
    salt: bytes
    end: int


def message_of(number: int, flags: int, parameters: bytes, scoped: bytes) -> bytes:
    """Return a message of SNMPv3 around security parameters and a scoped PDU."""
    header = (
        ber.integer(number)
        + ber.integer(LARGEST_MESSAGE)
        + bytes((ber.OCTET_STRING, 1, flags, ber.INTEGER, 1, _MODEL))
    )
    return ber.element(
        ber.SEQUENCE,
        _VERSION_3
        + ber.element(ber.SEQUENCE, header)
        + ber.element(ber.OCTET_STRING, ber.element(ber.SEQUENCE, parameters))
        + scoped,
    )


def scoped_of(engine: bytes, inner: bytes) -> bytes:
    """Return a PDU in the default context of an engine."""
    return ber.element(ber.SEQUENCE, ber.element(ber.OCTET_STRING, engine) + b"\x04\x00" + inner)


def read_global(message: bytes, at: int) -> tuple[int, int, int]:
    """Return message id, flags and where the security parameters begin."""
    at, end = ber.read_header(message, at, ber.SEQUENCE)
    number, at = ber.read_integer(message, at)
    _, at = ber.read_integer(message, at)
    flags, at = ber.read_octets(message, at)
    model, _ = ber.read_integer(message, at)
    if len(flags) != 1 or model != _MODEL:
        raise MalformedError(f"security model {model} with {len(flags)} bytes of flags")
    return number, flags[0], end


def read_parameters(message: bytes, at: int) -> Parameters:
    """Return the security parameters that begin at `at`."""
    at, end = ber.read_header(message, at, ber.OCTET_STRING)
    at, _ = ber.read_header(message, at, ber.SEQUENCE)
    engine, at = ber.read_octets(message, at)
    boots, at = ber.read_integer(message, at)
    time, at = ber.read_integer(message, at)
    user, at = ber.read_octets(message, at)
    digest_at, digest_end = ber.read_header(message, at, ber.OCTET_STRING)
    salt, at = ber.read_octets(message, digest_end)
    if at != end or not (0 <= boots <= LATCHED_BOOTS and 0 <= time <= LATCHED_BOOTS):
        raise MalformedError("security parameters of a wrong length or time")
    digest = message[digest_at:digest_end]
    return Parameters(Clock(engine, boots, time), user, digest, digest_at, salt, end)


def _read_scoped(data: bytes, at: int) -> pdu.Answer:
    """Return the PDU inside a scoped PDU; privacy may have padded what follows it."""
    at, _ = ber.read_header(data, at, ber.SEQUENCE)
    _, at = ber.read_octets(data, at)
    _, at = ber.read_octets(data, at)
    return pdu.read_answer(data, at)
