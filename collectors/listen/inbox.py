# SPDX-License-Identifier: MIT
"""What came in and is not yet looked at: bounded, filled by sockets, emptied by the worker."""

import threading
from collections import deque
from typing import Generic, TypeVar

MOST = 20_000
"""Messages that may wait; at a few hundred bytes each they take some megabytes."""

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """Takes messages from any thread; `lost` counts those for which there was no room."""

    def __init__(self, most: int = MOST) -> None:
        self._items: deque[Item] = deque()
        self._most = most
        self._arrived = threading.Event()
        self.lost = 0

    def put(self, item: Item) -> None:
        """Keep a message, unless too many wait."""
        if len(self._items) >= self._most:
            self.lost += 1
            return
        self._items.append(item)
        self._arrived.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until a message is there; tell whether one is."""
        return self._arrived.wait(timeout_s)

    def drain(self, limit: int) -> list[Item]:
        """Return the oldest messages, at most `limit`."""
        self._arrived.clear()
        found = [self._items.popleft() for _ in range(min(limit, len(self._items)))]
        if self._items:
            self._arrived.set()
        return found
