# SPDX-License-Identifier: MIT
"""What open pages are told: the names of what differs since they were drawn."""

from collections.abc import Generator
from typing import TypeAlias

from tinhnet.store import inbox
from tinhnet.store.engine import Store
from tinhnet.store.events import last_number
from tinhnet.store.jobs import count_jobs, list_jobs
from webui.jobview import OPEN
from webui.live import Pulse
from webui.sights import Sights
from webui.stream import BEAT_S, event

Signature: TypeAlias = tuple[object, ...]


def changes(pulse: Pulse, store: Store, sights: Sights) -> Generator[str]:
    """Wake at every write, speak only of what differs: workers write signs of life too."""
    with pulse.stream() as beats:
        seen, known = beats, _signatures(store, sights)
        yield "retry: 3000\n\n"
        while True:
            now = pulse.wait(seen, BEAT_S)
            found = known if now == seen else _signatures(store, sights)
            changed = [name for name, signature in found.items() if signature != known[name]]
            yield "".join(event(name, "") for name in changed) or ": alive\n\n"
            seen, known = now, found


def _signatures(store: Store, sights: Sights) -> dict[str, Signature]:
    """Return what differs when a page about jobs, alerts, states or events is out of date."""
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
            "sights": sights.signature(connection),
            "events": (last_number(connection),),
        }
