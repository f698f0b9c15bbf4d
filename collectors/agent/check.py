# SPDX-License-Identifier: MIT
"""Does a service answer as it should?  Asked in its own protocol, standard library only.

A check says what was found (a name and its values; the product has the
sentences), how long it took and, of TLS, until when the server's certificate
holds.  It is asked by address: that names are known is
checked of the name servers.
"""

import http.client
import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from collectors.agent.proof import Proof

PATIENCE_S = 5.0
GOODBYE_S = 1.0
"""How long a server may take to end a conversation that we ended."""
LONGEST_BODY = 1 << 20
NTP_QUESTION = b"\x23" + 47 * b"\0"
"""Version 4, mode 3: a client's question (RFC 5905, section 7.3)."""
NTP_ANSWER = 48
NTP_UNSYNCHRONISED = 3
NTP_STRATA = range(1, 16)
DNS_POINTER = 0xC0
DNS_ADDRESS = 1


class Check(NamedTuple):
    """What to ask; `expect` is the text or address that must be in the answer.

    `authority` is the CA (PEM) that the server's certificate must come from,
    `proof` what a server that asks who we are is shown.
    """

    service: str
    kind: str
    address: str
    port: int
    name: str = ""
    path: str = "/"
    expect: str = ""
    authority: str = ""
    proof: Proof | None = None


class Found(NamedTuple):
    """What came of a check, begun at `at` (Unix seconds).

    `why` is empty where nothing is wrong, else a name and its values, or what
    the system said.
    `expires_s` are the seconds for which the certificate still holds, None
    where none was seen.
    """

    service: str
    at: float
    is_ok: bool
    duration_s: float
    expires_s: float | None
    why: tuple[str, ...]


class _Answer(NamedTuple):
    """What is wrong (nothing, when it is empty), and how long the certificate holds."""

    why: tuple[str, ...] = ()
    expires_s: float | None = None


def examine(check: Check) -> Found:
    """Make one check; what the network refuses is an answer too."""
    at, began = time.time(), time.monotonic()
    try:
        answer = KINDS[check.kind](check)
    except ssl.SSLCertVerificationError as error:
        answer = _Answer(("bad_certificate", error.verify_message))
    except ssl.SSLError as error:
        answer = _Answer(("no_tls", str(error.reason)))
    except TimeoutError:
        answer = _Answer(("no_answer", f"{PATIENCE_S:g}"))
    except OSError as error:
        answer = _Answer((error.strerror or str(error),))
    except http.client.HTTPException as error:
        answer = _Answer(("no_http", type(error).__name__))
    except (struct.error, IndexError, ValueError):
        answer = _Answer(("nonsense",))
    taken = time.monotonic() - began
    if taken >= PATIENCE_S:  # whatever it looks like: the conversation was cut off
        answer = _Answer(("no_answer", f"{PATIENCE_S:g}"), answer.expires_s)
    return Found(check.service, at, not answer.why, taken, answer.expires_s, answer.why)


def _page(check: Check) -> _Answer:
    """Fetch a page by HTTPS; certificate, name, status and text must be right."""
    with _protected(check) as channel:
        expires_s = _expires(channel)
        connection = http.client.HTTPConnection(check.name or check.address, check.port)
        connection.sock = channel
        connection.request("GET", check.path, headers={"Connection": "close"})
        answer = connection.getresponse()
        text = answer.read(LONGEST_BODY).decode(errors="replace")
    if answer.status != http.client.OK:
        return _Answer(("status", f"{answer.status} {answer.reason}".rstrip()), expires_s)
    if check.expect not in text:
        return _Answer(("lacks", repr(check.expect)), expires_s)
    return _Answer((), expires_s)


def _handshake(check: Check) -> _Answer:
    """Shake hands by TLS and say goodbye; certificate and name must be right.

    In TLS 1.3 the handshake is over for us before the server has looked at
    our own certificate (RFC 8446, section 2): that it takes it is not proven.
    """
    with _protected(check) as channel:
        expires_s = _expires(channel)
        channel.settimeout(GOODBYE_S)
        with suppress(OSError):  # some end without a goodbye of their own
            channel.unwrap()
    return _Answer((), expires_s)


