# SPDX-License-Identifier: MIT
"""What came in and is not yet looked at: bounded, filled by sockets, emptied by the worker."""

import threading
from collections import Counter, deque
from typing import Generic, Protocol, TypeVar

MOST = 40_000
"""Messages that may wait; at a few hundred bytes each they take some megabytes."""
SHARE = 20_000
"""Messages of one sender that may wait: a device that floods leaves room for the others."""


class Sent(Protocol):
    """A message that says whence it came."""

    @property
    def sender(self) -> str:
        """The address it came from."""
        ...


Item = TypeVar("Item", bound=Sent)


class Inbox(Generic[Item]):
    """Takes messages from any thread; `lost` counts those for which there was no room."""

    def __init__(self, most: int = MOST, share: int = SHARE) -> None:
        self._items: deque[Item] = deque()
        self._waiting: Counter[str] = Counter()
        self._most = most
        self._share = share
        self._lock = threading.Lock()
        self._arrived = threading.Event()
        self.lost = 0

    def put(self, item: Item) -> None:
        """Keep a message, unless too many wait."""
        with self._lock:
            if len(self._items) >= self._most or self._waiting[item.sender] >= self._share:
                self.lost += 1
                return
            self._items.append(item)
            self._waiting[item.sender] += 1
        self._arrived.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until a message is there; tell whether one is."""
        return self._arrived.wait(timeout_s)

    def drain(self, limit: int) -> list[Item]:
        """Return the oldest messages, at most `limit`."""
        with self._lock:
            found = [self._items.popleft() for _ in range(min(limit, len(self._items)))]
            if not self._items:
                self._arrived.clear()
                self._waiting.clear()
            else:
                self._waiting.subtract(item.sender for item in found)
        return found
