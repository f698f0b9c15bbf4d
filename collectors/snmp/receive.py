# SPDX-License-Identifier: MIT
"""The other end of SNMP: traps and informs that agents send by themselves (RFC 3416, RFC 3414).

Of a trap the sender's engine is the authority, of an inform ours is; so the
keys of every device must be known before its first trap comes.  Nothing a
stranger sends is kept: the only memory is the clock of engines that have
proved themselves.
"""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from collectors.snmp import ber, pdu, usm
from collectors.snmp.errors import MalformedError
from collectors.snmp.value import Value

INFORM = 0xA6
TRAP = 0xA7
_VERSION_2C, _VERSION_3 = 1, 3
_AUTH_PRIV = usm.AUTH | usm.PRIV


class Refusal(StrEnum):
    """Why a packet was not taken."""

    MALFORMED = "malformed"
    VERSION = "version"
    COMMUNITY = "community"
    LEVEL = "level"
    USER = "user"
    DIGEST = "digest"
    TIME = "time"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Keys:
    """A user's keys at one engine, and the device whose user it is."""

    device: str
    algorithm: str
    auth: bytes = field(repr=False)
    privacy: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Notification:
    """What an agent tells.

    `device` is who proved to have sent it, None where only the address can
    tell (SNMPv2c).  `octets` is the PDU: the same whenever the agent repeats
    it.  `reply` is what a sender of an inform waits for, once it is stored.
    """

    device: str | None
    octets: bytes
    names: Sequence[bytes]
    values: Sequence[Value]
    reply: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Nothing was told yet; this is what the sender must hear first."""

    octets: bytes


Taken = Notification | Reply | Refusal
Find = Callable[[bytes, str, str], Sequence[Keys]]
"""Returns the keys that a user may have: of an engine, by name, from an address."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Who we are to senders of informs; `started` is monotonic time in seconds."""

    id: bytes
    boots: int
    started: float


@dataclass(frozen=True, slots=True)
class _Told:
    """The clock of a sender's engine, and when it was told."""

    boots: int
    time: int
    at: float


class Receiver:
    """Takes packets of traps and informs.

    `find` knows the keys, `community` is the word of SNMPv2c, None refuses
    it.  `salt` begins the counter that makes our AES vectors differ.
    """

    def __init__(self, engine: Engine, find: Find, community: str | None, salt: int) -> None:
        self._engine = engine
        self._find = find
        self._community = None if community is None else community.encode()
        self._salt = salt
        self._clocks: dict[bytes, _Told] = {}

    def take(self, message: bytes, sender: str, now: float) -> Taken:
        """Return what a packet tells, what to answer first, or why it is refused."""
        try:
            at, end = ber.read_header(message, 0, ber.SEQUENCE)
            version, at = ber.read_integer(message, at)
            if end != len(message):
                return Refusal.MALFORMED
            if version == _VERSION_2C:
                return self._take_2c(message, at)
            if version == _VERSION_3:
                return self._take_3(message, at, sender, now)
        except MalformedError:
            return Refusal.MALFORMED
        return Refusal.VERSION

    def _take_2c(self, message: bytes, at: int) -> Taken:
        word, at = ber.read_octets(message, at)
        if self._community is None or not hmac.compare_digest(word, self._community):
            return Refusal.COMMUNITY
        found = _read_notification(message, at, None)
        if message[at] != INFORM:
            return found
        answer = ber.element(ber.OCTET_STRING, word) + _response(found.octets)
        reply = ber.element(ber.SEQUENCE, ber.integer(_VERSION_2C) + answer)
        return Notification(None, found.octets, found.names, found.values, reply)

    def _take_3(self, message: bytes, at: int, sender: str, now: float) -> Taken:
        number, flags, at = usm.read_global(message, at)
        found = usm.read_parameters(message, at)
        is_ours = found.clock.engine == self._engine.id
        if not found.clock.engine and flags & usm.REPORTABLE:
            return Reply(self._introduction(number, now))
        if flags & _AUTH_PRIV != _AUTH_PRIV:
            return Refusal.LEVEL
        keys = self._keys(message, found, sender)
        if isinstance(keys, Refusal):
            return keys
        if is_ours and not self._is_now(found.clock.boots, found.clock.time, now):
            return Reply(self._correction(number, found.user, keys, now))
        if not is_ours and not self._follow(found, now):
            return Refusal.TIME
        return self._open(message, number, found, keys, now)

    def _keys(self, message: bytes, found: usm.Parameters, sender: str) -> Keys | Refusal:
        """Return the keys with which a message was authenticated."""
        known = self._find(found.clock.engine, found.user.decode("latin-1"), sender)
        if not known:
            return Refusal.USER
        fitting = (one for one in known if _is_authentic(message, found, one))
        return next(fitting, Refusal.DIGEST)

    def _open(
        self, message: bytes, number: int, found: usm.Parameters, keys: Keys, now: float
    ) -> Taken:
        """Decrypt what is proved to be authentic and timely."""
        secret, _ = ber.read_octets(message, found.end)
        if len(found.salt) != usm.SALT_BYTES:
            return Refusal.MALFORMED
        clock = found.clock
        plain = _cipher(keys, clock.boots, clock.time, found.salt).decryptor().update(secret)
        begin, _ = ber.read_header(plain, 0, ber.SEQUENCE)
        _, at = ber.read_octets(plain, begin)
        _, at = ber.read_octets(plain, at)
        told = _read_notification(plain, at, keys.device)
        if told.octets[0] != INFORM:
            return told
        scoped = ber.element(ber.SEQUENCE, plain[begin:at] + _response(told.octets))
        reply = self._sealed(number, found.user, keys, scoped, now)
        return Notification(told.device, told.octets, told.names, told.values, reply)

    def _is_now(self, boots: int, time: int, now: float) -> bool:
        """Tell whether a message to us bears our time (RFC 3414, section 3.2, 7a)."""
        return boots == self._engine.boots and abs(time - self._time(now)) <= usm.WINDOW_S

    def _follow(self, found: usm.Parameters, now: float) -> bool:
        """Follow a sender's clock; False for what comes from its past (section 3.2, 7b)."""
        clock = found.clock
        if clock.boots >= usm.LATCHED_BOOTS:
            return False
        last = self._clocks.get(clock.engine)
        if last is not None:
            there = last.time + int(now - last.at)
            is_past = clock.boots == last.boots and clock.time < there - usm.WINDOW_S
            if clock.boots < last.boots or is_past:
                return False
        if last is None or (clock.boots, clock.time) > (last.boots, last.time):
            self._clocks[clock.engine] = _Told(clock.boots, clock.time, now)
        return True

    def _time(self, now: float) -> int:
        return int(now - self._engine.started)

    def _introduction(self, number: int, now: float) -> bytes:
        """Return the report that tells our engine and its clock (RFC 3414, section 4)."""
        scoped = usm.scoped_of(self._engine.id, _report(usm.UNKNOWN_ENGINE))
        parameters = self._parameters(b"", b"", b"", now)
        return usm.message_of(number, 0, parameters, scoped)

    def _correction(self, number: int, user: bytes, keys: Keys, now: float) -> bytes:
        """Return the authenticated report that a message was out of our time window."""
        scoped = usm.scoped_of(self._engine.id, _report(usm.NOT_IN_WINDOW))
        return self._signed(number, usm.AUTH, (user, b""), keys, scoped, now)

    def _sealed(self, number: int, user: bytes, keys: Keys, scoped: bytes, now: float) -> bytes:
        """Return an authenticated and encrypted message from us.

        Its scoped PDU is in the context of the inform, which need not be ours.
        """
        self._salt = (self._salt + 1) % (1 << 64)
        salt = self._salt.to_bytes(usm.SALT_BYTES)
        cipher = _cipher(keys, self._engine.boots, self._time(now), salt)
        secret = cipher.encryptor().update(scoped)
        encrypted = ber.element(ber.OCTET_STRING, secret)
        return self._signed(number, _AUTH_PRIV, (user, salt), keys, encrypted, now)

    def _signed(
        self,
        number: int,
        flags: int,
        who: tuple[bytes, bytes],
        keys: Keys,
        scoped: bytes,
        now: float,
    ) -> bytes:
        size = usm.AUTHENTICATIONS[keys.algorithm]
        user, salt = who
        blank = bytes(size)
        parameters = self._parameters(user, blank, salt, now)
        message = usm.message_of(number, flags, parameters, scoped)
        digest = hmac.digest(keys.auth, message, keys.algorithm)[:size]
        tail = ber.element(ber.OCTET_STRING, blank) + ber.element(ber.OCTET_STRING, salt)
        at = message.index(tail, message.index(self._engine.id)) + 2
        return message[:at] + digest + message[at + size :]

    def _parameters(self, user: bytes, digest: bytes, salt: bytes, now: float) -> bytes:
        return (
            ber.element(ber.OCTET_STRING, self._engine.id)
            + ber.integer(self._engine.boots)
            + ber.integer(self._time(now))
            + ber.element(ber.OCTET_STRING, user)
            + ber.element(ber.OCTET_STRING, digest)
            + ber.element(ber.OCTET_STRING, salt)
        )


