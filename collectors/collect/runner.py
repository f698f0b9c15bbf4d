# SPDX-License-Identifier: MIT
"""Parts at work, each in a thread of its own; one that dies is told and started again."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event as Flag
from threading import Thread
from typing import cast

from collectors.part import Part, Sink
from tinhnet import plugins
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork

PACKAGE = "collectors.parts"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
GOODBYE_S = 5.0

log = log_of("collect")
Make = Callable[[], Part]
PartMaker = Callable[[Context, DeclaredNetwork, Sink], Part]


def part_makers() -> dict[str, PartMaker]:
    """Return what makes each part of `collectors/parts`, by its file name."""
    return {name: _maker(name) for name in plugins.names(PACKAGE)}


class Runner:
    """Runs parts from `start` to `stop`."""

    def __init__(self, makers: Mapping[str, Make]) -> None:
        self._makers = dict(makers)
        self._parts: dict[str, Part] = {}
        self._stop = Flag()
        self._threads = [
            Thread(target=self._work, args=(name,), name=name, daemon=True) for name in makers
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End every part; one that does not end in time is left behind and told."""
        self._stop.set()
        for thread in self._threads:
            thread.join(GOODBYE_S)
            if thread.is_alive():
                log.error("part_does_not_end", part=thread.name)

    def look(self, things: Sequence[str]) -> frozenset[str]:
        """Ask for these things now; return those that some part asks."""
        found: set[str] = set()
        for name, part in list(self._parts.items()):
            try:
                found.update(part.look(things))
            except Exception as error:  # noqa: BLE001 a supervisor: one part must not end the others
                log.error("part_does_not_look", part=name, error=repr(error))  # noqa: TRY400 one line
        return frozenset(found)

    def _work(self, name: str) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                self._parts[name] = part = self._makers[name]()
                part.run(self._stop)
                error, hint = "it ended by itself", ""
            except TinhnetError as known:
                error, hint = known.message, known.hint
            except Exception as unknown:  # noqa: BLE001 a supervisor: one part must not end the others
                error, hint = repr(unknown), ""
            self._parts.pop(name, None)
            if not self._stop.is_set():
                log.error("part_ended", part=name, error=error, hint=hint, again_s=pause_s)
                self._stop.wait(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _maker(name: str) -> PartMaker:
    found = plugins.load(PACKAGE, name, "PART", object)
    if not callable(found):
        raise plugins.PluginError(
            f"{PACKAGE}.{name}: PART is {type(found).__name__}, expected what makes a part",
            "collectors/part.py says what a part is",
        )
    return cast("PartMaker", found)  # what it takes and returns cannot be told from outside
