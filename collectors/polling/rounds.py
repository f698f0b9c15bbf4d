# SPDX-License-Identifier: MIT
"""When each device is asked: spread over the period, none waiting for another.

A device is one task with one socket.  Whoever does not answer is asked again
after a pause that doubles up to the period; a round that took longer than the
period is followed by the next one that is still to come, never by a pile of
those that were missed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from threading import Event as Flag

from tinhnet.logs import log_of

log = log_of("polling")
Ask = Callable[[str], Awaitable[bool]]
"""Asks one device and takes care of the answer; False when it did not answer."""

Leave = Callable[[str], Awaitable[None]]
"""Lets go of one device, which is asked no more."""

FIRST_PAUSE_S = 2.0
LOOK_S = 0.1
GOODBYE_S = 0.5


class Rounds:
    """Asks devices every `period_s` seconds until it is stopped."""

    def __init__(
        self,
        devices: Iterable[str],
        ask: Ask,
        period_s: float,
        leave: Leave | None = None,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._ask = ask
        self._leave = leave
        self._first_pause_s = first_pause_s
        self._period_s = period_s
        self._devices = tuple(devices)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wanted: Mapping[str, asyncio.Event] = {}
        self._early: set[str] = set()

    def run(self, stop: Flag) -> None:
        """Ask until `stop` is set; call it in a thread of its own."""
        asyncio.run(self._run(stop))

    def look(self, devices: Iterable[str]) -> list[str]:
        """Have these devices asked now, from any thread; return those that are asked here."""
        found = [one for one in devices if one in self._devices]
        loop = self._loop
        if loop is None:
            self._early.update(found)
            return found
        with suppress(RuntimeError):  # it has just ended, and nothing is asked any more
            loop.call_soon_threadsafe(self._want, found)
        return found

    def _want(self, devices: Iterable[str]) -> None:
        for one in devices:
            self._wanted[one].set()

    async def _run(self, stop: Flag) -> None:
        self._wanted = {device: asyncio.Event() for device in self._devices}
        self._loop = asyncio.get_running_loop()
        self._want(tuple(self._early))
        count = max(len(self._devices), 1)
        tasks = [
            asyncio.create_task(self._watch(device, self._period_s * number / count))
            for number, device in enumerate(self._devices)
        ]
        try:
            while not stop.is_set():  # noqa: ASYNC110 a flag of threads wakes no loop
                await asyncio.sleep(LOOK_S)
        finally:
            self._loop = None
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=GOODBYE_S)

    async def _watch(self, device: str, offset_s: float) -> None:
        loop = asyncio.get_running_loop()
        wanted = self._wanted[device]
        due, failures = loop.time() + offset_s, 0
        try:
            while True:
                await _until(wanted, due - loop.time())
                wanted.clear()
                has_answered = await self._asked(device)
                failures = 0 if has_answered else failures + 1
                due = self._next(due, loop.time(), failures)
        finally:
            if self._leave is not None:
                await self._leave(device)

    async def _asked(self, device: str) -> bool:
        try:
            return await self._ask(device)
        except Exception as error:  # noqa: BLE001 a loop: what one device says must not end the others
            log.error("ask_failed", device=device, error=repr(error))  # noqa: TRY400 one line
            return False

    def _next(self, due: float, now: float, failures: int) -> float:
        """Return when a device is due after one round, keeping its own place in the period."""
        if failures:
            return now + min(self._first_pause_s * (1 << min(failures - 1, 16)), self._period_s)
        missed = max(0, int((now - due) // self._period_s))
        return due + self._period_s * (missed + 1)


async def _until(wanted: asyncio.Event, seconds: float) -> None:
    """Wait for a time, or until somebody wants it now."""
    try:
        await asyncio.wait_for(wanted.wait(), max(0.0, seconds))
    except TimeoutError:
        return
