# SPDX-License-Identifier: MIT
"""A stream of bytes cut into lines (RFC 6587).

A sender either counts the bytes of each message or ends it by a line feed
(or NUL); which one shows in its first bytes and holds for the stream.  In a
counted message a line feed is a sign like any other: nobody can begin a new
message from within.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 65536
"""Bytes of one message; what is longer is cut, kept and marked."""
_COUNT = re.compile(rb"([1-9][0-9]{0,8}) ")
_COUNTED = re.compile(rb"[1-9][0-9]{0,8} <[0-9]{1,3}>")
_COUNT_BYTES = 10
_DECIDING_BYTES = 15
_ENDS = re.compile(rb"[\n\x00]")


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it came; `fault` says what is wrong with how it came."""

    line: bytes
    fault: str | None = None


class Framer:
    """Takes a stream piece by piece; holds at most one message."""

    def __init__(self) -> None:
        self._held = b""
        self._is_counted: bool | None = None
        self._skips = 0
        self._skips_line = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the messages that are complete now."""
        self._held += data
        yield from self._cut(is_end=False)

    def finish(self) -> Iterator[Frame]:
        """Yield what is left when the stream ends."""
        yield from self._cut(is_end=True)
        if self._held and not self._skips_line:
            fault = "the stream ends in the middle of a message" if self._is_counted else None
            yield Frame(self._held, fault)
        self._held = b""

    def _cut(self, *, is_end: bool) -> Iterator[Frame]:
        if self._is_counted is None:
            if len(self._held) < _DECIDING_BYTES and not is_end and b"\n" not in self._held:
                return
            self._is_counted = _COUNTED.match(self._held) is not None
        yield from self._cut_counted() if self._is_counted else self._cut_lines()

    def _cut_lines(self) -> Iterator[Frame]:
        *lines, rest = _ENDS.split(self._held)
        self._held = rest
        for line in lines:
            if self._skips_line:
                self._skips_line = False
                continue
            kept = line.removesuffix(b"\r")
            if len(kept) > LARGEST:
                yield Frame(kept[:LARGEST], f"longer than {LARGEST} bytes: cut")
            elif kept:
                yield Frame(kept)
        if len(rest) > LARGEST:
            if not self._skips_line:
                yield Frame(rest[:LARGEST], f"longer than {LARGEST} bytes: cut")
            self._held, self._skips_line = b"", True

    def _cut_counted(self) -> Iterator[Frame]:
        while self._held:
            if self._skips:
                taken = min(self._skips, len(self._held))
                self._held, self._skips = self._held[taken:], self._skips - taken
                continue
            found = _COUNT.match(self._held)
            if found is None:
                if len(self._held) < _COUNT_BYTES and self._held.isdigit():
                    return
                yield from self._resume()
                return
            size = int(found.group(1))
            begin = found.end()
            if size > LARGEST:
                if len(self._held) - begin < LARGEST:
                    return
                line = self._held[begin : begin + LARGEST]
                yield Frame(line, f"longer than {LARGEST} bytes: cut")
                self._held, self._skips = self._held[begin + LARGEST :], size - LARGEST
                continue
            if len(self._held) - begin < size:
                return
            line = self._held[begin : begin + size]
            self._held = self._held[begin + size :]
            if line.rstrip(b"\r\n"):
                yield Frame(line.rstrip(b"\r\n"))

    def _resume(self) -> Iterator[Frame]:
        """Keep what has no count up to its line feed, and go on behind it."""
        line, end, rest = self._held.partition(b"\n")
        if not end and len(line) <= LARGEST:
            return
        self._held = rest
        if line.strip(b"\r\n"):
            yield Frame(line[:LARGEST], "no count of bytes where one was due")
        yield from self._cut_counted()
