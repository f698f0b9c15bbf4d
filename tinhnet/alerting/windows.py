# SPDX-License-Identifier: MIT
"""Silences and maintenance windows: what they hide, and for how long."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tinhnet.alerting.recurrence import starts
from tinhnet.errors import TinhnetError
from tinhnet.model.alert import Alert, AlertState
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.window import Scope, Window

HIDEABLE = frozenset({AlertState.PENDING, AlertState.FIRING, AlertState.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One opening of a window, until before `end`."""

    window: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What a window would hide now, and when it would open next (None: never)."""

    mutes: tuple[str, ...]
    opens_at: datetime | None

    def sentence(self, language: str) -> str:
        """Return it for people, in "vi" or "en"."""
        count = len(self.mutes)
        if language == "vi":
            return f"Sẽ tắt tiếng {count} cảnh báo hiện có"
        return f"This mutes {count} alert{'' if count == 1 else 's'} now"


def check(window: Window) -> Window:
    """Return the window; TinhnetError without owner, reason, length or scope."""
    if not window.owner.strip() or not window.reason.strip():
        raise TinhnetError(f"window {window.id} needs an owner and a reason", "name both")
    if window.length_s <= 0:
        raise TinhnetError(f"window {window.id} ends before it begins", "give it a length")
    scope = window.scope
    if not (scope.things or scope.sites or scope.carriers or scope.rules):
        raise TinhnetError(f"window {window.id} is about nothing", "name things, sites or carriers")
    return window


def occurrences(window: Window, start: datetime, end: datetime) -> tuple[Occurrence, ...]:
    """Return the openings that touch the time from `start` until before `end`."""
    length = timedelta(seconds=window.length_s)
    return tuple(
        Occurrence(window.id, begun, begun + length)
        for begun in starts(window.start, window.recurrence, end)
        if begun + length > start
    )


def is_open(window: Window, now: datetime) -> bool:
    """Tell whether the window is open at this moment."""
    return bool(occurrences(window, now, now + timedelta(microseconds=1)))


def things_of(scope: Scope, network: DeclaredNetwork) -> frozenset[str]:
    """Return the things that a scope is about.

    Services count to the site of their server, zones and LANs to their own.
    """
    found = set(scope.things) | {f"site:{site}" for site in scope.sites}
    for device in network.devices.values():
        if device.site in scope.sites:
            found.add(f"device:{device.id}")
            found.update(f"service:{service}" for service in device.services)
    for link in network.links.values():
        ends = {network.devices[link.a.device].site}
        ends |= {network.devices[link.b.device].site} if link.kind == "patch" else set()
        if ends & scope.sites or link.carrier in scope.carriers:
            found.add(f"link:{link.id}")
    found.update(
        f"network:{one.id}" for one in network.networks.values() if one.site in scope.sites
    )
    return frozenset(found)


def hides(scope: Scope, things: frozenset[str], alert: Alert) -> bool:
    """Tell whether a scope, whose things these are, is about an alert."""
    is_about = alert.thing in things or not (scope.things or scope.sites or scope.carriers)
    return is_about and (not scope.rules or alert.rule in scope.rules)


def preview(
    window: Window, network: DeclaredNetwork, alerts: Iterable[Alert], now: datetime
) -> Preview:
    """Return what the window would hide of the alerts that hold now.

    It is counted as if it were open, so that a window of tonight shows what
    it is about; alerts hidden already do not count.
    """
    things = things_of(window.scope, network)
    mutes = [
        alert.fingerprint
        for alert in alerts
        if alert.state in HIDEABLE and hides(window.scope, things, alert)
    ]
    begins = (
        one for one in starts(window.start, window.recurrence, datetime.max.replace(tzinfo=UTC))
    )
    return Preview(tuple(mutes), next((begun for begun in begins if begun > now), None))


def planned_now(
    windows: Iterable[Window], network: DeclaredNetwork, now: datetime
) -> frozenset[str]:
    """Return the things under planned work at this moment, for root cause."""
    found = [
        things_of(window.scope, network)
        for window in windows
        if window.is_planned and not window.scope.rules and is_open(window, now)
    ]
    return frozenset[str]().union(*found)
