# SPDX-License-Identifier: MIT
"""Rows as the workers write them: an afternoon of the NOC, and one of 13,000 alerts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from tinhnet.alerting.life import fingerprint
from tinhnet.model.alert import Acknowledgement, Alert, AlertEntry, AlertRecord
from tinhnet.model.event import Event, Severity, Source
from tinhnet.model.observation import Observation, State
from tinhnet.model.window import Recurrence, Scope, Window
from tinhnet.store import alerts, events, observed, windows
from tinhnet.store.engine import Store, Transaction

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def record(  # noqa: PLR0913 a row has as many columns
    rule: str,
    thing: str,
    severity: str,
    since: datetime | None,
    *,
    told: tuple[str, str] = ("", ""),
    site: str | None = None,
    acknowledgement: Acknowledgement | None = None,
    silences: tuple[str, ...] = (),
    resolved_at: datetime | None = None,
    cause: str | None = None,
    explains: tuple[str, ...] = (),
    down: tuple[str, ...] = (),
    degraded: tuple[str, ...] = (),
    value: float | None = None,
) -> AlertRecord:
    """Return an alert of a thing, as the alert worker keeps it; None for `since`: it is over."""
    kind, _, id_ = thing.partition(":")
    labels = {kind: id_}
    begun = since or (resolved_at or since)
    assert begun is not None
    title_vi, title_en = told if any(told) else (f"{rule} (vi)", f"{rule} (en)")
    alert = Alert(
        fingerprint=fingerprint(rule, labels),
        rule=rule,
        thing=thing,
        severity=severity,
        at=begun,
        since=since,
        fired_at=begun - HOUR if since is None else begun,
        resolved_at=resolved_at,
        episode=1,
        acknowledgement=acknowledgement,
        silences=silences,
        is_told=True,
        beginnings=(begun,),
        notices=1,
    )
    return AlertRecord(
        alert=alert,
        title_vi=title_vi,
        title_en=title_en,
        sentence_vi=f"{id_} không trả lời",
        sentence_en=f"{id_} does not answer",
        labels=labels,
        device=id_ if kind == "device" else None,
        link=id_ if kind == "link" else None,
        site=site,
        cause=cause,
        explains=explains,
        sites_down=down,
        sites_degraded=degraded,
        value=value,
    )


def circuit_down(now: datetime, site: str = "dien-ban") -> AlertRecord:
    """Return the alert of a primary circuit that was cut twelve minutes ago."""
    return record(
        "circuit-down",
        f"link:{site}-1",
        "high",
        now - 12 * MINUTE,
        told=("Kênh truyền mất kết nối", "Circuit down"),
        site=site,
        degraded=(site,),
    )


def afternoon(now: datetime) -> list[AlertRecord]:
    """Return an alert of every state, and one that hides behind a cause."""
    mine = Acknowledgement("lan", "đã gọi VNPT", now - 5 * MINUTE, now + HOUR)
    core = record(
        "device-down",
        "device:core2",
        "critical",
        now - 3 * MINUTE,
        told=("Thiết bị mất kết nối", "Device down"),
        site="dc",
        explains=("link:tam-ky-2", "link:hoi-an-2", "link:dien-ban-2"),
        degraded=("tam-ky", "hoi-an"),
    )
    return [
        core,
        circuit_down(now),
        record(
            "circuit-loss",
            "link:tam-ky-2",
            "medium",
            now - 2 * MINUTE,
            told=("Kênh truyền mất gói", "Circuit loses packets"),
            site="tam-ky",
            silences=("cause:device:core2",),
            cause="device:core2",
            value=0.5,
        ),
        record(
            "storage-full",
            "device:web1",
            "medium",
            now - HOUR,
            told=("Ổ đĩa gần đầy", "Storage almost full"),
            site="dc",
            acknowledgement=mine,
            value=0.93,
        ),
        record(
            "service-slow",
            "service:portal",
            "low",
            now - 2 * HOUR,
            told=("Dịch vụ chậm", "Service slow"),
            site="dc",
            silences=("w00000001",),
            value=4.2,
        ),
        record(
            "clock-drift",
            "device:core1",
            "low",
            None,
            told=("Đồng hồ lệch", "Clock drifts"),
            site="dc",
            resolved_at=now - 40 * MINUTE,
        ),
    ]


def seed(store: Store, now: datetime) -> list[AlertRecord]:
    """Write an afternoon of the NOC: alerts, timelines, what is seen, events, windows."""
    found = afternoon(now)
    with store.writing() as connection:
        alerts.put_alerts(connection, found)
        alerts.add_entries(
            connection,
            [
                AlertEntry(
                    one.alert.fingerprint, 1, one.alert.fired_at or now, "firing", one.sentence_vi
                )
                for one in found
            ],
        )
        observed.put_observed(connection, "collect", now, seen(now))
        events.append(connection, [trap(now)])
        for one in (silence(now), calendar(now), over(now)):
            if windows.find_window(connection, one.id) is None:
                windows.add_window(connection, one)
    return found


def seen(now: datetime) -> dict[str, Observation]:
    """Return what collectors see: Điện Bàn answers over its backup circuit."""
    return {
        "link:dien-ban-1": Observation(State.DOWN, now, "3 gói liên tiếp không trả lời"),
        "link:dien-ban-2": Observation(State.UP, now, "2,1 ms"),
        "device:dien-ban-cpe1": Observation(State.UP, now, "qua kênh dự phòng"),
    }


def trap(now: datetime) -> Event:
    """Return what the core said when the port went down."""
    at = now - 12 * MINUTE
    return Event(
        key="trap-1",
        at=at,
        seen_at=at,
        source=Source.TRAP,
        kind="neighbour_down",
        severity=Severity.HIGH,
        text="OSPF mất láng giềng dien-ban-cpe1",
        device="core1",
        link="dien-ban-1",
        site="dien-ban",
    )


def silence(now: datetime) -> Window:
    """Return a silence that is open and lapses in twenty minutes."""
    scope = Scope(things=frozenset({"service:portal"}), rules=frozenset({"service-slow"}))
    return _window("w00000001", scope, now - HOUR, 4800, "đang nâng cấp")


def calendar(now: datetime) -> Window:
    """Return maintenance of a carrier on every Saturday."""
    scope = Scope(carriers=frozenset({"vnpt"}))
    again = Recurrence("weekly", weekdays=((0, 5),))
    start = now + timedelta(hours=5)
    found = _window("w00000002", scope, start, 7200, "VNPT bảo dưỡng")
    return replace(found, is_planned=True, recurrence=again)


def over(now: datetime) -> Window:
    """Return a silence that ended yesterday."""
    scope = Scope(sites=frozenset({"hoi-an"}))
    start = now - timedelta(days=1)
    return _window("w00000003", scope, start, 3600, "mất điện")


def _window(id_: str, scope: Scope, start: datetime, length_s: float, reason: str) -> Window:
    return Window(
        id=id_,
        is_planned=False,
        scope=scope,
        start=start,
        length_s=length_s,
        owner="lan",
        reason=reason,
        announced_at=start,
    )


def storm(now: datetime, sites: int = 250, total: int = 13_000) -> Iterator[AlertRecord]:
    """Yield 13,000 alerts of 2,000 devices: two causes, 86 circuits, most of the rest hidden."""
    names = [f"site-{number}" for number in range(sites)]
    links = tuple(f"link:{name}-2" for name in names)
    for core in ("core1", "core2"):
        yield record(
            "device-down",
            f"device:{core}",
            "critical",
            now - MINUTE,
            site="dc",
            explains=links,
            degraded=tuple(names),
        )
    for number in range(86):
        site = names[number % sites]
        yield record("circuit-down", f"link:{site}-1", "high", now - 2 * MINUTE, site=site)
    rules = ("circuit-loss", "interface-errors", "service-slow", "storage-full", "memory-full")
    for number in range(total - 88):
        site = names[number % sites]
        is_hidden = number % 3 != 0
        yield record(
            rules[number % len(rules)],
            f"device:{site}-{number // sites}",
            ("high", "medium", "low", "info")[number % 4],
            now - timedelta(seconds=number),
            site=site,
            silences=("cause:device:core1",) if is_hidden else (),
            cause="device:core1" if is_hidden else None,
        )


def put_many(connection: Transaction, found: Iterator[AlertRecord]) -> None:
    """Write alerts into an empty table."""
    alerts.put_alerts(connection, found)
