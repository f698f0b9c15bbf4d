# SPDX-License-Identifier: MIT
"""The numbered lines of a job: windows, the live stream, the whole text."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from jinja2 import Template
from werkzeug.datastructures import MultiDict

from tinhnet.model.job import Job, JobEvent
from tinhnet.store.engine import Store
from tinhnet.store.jobs import get_job, list_events
from webui.context import Web
from webui.stream import BEAT_S, event

LINES = 500
"""Lines of one window of the page."""
MOST = 1000


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a stream has sent: the last line, and how the job stood."""

    seq: int
    standing: tuple[object, ...]


def window(fields: MultiDict[str, str]) -> tuple[int, int]:
    """Return `after` and `limit` of an address; nonsense counts as the beginning."""
    after, limit = fields.get("after", ""), fields.get("limit", "")
    return (
        int(after) if after.isdecimal() and len(after) < 10 else 0,  # noqa: PLR2004 no huge ints
        min(int(limit), MOST) if limit.isdecimal() and len(limit) < 10 else LINES,  # noqa: PLR2004
    )


def events_of(web: Web, number: int, after: int, template: Template) -> Generator[str]:
    """Yield a job's lines after `after` as events, as soon as they are written, then its end.

    Every event carries the number of its last line, with which a broken
    stream resumes; nothing is kept here, so any process can go on with it.
    `template` renders lines and needs no request: there is none any more
    once the first event is out.
    """
    with web.pulse.stream() as begun:
        beats, seen = begun, _Seen(after, ())
        yield "retry: 2000\n\n"
        while True:
            job, lines = _read(web.store, number, seen.seq)
            if lines:
                seen = _Seen(lines[-1].seq, seen.standing)
                yield event("lines", template.render(lines=lines), seen.seq)
            if _standing(job) != seen.standing:
                seen = _Seen(seen.seq, _standing(job))
                yield event("state", job.state.value)
            if job.state.is_final and seen.seq >= job.last_seq:
                yield event("end", job.state.value)
                return
            if not lines:
                now = web.pulse.wait(beats, BEAT_S)
                if now == beats:
                    yield ": alive\n\n"
                beats = now


def text_of(store: Store, number: int) -> Iterator[str]:
    """Yield the whole log as text, a page of rows in memory at a time."""
    after = 0
    while True:
        with store.reading() as connection:
            found = list_events(connection, number, after=after, limit=MOST)
        if not found:
            return
        yield "".join(f"{line.text}\n" for line in found)
        after = found[-1].seq


def _read(store: Store, number: int, after: int) -> tuple[Job, tuple[JobEvent, ...]]:
    """Return the job and its next lines as of one moment."""
    with store.reading() as connection:
        return get_job(connection, number), list_events(connection, number, after=after, limit=MOST)


def _standing(job: Job) -> tuple[object, ...]:
    """Return what differs when the page's head and devices are out of date."""
    return (job.state, job.is_cancelling, job.holder, len(job.devices), job.last_seq)
