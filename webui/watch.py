# SPDX-License-Identifier: MIT
"""How everything stands at this request: read once, joined by `tinhnet.standing`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g

from tinhnet.alerting.windows import planned_now
from tinhnet.model.alert import AlertRecord
from tinhnet.sla.report import as_declared
from tinhnet.standing import NOTHING, Evidence, Limits, Stand, Standing, stands_of
from tinhnet.store.claims import open_claims
from tinhnet.store.observed import newest_of
from tinhnet.store.standing import open_causes
from tinhnet.store.windows import list_open
from webui.context import network, web

STALE = timedelta(seconds=Limits().thing_s)
ORDER = (
    Standing.DOWN,
    Standing.DEGRADED,
    Standing.UNKNOWN,
    Standing.MAINTENANCE,
    Standing.UP,
)
"""States as pages count them, the worst first."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A collector that wrote nothing for too long."""

    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """How everything stands; `at` is when a collector wrote last, None when none ever did."""

    stands: Mapping[str, Stand]
    causes: tuple[AlertRecord, ...]
    at: datetime | None
    silent: tuple[Silent, ...]
    now: datetime

    @property
    def is_stale(self) -> bool:
        """Tell whether no collector wrote for so long that nothing is known."""
        return self.at is None or self.now - self.at > STALE

    @property
    def age_s(self) -> float | None:
        """Return how old the newest data are."""
        return None if self.at is None else max(0.0, (self.now - self.at).total_seconds())

    def of(self, kind: str, id_: str) -> Stand:
        """Return how a thing stands; one that nobody declared is unknown."""
        return self.stands.get(f"{kind}:{id_}", NOTHING)

    def counts(self, kind: str, ids: Iterable[str]) -> dict[str, int]:
        """Return how many of these things stand how, the worst first, states without any left out.

        Plain words as keys: templates look them up in tables of words.
        """
        counted = Counter(self.of(kind, one).state for one in ids)
        return {one.value: counted[one] for one in ORDER if counted[one]}


def watched() -> Watched:
    """Return how everything stands, worked out once per request."""
    if "watched" not in g:
        g.watched = _read()
    found: Watched = g.watched
    return found


def _read() -> Watched:
    now, declared = web().now(), network()
    with web().store.reading() as connection:
        sights = web().sights.read(connection)
        causes = open_causes(connection)
        windows = list_open(connection, now)
        claims = open_claims(connection)
    evidence = Evidence(
        observations=newest_of(sights),
        causes=causes,
        planned=planned_now(windows, declared, now),
        claims={as_declared(one).subject: (one.is_up, one.start) for one in claims.values()},
    )
    return Watched(
        stands=stands_of(declared, evidence, now),
        causes=causes,
        at=max((one.at for one in sights), default=None),
        silent=tuple(Silent(one.source, one.at) for one in sights if now - one.at > STALE),
        now=now,
    )