@contextmanager
def _protected(check: Check) -> Iterator[ssl.SSLSocket]:
    """Connect by TLS, for PATIENCE_S in all."""
    ends = time.monotonic() + PATIENCE_S
    trust = ssl.create_default_context(cadata=check.authority or None)
    if check.proof is not None:
        check.proof.load(trust)
    with (
        _connect(check) as plain,
        _cut_off(plain, ends),
        trust.wrap_socket(plain, server_hostname=check.name or check.address) as channel,
    ):
        yield channel


def _expires(channel: ssl.SSLSocket) -> float | None:
    held = channel.getpeercert()
    ends = held.get("notAfter") if held else None
    return ssl.cert_time_to_seconds(ends) - time.time() if isinstance(ends, str) else None


def _name(check: Check) -> _Answer:
    """Ask a name server for an address (RFC 1035, section 4)."""
    number = random.randrange(1 << 16)  # noqa: S311 tells answers apart, no secret
    words = [word.encode() for word in check.name.split(".") if word]
    question = struct.pack(">6H", number, 0x0100, 1, 0, 0, 0)
    question += b"".join(bytes([len(word)]) + word for word in words) + b"\0"
    question += struct.pack(">2H", DNS_ADDRESS, 1)
    answer = _ask(check, question)
    if answer[:2] != question[:2]:
        return _Answer(("other_question",))
    if code := answer[3] & 0x0F:
        return _Answer(("name_code", str(code), check.name))
    if check.expect and check.expect not in _addresses(answer, len(question)):
        return _Answer(("other_address", check.name, check.expect))
    return _Answer()


def _addresses(answer: bytes, at: int) -> list[str]:
    """Return the IPv4 addresses of the answer section, which begins after the question."""
    found: list[str] = []
    for _ in range(struct.unpack(">H", answer[6:8])[0]):
        while answer[at] and answer[at] < DNS_POINTER:
            at += answer[at] + 1
        at += 2 if answer[at] >= DNS_POINTER else 1
        kind, _, _, length = struct.unpack(">HHIH", answer[at : at + 10])
        if kind == DNS_ADDRESS:
            found.append(socket.inet_ntop(socket.AF_INET, answer[at + 10 : at + 10 + length]))
        at += 10 + length
    return found


def _clock(check: Check) -> _Answer:
    """Ask a time server; it must be synchronised itself."""
    answer = _ask(check, NTP_QUESTION)
    if len(answer) < NTP_ANSWER:
        return _Answer(("nonsense",))
    leap, stratum = answer[0] >> 6, answer[1]
    if leap == NTP_UNSYNCHRONISED or stratum not in NTP_STRATA:
        return _Answer(("not_synchronised", str(stratum)))
    return _Answer()


def _opened(check: Check) -> _Answer:
    """Open a connection."""
    with _connect(check):
        return _Answer()


KINDS: Mapping[str, Callable[[Check], _Answer]] = {
    "https": _page,
    "tls": _handshake,
    "dns": _name,
    "ntp": _clock,
    "tcp": _opened,
}


@contextmanager
def _cut_off(channel: socket.socket, ends: float) -> Iterator[None]:
    """End a conversation when its time is over, however steadily the server drips.

    A socket's timeout begins anew with every byte.  TLS takes the socket over,
    so that its twin must end what both share.
    """
    with channel.dup() as twin:
        timer = threading.Timer(max(0.0, ends - time.monotonic()), _end, (twin,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _end(channel: socket.socket) -> None:
    with suppress(OSError):  # the server was faster
        channel.shutdown(socket.SHUT_RDWR)


def _connect(check: Check) -> socket.socket:
    return socket.create_connection((check.address, check.port), PATIENCE_S)


def _ask(check: Check, question: bytes) -> bytes:
    """Send a datagram, twice at most, and return the answer."""
    family = socket.AF_INET6 if ":" in check.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as channel:
        channel.settimeout(PATIENCE_S / 2)
        channel.connect((check.address, check.port))
        channel.send(question)
        try:
            return channel.recv(4096)
        except TimeoutError:
            channel.send(question)
            return channel.recv(4096)
