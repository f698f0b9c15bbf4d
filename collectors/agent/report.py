# SPDX-License-Identifier: MIT
"""Telling the collector what the agent saw, over TLS; nothing is lost while the way is down.

The agent opens one connection and says who it is.  Then each message is a line
of JSON with a number, and the collector answers with the highest number it has
taken over.  What has no answer yet is kept, within a limit, and sent again on
the next connection: a message may come twice, never not at all.

The collector may also send `{"look": [names]}` at any time: it wants these
targets asked at once.
"""

import collections
import contextlib
import json
import random
import secrets
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

FORMAT = 1
BETWEEN = "\t"
"""Stands in a row between the name and the values of what is wrong: one text, not a list,
so that a collector of an older product, which knows sentences, takes the row too."""
MOST_ROWS = 200_000
"""Rows that are kept while nobody takes them: an hour of forty probes a second, and more."""
ROWS_PER_MESSAGE = 500
PAUSE_S = 0.2
"""Seconds between two looks for something to tell; what is seen is told this late at most."""
GATHER_S = 0.01
"""Seconds in which what is urgent gathers, so that a broken core costs few messages."""
CONNECT_S = 5.0
ANSWER_S = 10.0
GOODBYE_S = 5.0
"""Seconds in which an agent that ends still tells what it has."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 5.0

Row = Sequence[object]


class Where(NamedTuple):
    """The collector: address, port, its certificate's name, and the authority to trust (PEM)."""

    host: str
    port: int
    name: str
    authority: str


class Who(NamedTuple):
    """The agent: its name and the token that proves it."""

    agent: str
    token: str


class _Message(NamedTuple):
    number: int
    rows: int
    line: bytes


class LostError(Exception):
    """The connection ended or went silent; everything unanswered is sent again."""


def _nobody(names: Sequence[str]) -> None:
    """Look at nothing."""