def _is_authentic(message: bytes, found: usm.Parameters, keys: Keys) -> bool:
    size = usm.AUTHENTICATIONS[keys.algorithm]
    if len(found.digest) != size:
        return False
    blank = message[: found.digest_at] + bytes(size) + message[found.digest_at + size :]
    wanted = hmac.digest(keys.auth, blank, keys.algorithm)[:size]
    return hmac.compare_digest(wanted, found.digest)


def _cipher(keys: Keys, boots: int, time: int, salt: bytes) -> Cipher[CFB]:
    vector = CFB(boots.to_bytes(4) + time.to_bytes(4) + salt)
    return Cipher(AES(keys.privacy[: usm.AES_KEY_BYTES]), vector)


def _read_notification(data: bytes, at: int, device: str | None) -> Notification:
    """Return the notification that begins at `at`; privacy may have padded what follows it."""
    kind = data[at] if at < len(data) else 0
    if kind not in (TRAP, INFORM):
        raise MalformedError(f"byte {at}: PDU {kind:#04x} tells nothing")
    begin, end = ber.read_header(data, at, kind)
    inner = begin
    for _ in range(3):  # request id, and two numbers that are zero
        _, inner = ber.read_integer(data, inner)
    inner, stop = ber.read_header(data, inner, ber.SEQUENCE)
    if stop != end:
        raise MalformedError(f"byte {stop}: the bindings end before the PDU does")
    names, values = ber.read_bindings(data, inner, end)
    return Notification(device, data[at:end], names, values)


def _response(octets: bytes) -> bytes:
    """Return the response to an inform: the same with another tag (RFC 3416, section 4.2.7)."""
    return bytes((pdu.RESPONSE,)) + octets[1:]


def _report(which: int) -> bytes:
    """Return a report of one of the counters of RFC 3414."""
    name = usm.USM_STATS + bytes((which, 0))
    value = ber.integer(1, ber.COUNTER32)
    binding = ber.element(ber.SEQUENCE, ber.element(ber.OBJECT_IDENTIFIER, name) + value)
    zero = ber.integer(0)
    bindings = ber.element(ber.SEQUENCE, binding)
    return ber.element(pdu.REPORT, zero + zero + zero + bindings)
