# SPDX-License-Identifier: MIT
"""How full circuits are: the newest samples of their ends, in both directions."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread

from tinhnet.errors import TinhnetError
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.link import Link
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.sample import Sample, Series, select

IN, OUT = "interface_in_bps", "interface_out_bps"
WITHIN = timedelta(seconds=100)
"""Three polls of thirty seconds and a little: older than that, nobody knows the load."""
AGAIN_S = 5.0
"""Seconds for which the loads that were read last are good enough."""
TOO_OLD_S = 30.0
"""Seconds after which a page rather waits for new ones."""
CLASSES = ((0.0, "idle"), (0.01, "low"), (0.25, "fair"), (0.5, "busy"), (0.75, "full"))
OVER = 1.0

log = log_of("webui")


@dataclass(frozen=True, slots=True)
class Load:
    """What a link carries, in bits per second; None where nobody knows.

    `up_bps` flows from its site to the data centre (`a` to `b`), `down_bps`
    the other way.  `at` is when the older of both was measured.
    """

    link: str
    bandwidth_bps: int | None
    up_bps: float | None = None
    down_bps: float | None = None
    at: datetime | None = None

    @property
    def up_share(self) -> float | None:
        """Return the share of the declared bandwidth towards the data centre."""
        return _share(self.up_bps, self.bandwidth_bps)

    @property
    def down_share(self) -> float | None:
        """Return the share of the declared bandwidth towards the site."""
        return _share(self.down_bps, self.bandwidth_bps)

    @property
    def fullest(self) -> float:
        """Return the larger share, -1 where neither is known."""
        known = [one for one in (self.up_share, self.down_share) if one is not None]
        return max(known, default=-1.0)


@dataclass(frozen=True, slots=True)
class Total:
    """What the circuits carry together, and of how many of them that is known."""

    up_bps: float | None
    down_bps: float | None
    known: int
    of: int


def load_class(share: float | None) -> str:
    """Return the class of noc.css for a share; "none" where it is unknown."""
    if share is None:
        return "none"
    if share > OVER:
        return "over"
    return next(name for least, name in reversed(CLASSES) if share >= least)


def loads_of(
    links: Iterable[Link], received: Iterable[Sample], sent: Iterable[Sample]
) -> dict[str, Load]:
    """Return the load of each link from what its interfaces count.

    Both ends count the same traffic; the data centre's is asked over fewer
    circuits, so it speaks first and the site's end where it is silent.
    """
    into = {_end(one.series): one for one in received}
    out = {_end(one.series): one for one in sent}
    found = {}
    for link in links:
        a, b = (link.a.device, link.a.interface), (link.b.device, link.b.interface)
        up = into.get(b) or out.get(a)
        down = out.get(b) or into.get(a)
        times = [one.at for one in (up, down) if one is not None]
        found[link.id] = Load(
            link=link.id,
            bandwidth_bps=link.bandwidth_bps,
            up_bps=up.value if up else None,
            down_bps=down.value if down else None,
            at=min(times, default=None),
        )
    return found


def total_of(links: Iterable[Link], loads: Mapping[str, Load]) -> Total:
    """Return what all circuits carry together; None where nothing is known of any."""
    found = [loads[link.id] for link in links if link.kind == "circuit" and link.id in loads]
    up = [one.up_bps for one in found if one.up_bps is not None]
    down = [one.down_bps for one in found if one.down_bps is not None]
    known = sum(1 for one in found if one.at is not None)
    return Total(sum(up) if up else None, sum(down) if down else None, known, len(found))


@dataclass(slots=True)
class Loads:
    """The loads that were read last; a page gets them at once, and newer ones are fetched aside."""

    series: SeriesStore
    clock: Callable[[], float] = time.monotonic
    _lock: Lock = field(default_factory=Lock)
    _read_at: float | None = None
    _digest: str = ""
    _found: dict[str, Load] = field(default_factory=dict)
    _busy: bool = False

    def read(self, network: DeclaredNetwork) -> Mapping[str, Load]:
        """Return the load of every link."""
        with self._lock:
            age = None if self._read_at is None else self.clock() - self._read_at
            is_usable = age is not None and age < TOO_OLD_S and self._digest == network.digest
            if age is not None and is_usable:
                if age >= AGAIN_S and not self._busy:
                    self._busy = True
                    Thread(target=self._fetch, args=(network,), daemon=True, name="loads").start()
                return self._found
        self._fetch(network)
        with self._lock:
            return self._found

    def _fetch(self, network: DeclaredNetwork) -> None:
        try:
            received = self.series.latest(select(IN), WITHIN)
            sent = self.series.latest(select(OUT), WITHIN)
            found = loads_of(network.links.values(), received.values(), sent.values())
        except TinhnetError as error:
            log.warning("loads_unread", error=error.message, hint=error.hint)
            found = loads_of(network.links.values(), (), ())
        with self._lock:
            self._found, self._digest = found, network.digest
            self._read_at, self._busy = self.clock(), False


def _end(series: Series) -> tuple[str | None, str | None]:
    return series.label("device"), series.label("interface")


def _share(value: float | None, whole: int | None) -> float | None:
    return None if value is None or not whole else value / whole
