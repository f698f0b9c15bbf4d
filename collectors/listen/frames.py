# SPDX-License-Identifier: MIT
"""Cutting a stream of syslog into messages (RFC 6587): counted octets, or lines.

A sender says by its first octet which it uses: a digit that is not 0 counts
octets, anything else is a line.  It may change from one message to the next.
"""

from typing import NamedTuple

LONGEST = 65_536
"""Octets of a message that are kept; what is longer is cut and says so."""
LONGEST_COUNT = 8
"""Digits of a count; more is no count, and what it stands in is taken as a line."""
DIGITS = b"0123456789"
ENDS = (b"\n", b"\0")
"""What ends a line: LF, or NUL as some senders do (RFC 6587, 3.4.2)."""


class Frame(NamedTuple):
    """One message, and whether its end was cut off."""

    octets: bytes
    is_cut: bool = False


class Cutter:
    """Takes a connection's octets as they come and gives back whole messages.

    It never holds more than `LONGEST` octets and what the last call brought.
    """

    def __init__(self) -> None:
        self._held = b""
        self._left_out = 0
        self._is_line_left_out = False

    @property
    def held(self) -> int:
        """Octets that wait for the rest of their message."""
        return len(self._held)

    def feed(self, octets: bytes) -> list[Frame]:
        """Return the messages that are complete now."""
        self._held += octets
        frames: list[Frame] = []
        at = 0
        while at < len(self._held):
            frame, end = self._step(at)
            if frame is not None and frame.octets:
                frames.append(frame)
            if end == at:
                break
            at = end
        self._held = self._held[at:]
        return frames

    def end(self) -> list[Frame]:
        """Return what the connection left behind when it ended: a message without its end."""
        rest, self._held = self._held.strip(b"\r\n\0 "), b""
        if not rest or self._left_out or self._is_line_left_out:
            return []
        return [Frame(rest, is_cut=_count(rest, 0) is not None)]

    def _step(self, at: int) -> tuple[Frame | None, int]:
        """Return a message (None: nothing to tell) and where to go on (`at`: nothing yet)."""
        if self._left_out:
            gone = min(self._left_out, len(self._held) - at)
            self._left_out -= gone
            return None, at + gone
        if self._is_line_left_out:
            end = _line_end(self._held, at)
            self._is_line_left_out = end < 0
            return None, len(self._held) if end < 0 else end + 1
        counted = _count(self._held, at)
        return self._line(at) if counted is None else self._counted(at, *counted)

    def _counted(self, at: int, start: int, length: int) -> tuple[Frame | None, int]:
        has = len(self._held) - start
        if start == 0 or has < min(length, LONGEST):
            return None, at
        if length > LONGEST:
            self._left_out = length - LONGEST
            return Frame(self._held[start : start + LONGEST], is_cut=True), start + LONGEST
        return Frame(self._held[start : start + length].rstrip(b"\r\n\0")), start + length

    def _line(self, at: int) -> tuple[Frame | None, int]:
        end = _line_end(self._held, at)
        if end < 0 and len(self._held) - at <= LONGEST:
            return None, at
        if end < 0:
            self._is_line_left_out = True
            return Frame(self._held[at : at + LONGEST], is_cut=True), len(self._held)
        line = self._held[at:end].rstrip(b"\r")
        return Frame(line[:LONGEST], is_cut=len(line) > LONGEST), end + 1


def _line_end(octets: bytes, at: int) -> int:
    """Return where the line that begins at `at` ends, -1 where it does not."""
    found = [end for mark in ENDS if (end := octets.find(mark, at)) >= 0]
    return min(found, default=-1)


def _count(octets: bytes, at: int) -> tuple[int, int] | None:
    """Return where a counted message starts and its length; None where it is a line.

    (0, 0) means that the count itself is not whole yet.
    """
    head = octets[at : at + LONGEST_COUNT + 1]
    if not head or head[0] not in DIGITS[1:]:
        return None
    digits = len(head) - len(head.lstrip(DIGITS))
    if digits == len(head):
        return (0, 0) if digits <= LONGEST_COUNT else None
    if head[digits : digits + 1] != b" ":
        return None
    return at + digits + 1, int(head[:digits])
