# SPDX-License-Identifier: MIT
"""ICMP sockets of both families and the packets that go through them (RFC 792, RFC 4443)."""

import socket
import struct
from ipaddress import ip_address

ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}
"""Type of a request and of its answer, by family."""
ICMP_FILTER = 1
SOL_RAW = 255
SO_TIMESTAMPNS = 35
IP_PKTINFO = 8
RECEIVE_BYTES = 1 << 20
TIMESPEC = struct.Struct("@ll")
INFO4 = struct.Struct("@i4s4s")
INFO6 = struct.Struct("@16sI")


class NoInterfaceError(OSError):
    """There is no interface of this name."""


def family_of(version: int) -> socket.AddressFamily:
    """Return the address family of an IP version."""
    return socket.AF_INET if version == 4 else socket.AF_INET6  # noqa: PLR2004 the IP version


def open_socket(family: socket.AddressFamily) -> socket.socket:
    """Open a raw socket that lets nothing through but answers, with their time and interface.

    Without CAP_NET_RAW it is an ICMP socket, to which the kernel gives
    nothing but the answers to its own requests (icmp(7)).
    """
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    try:
        one = socket.socket(family, socket.SOCK_RAW, protocol)
        _let_in_answers(one, family)
    except PermissionError:
        one = socket.socket(family, socket.SOCK_DGRAM, protocol)
    if family == socket.AF_INET:
        one.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    else:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    one.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    one.setblocking(False)  # noqa: FBT003 the signature of socket
    return one


def _let_in_answers(one: socket.socket, family: socket.AddressFamily) -> None:
    """Let the kernel drop everything but echo answers before it wakes us."""
    kind = ECHO[family][1]
    if family == socket.AF_INET:
        one.setsockopt(SOL_RAW, ICMP_FILTER, struct.pack("@I", 0xFFFFFFFF ^ (1 << kind)))
        return
    blocked = bytearray(b"\xff" * 32)
    blocked[kind // 8] &= ~(1 << kind % 8) & 0xFF
    one.setsockopt(socket.IPPROTO_ICMPV6, ICMP_FILTER, _words(bytes(blocked)))


def _words(blocked: bytes) -> bytes:
    """Return a filter's bits as the kernel's array of 32-bit words (RFC 3542, 3.2)."""
    return struct.pack("@8I", *struct.unpack("<8I", blocked))


def request(family: socket.AddressFamily, number: int, body: bytes) -> bytes:
    """Return an echo request; of IPv6 the kernel computes the checksum."""
    header = struct.pack("!BBHHH", ECHO[family][0], 0, 0, 0x746E, number & 0xFFFF)
    if family == socket.AF_INET6:
        return header + body
    return header[:2] + struct.pack("!H", checksum(header + body)) + header[4:] + body


def checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def pinned(
    family: socket.AddressFamily, interface: str | None, near: str | None
) -> list[tuple[int, int, bytes]]:
    """Return the control message that makes a request leave by an interface, from an address.

    Raises NoInterfaceError where the interface does not exist.
    """
    if interface is None and near is None:
        return []
    index = index_of(interface) if interface is not None else 0
    if index is None:
        raise NoInterfaceError(interface)
    source = ip_address(near).packed if near else None
    if family == socket.AF_INET:
        info = INFO4.pack(index, source or bytes(4), bytes(4))
        return [(socket.IPPROTO_IP, IP_PKTINFO, info)]
    info = INFO6.pack(source or bytes(16), index)
    return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info)]


def told(extra: list[tuple[int, int, bytes]]) -> tuple[int | None, int | None]:
    """Return what the kernel tells of a packet: when it came (Unix nanoseconds), by which port."""
    stamp_ns: int | None = None
    came_by: int | None = None
    for level, kind, octets in extra:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = TIMESPEC.unpack_from(octets)
            stamp_ns = seconds * 1_000_000_000 + nanoseconds
        elif (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            came_by = INFO4.unpack_from(octets)[0]
        elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            came_by = INFO6.unpack_from(octets)[1]
    return stamp_ns, came_by


def index_of(interface: str) -> int | None:
    """Return the kernel's number of an interface, None where there is none."""
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return None
