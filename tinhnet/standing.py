# SPDX-License-Identifier: MIT
"""How things stand: what collectors see, joined with open causes and planned work.

Pure: what was seen, the alerts and the time come in as arguments.  What
nobody asked for `Limits` is unknown, whatever was said of it before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tinhnet.model.alert import AlertRecord
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.observation import Observation


class Standing(StrEnum):
    """How a thing stands, the worst first."""

    DOWN = "down"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Limits:
    """After how many seconds what was seen counts no more; services are asked less often."""

    thing_s: float = 10.0
    service_s: float = 30.0

    def of(self, thing: str) -> timedelta:
        """Return how old an observation of a thing may be."""
        return timedelta(seconds=self.service_s if thing.startswith("service:") else self.thing_s)


@dataclass(frozen=True, slots=True)
class Stand:
    """How one thing stands.

    `seen_at` is when it was asked last, however long ago, None for never;
    `seen` what was seen then, in planned time as well.  `since` is when it
    came to stand so, as far as anybody wrote it down; `cause` the
    fingerprint of the alert that says why.
    """

    state: Standing
    seen: Standing = Standing.UNKNOWN
    seen_at: datetime | None = None
    why: str = ""
    since: datetime | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at one instant.

    `causes` are alerts that hold and name causes; `planned` the things under
    planned work; `claims` says of a link since when it was seen up (True) or
    down.
    """

    observations: Mapping[str, Observation]
    causes: Sequence[AlertRecord] = ()
    planned: frozenset[str] = frozenset()
    claims: Mapping[str, tuple[bool, datetime]] = field(default_factory=dict)


NOTHING = Stand(Standing.UNKNOWN)


def stands_of(
    network: DeclaredNetwork, evidence: Evidence, now: datetime, limits: Limits | None = None
) -> dict[str, Stand]:
    """Return how every device, link, service and site stands, by its name in the graph.

    A site with circuits stands as they do: down without any, degraded with
    fewer than it has, unknown where an unknown one might carry it.  A site
    without circuits, the data centre, stands as its devices do.  A site's
    router that is down degrades it: somebody behind it is cut off.
    """
    allowed = limits or Limits()
    blame = _blame(evidence.causes)
    found = {
        thing: _stand(thing, evidence, now, allowed, blame)
        for thing in (
            *(f"device:{one}" for one in network.devices),
            *(f"link:{one}" for one in network.links),
            *(f"service:{one}" for one in network.services),
        )
    }
    parts = _parts(network)
    for site in network.sites:
        name = f"site:{site}"
        members = [found[one] for one in parts.get(site, ())]
        found[name] = _site(name, members, evidence.planned, blame)
    return found


def oldest_seen(stands: Iterable[Stand]) -> datetime | None:
    """Return when the thing that was asked longest ago was asked, None where none ever was."""
    return min((one.seen_at for one in stands if one.seen_at is not None), default=None)


def _parts(network: DeclaredNetwork) -> dict[str, list[str]]:
    """Return what a site stands on: its circuits, or else what stands in it."""
    circuits: dict[str, list[str]] = {}
    devices: dict[str, list[str]] = {}
    for link in network.links.values():
        if link.kind == "circuit":
            site = network.devices[link.a.device].site
            circuits.setdefault(site, []).append(f"link:{link.id}")
    for device in network.devices.values():
        if device.role not in {"pc", "controller"}:
            devices.setdefault(device.site, []).append(f"device:{device.id}")
    return devices | circuits


def _blame(causes: Sequence[AlertRecord]) -> dict[str, AlertRecord]:
    """Return the open cause behind each thing; its own before one that explains it."""
    found: dict[str, AlertRecord] = {}
    for record in causes:
        for thing in (
            *record.explains,
            *(f"site:{one}" for one in (*record.sites_degraded, *record.sites_down)),
        ):
            found.setdefault(thing, record)
    return found | {record.alert.thing: record for record in causes}


def _stand(
    thing: str,
    evidence: Evidence,
    now: datetime,
    limits: Limits,
    blame: Mapping[str, AlertRecord],
) -> Stand:
    one = evidence.observations.get(thing)
    if one is None:
        state = Standing.MAINTENANCE if thing in evidence.planned else Standing.UNKNOWN
        return Stand(state)
    is_fresh = now - one.at <= limits.of(thing)
    seen = Standing(one.state.value) if is_fresh else Standing.UNKNOWN
    state = Standing.MAINTENANCE if thing in evidence.planned else seen
    since, cause = None, None
    claim = evidence.claims.get(thing.removeprefix("link:")) if thing.startswith("link:") else None
    if claim is not None and is_fresh and claim[0] == one.state.works:
        since = claim[1]
    record = blame.get(thing)
    if record is not None and seen in {Standing.DOWN, Standing.DEGRADED}:
        since, cause = since or record.alert.since, record.alert.fingerprint
    return Stand(state, seen, one.at, one.why, since, cause)


def _site(
    name: str,
    members: Sequence[Stand],
    planned: frozenset[str],
    blame: Mapping[str, AlertRecord],
) -> Stand:
    seen = _together([one.seen for one in members])
    state = Standing.MAINTENANCE if name in planned else seen
    if state is Standing.DEGRADED and all(
        one.state is Standing.MAINTENANCE or one.seen is Standing.UP for one in members
    ):
        state = Standing.MAINTENANCE  # what is missing is what is being worked on
    record = blame.get(name)
    worst = [one for one in members if one.seen is Standing.DOWN]
    since = min((one.since for one in worst if one.since is not None), default=None)
    cause = next((one.cause for one in worst if one.cause is not None), None)
    if record is not None and seen in {Standing.DOWN, Standing.DEGRADED}:
        since, cause = record.alert.since or since, record.alert.fingerprint
    return Stand(
        state=state,
        seen=seen,
        seen_at=oldest_seen(members),
        why=next((one.why for one in worst if one.why), ""),
        since=since,
        cause=cause,
    )


def _together(states: Sequence[Standing]) -> Standing:
    """Return how a site stands whose parts were seen so."""
    kinds = set(states)
    if not kinds & {Standing.UP, Standing.DEGRADED}:
        return Standing.DOWN if kinds == {Standing.DOWN} else Standing.UNKNOWN
    if kinds & {Standing.DOWN, Standing.DEGRADED}:
        return Standing.DEGRADED
    return Standing.UP