class Reporter:
    """Keeps rows until the collector has them.

    `put` may be called from any thread; `run` is one thread's whole work, and
    calls `look` with what the collector wants asked at once.  `left_out`
    counts rows that had to go because nobody took them in time.
    """

    def __init__(
        self,
        where: Where,
        who: Who,
        most_rows: int = MOST_ROWS,
        look: Callable[[Sequence[str]], None] = _nobody,
    ) -> None:
        self._where = where
        self._who = who
        self._look = look
        self._waker: socket.socket | None = None
        self._most = most_rows
        self._boot = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._new: collections.deque[tuple[str, Row]] = collections.deque()
        self._unanswered: collections.deque[_Message] = collections.deque()
        self._kept = 0
        self._number = 0
        self.left_out = 0

    def put(self, kind: str, row: Row, *, is_urgent: bool = False) -> None:
        """Keep a row to be told, urgent ones at once; the oldest goes when there is no room."""
        with self._lock:
            self._new.append((kind, row))
            self._kept += 1
            while self._kept > self._most:
                gone = self._forget_oldest()
                self._kept -= gone
                self.left_out += gone
        waker = self._waker
        if is_urgent and waker is not None:
            with contextlib.suppress(OSError):  # full, so it wakes anyway, or just closed
                waker.send(b"!")

    @property
    def waiting(self) -> int:
        """Rows that the collector does not have yet."""
        return self._kept

    def run(self, is_over: Callable[[], bool]) -> None:
        """Tell until `is_over`; a connection is tried again and again, ever more slowly."""
        woken, waker = socket.socketpair()
        with woken, waker:
            for one in (woken, waker):
                one.setblocking(False)  # noqa: FBT003 the signature of socket
            self._waker = waker
            self._work(woken, is_over)
            self._waker = None

    def _work(self, woken: socket.socket, is_over: Callable[[], bool]) -> None:
        wait_s = FIRST_WAIT_S
        while not is_over():
            try:
                with self._connect() as channel:
                    wait_s = FIRST_WAIT_S
                    self._talk(channel, woken, is_over)
            except (OSError, LostError):
                self._sleep(wait_s * random.uniform(0.5, 1.0), is_over)  # noqa: S311 spreads agents
                wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _connect(self) -> ssl.SSLSocket:
        trust = ssl.create_default_context(cadata=self._where.authority)
        plain = socket.create_connection((self._where.host, self._where.port), CONNECT_S)
        try:
            return trust.wrap_socket(plain, server_hostname=self._where.name)
        except BaseException:
            plain.close()
            raise

    def _talk(
        self, channel: ssl.SSLSocket, woken: socket.socket, is_over: Callable[[], bool]
    ) -> None:
        hello = {"format": FORMAT, "boot": self._boot, **self._who._asdict()}
        channel.sendall(json.dumps(hello).encode() + b"\n")
        answers = _Answers(channel, woken, self._look)
        deadline = time.monotonic() + ANSWER_S
        while (have := answers.next(PAUSE_S)) is None:
            if time.monotonic() > deadline or is_over():
                raise LostError("no welcome")
        self._drop(have)
        for message in tuple(self._unanswered):
            channel.sendall(message.line)
        deadline = time.monotonic() + ANSWER_S
        is_ending = False
        while not (is_over() and self._kept == 0):
            if is_over() and not is_ending:
                is_ending, deadline = True, time.monotonic() + GOODBYE_S
            for message in self._compose():
                channel.sendall(message.line)
            have = answers.next(PAUSE_S)
            if have is not None:
                self._drop(have)
            if (have is not None or not self._unanswered) and not is_ending:
                deadline = time.monotonic() + ANSWER_S
            elif time.monotonic() > deadline:
                raise LostError("no answer")

    def _compose(self) -> list[_Message]:
        """Make messages of the new rows, of one kind each."""
        made: list[_Message] = []
        with self._lock:
            while self._new:
                kind = self._new[0][0]
                rows: list[Row] = []
                while self._new and self._new[0][0] == kind and len(rows) < ROWS_PER_MESSAGE:
                    rows.append(self._new.popleft()[1])
                self._number += 1
                told = {"n": self._number, "kind": kind, "rows": rows, "left_out": self.left_out}
                line = json.dumps(told, separators=(",", ":")).encode() + b"\n"
                made.append(_Message(self._number, len(rows), line))
            self._unanswered += made
        return made

    def _drop(self, have: int) -> None:
        """Forget what the collector has."""
        with self._lock:
            while self._unanswered and self._unanswered[0].number <= have:
                self._kept -= self._unanswered.popleft().rows

    def _forget_oldest(self) -> int:
        if self._unanswered:
            return self._unanswered.popleft().rows
        self._new.popleft()
        return 1

    @staticmethod
    def _sleep(seconds: float, is_over: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not is_over() and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, PAUSE_S))


class _Answers:
    """What comes back, a line of JSON each: numbers that were taken over, wishes to look."""

    def __init__(
        self, channel: ssl.SSLSocket, woken: socket.socket, look: Callable[[Sequence[str]], None]
    ) -> None:
        self._channel = channel
        self._woken = woken
        self._look = look
        self._held = b""

    def next(self, pause_s: float) -> int | None:
        """Return the newest number that has come, None when none came or there is more to tell.

        Raises LostError when the collector ended the connection or said no.
        """
        if not self._channel.pending():
            ready = select.select([self._channel, self._woken], [], [], pause_s)[0]
            if self._woken in ready:
                time.sleep(GATHER_S)
                self._woken.recv(4096)
            if self._channel not in ready:
                return None
        octets = self._channel.recv(4096)
        if not octets:
            raise LostError("the collector ended the connection")
        *lines, self._held = (self._held + octets).split(b"\n")
        return max((have for line in lines if (have := self._read(line)) is not None), default=None)

    def _read(self, line: bytes) -> int | None:
        try:
            said = json.loads(line)
            if "look" in said:
                self._look([str(name) for name in said["look"]])
                return None
            return int(said["have"])
        except (ValueError, KeyError, TypeError) as error:
            raise LostError(f"the collector says {line[:200]!r}") from error
