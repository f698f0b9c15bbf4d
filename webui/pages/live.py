# SPDX-License-Identifier: MIT
"""The stream that tells open pages to fetch what changed."""

from collections.abc import Generator

from flask import Blueprint, Response

from tinhnet.store import inbox
from tinhnet.store.engine import Store
from tinhnet.store.events import last_number
from tinhnet.store.jobs import count_jobs, list_jobs
from webui.context import web
from webui.jobview import OPEN
from webui.live import Pulse, StreamsFullError
from webui.page import Page
from webui.person import still_here
from webui.stream import BEAT_S, event, event_stream, full

_pages = Blueprint("live", __name__)
PAGE = Page(_pages)

Signature = tuple[object, ...]


@_pages.get("/live")
def stream() -> Response:
    """Say "jobs", "alerts" and "events" whenever pages that list them are out of date."""
    try:
        return event_stream(_events(web().pulse, web().store), still_here())
    except StreamsFullError:
        return full()


def _events(pulse: Pulse, store: Store) -> Generator[str]:
    """Wake at every write, speak only of what differs: workers write signs of life too."""
    with pulse.stream() as beats:
        seen, known = beats, _signatures(store)
        yield "retry: 3000\n\n"
        while True:
            now = pulse.wait(seen, BEAT_S)
            found = known if now == seen else _signatures(store)
            changed = [name for name, signature in found.items() if signature != known[name]]
            yield "".join(event(name, "") for name in changed) or ": alive\n\n"
            seen, known = now, found


def _signatures(store: Store) -> dict[str, Signature]:
    """Return what differs when a page that lists jobs, or alerts, is out of date."""
    with store.reading() as connection:
        jobs = (
            count_jobs(connection),
            *(
                (job.number, job.state, job.holder, job.is_cancelling, len(job.devices))
                for job in list_jobs(connection, states=OPEN)
            ),
        )
        return {
            "jobs": jobs,
            "alerts": inbox.signature(connection),
            "events": (last_number(connection),),
        }
