# SPDX-License-Identifier: MIT
"""How far a job is, in one line, for whoever waits for it at a terminal."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TextIO

from tinhnet.model.job import DeviceResult, Job, JobEvent, JobState

PLAIN_S = 5.0
"""Seconds between two lines where lines cannot be rewritten: a log wants few of them."""
WORST_FIRST = (
    DeviceResult.ROLLED_BACK,
    DeviceResult.FAILED,
    DeviceResult.UNREACHABLE,
    DeviceResult.CHANGED,
    DeviceResult.OK,
)
_RANK = {word.value: rank for rank, word in enumerate(WORST_FIRST)}
_PLAY = re.compile(r"PLAY \[(?P<name>.*)\] \**")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the lines of a job have told so far.

    `play` is the one under way, `here` the devices that have answered in it,
    `words` the worst result word of every device that has answered at all.
    These are Ansible's words: what a device really came to is known at the end.
    """

    play: str = ""
    here: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)


def advanced(seen: Seen, event: JobEvent) -> Seen:
    """Return what is seen after one more line."""
    play = _PLAY.match(event.text) if event.kind == "play" else None
    if play is not None:
        return Seen(play["name"], frozenset(), seen.words)
    if event.device is None or event.result is None:
        return seen
    word = event.result if event.result in _RANK else DeviceResult.OK.value
    known = seen.words.get(event.device, word)
    worst = min(known, word, key=_RANK.__getitem__)
    return replace(seen, here=seen.here | {event.device}, words={**seen.words, event.device: worst})


def sentence(job: Job, seen: Seen, seconds: float) -> str:
    """Return one line: the play, devices done of how many, results so far, time."""
    clock = f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
    if job.state is JobState.WAITING:
        return f"{job.id} waits" + (f" for {job.holder}" if job.holder else "") + f"  {clock}"
    counts = dict.fromkeys(_RANK, 0)
    for word in seen.words.values():
        counts[word] += 1
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    here = f"{seen.play}: {len(seen.here)} answered" if seen.play else "begins"
    state = "is being cancelled" if job.is_cancelling else f"{job.state}"
    total = f"{len(seen.words)} of {len(job.devices)} devices" + (f": {told}" if told else "")
    return f"{job.id} {state}  {clock}  {total}  [{here}]"


class Display:
    """Shows one line that changes; rewritten on a terminal, now and then a new one elsewhere.

    `width` is the terminal's in columns, None where there is none.
    """

    def __init__(
        self,
        stream: TextIO,
        width: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._width = width
        self._clock = clock
        self._due = clock()

    def show(self, text: str) -> None:
        """Show how things stand now."""
        if self._width is not None:
            self._write(f"\r\x1b[K{text[: self._width - 1]}")
        elif self._clock() >= self._due:
            self._write(f"{text}\n")
            self._due = self._clock() + PLAIN_S

    def clear(self) -> None:
        """Leave the line empty, for something else to be said."""
        if self._width is not None:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
