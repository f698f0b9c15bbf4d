# SPDX-License-Identifier: MIT
"""Rows as collectors write them: all up but Điện Bàn's primary circuit, and hours of load."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.webui.afternoon import afternoon
from tinhnet.alerting.ledger import Claim
from tinhnet.context import Context
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.event import Event, Severity, Source
from tinhnet.model.observation import Observation, State
from tinhnet.store import alerts, claims, events, observed
from tinhnet.store.series.contract import SeriesStore
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, series_of

HOURS = 3
EVERY_S = 60
CUT = timedelta(minutes=12)
CUT_NOW = {
    "link__dien_ban_1": State.DOWN,
    "device__core2": State.DOWN,
    "link__tam_ky_2": State.DOWN,
}
LINKS = ("dien-ban-1", "dien-ban-2", "tam-ky-1", "hoi-an-1", "nui-thanh-1", "tien-phuoc-1")


def observations(network: DeclaredNetwork, now: datetime, **down: State) -> dict[str, Observation]:
    """Return everything as seen now; `down` says otherwise, `link:x` typed as `link__x`."""
    names = [
        *(f"device:{one}" for one in network.devices),
        *(f"link:{one}" for one in network.links),
        *(f"service:{one}" for one in network.services),
    ]
    seen = {name: Observation(State.UP, now, "") for name in names}
    for name, state in down.items():
        seen[name.replace("__", ":").replace("_", "-")] = Observation(state, now, "không trả lời")
    return seen


def look(context: Context, at: datetime, **down: State) -> None:
    """Let the one collector write what it sees."""
    seen = observations(load(context.config.inventory), at, **down)
    with context.store.writing() as connection:
        observed.put_observed(connection, "collect", at, seen)


def watch_afternoon(context: Context) -> None:
    """Write an afternoon in which Điện Bàn lost its primary circuit."""
    now = context.now
    look(
        context,
        now,
        link__dien_ban_1=State.DOWN,
        device__core2=State.DOWN,
        link__tam_ky_2=State.DOWN,
    )
    with context.store.writing() as connection:
        alerts.put_alerts(connection, afternoon(now))
        events.append(connection, list(told(now)))
        claims.begin_claims(
            connection,
            [Claim("link:dien-ban-1", is_up=False, start=now - CUT, end=now, source="probe")],
        )


def told(now: datetime) -> Iterator[Event]:
    """Yield what devices said in the afternoon."""
    said = (
        (12, "interface_down", Severity.HIGH, "eth2 mất tín hiệu", "core1", "dien-ban-1"),
        (12, "neighbour_down", Severity.HIGH, "OSPF mất láng giềng dien-ban-cpe1", "core1", None),
        (3, "device_restarted", Severity.MEDIUM, "khởi động lại", "core2", None),
        (2, "login", Severity.INFO, "lan đăng nhập từ 10.89.4.2", "core1", None),
    )
    for number, (minutes, kind, severity, text, device, link) in enumerate(said):
        at = now - timedelta(minutes=minutes)
        yield Event(
            key=f"watching-{number}",
            at=at,
            seen_at=at,
            source=Source.SYSLOG,
            kind=kind,
            severity=severity,
            text=text,
            device=device,
            interface="eth2" if link else None,
            link=link,
            site="dien-ban" if link else None,
        )


def measure(context: Context, hours: float = HOURS) -> None:
    """Write hours of samples of some circuits, and what devices say of themselves now."""
    series = open_series(context.config, context.clock)
    try:
        _measure(series, load(context.config.inventory), context.now, hours)
    finally:
        series.close()


def _measure(series: SeriesStore, network: DeclaredNetwork, now: datetime, hours: float) -> None:
    steps = int(hours * 3600 / EVERY_S)
    samples = []
    for place, name in enumerate(LINKS):
        link = network.links[name]
        whole = float(link.bandwidth_bps or 1)
        for step in range(steps):
            at = now - timedelta(seconds=EVERY_S * step + 1)
            if name == "dien-ban-1" and at > now - CUT:
                continue
            share = 0.12 + 0.17 * place + 0.08 * math.sin(step / 17 + place)
            for end, into, out in ((link.b, 0.45, 1.0), (link.a, 1.0, 0.45)):
                labels = {"device": end.device, "interface": end.interface, "link": name}
                for metric, factor in (("interface_in_bps", into), ("interface_out_bps", out)):
                    samples.append(Sample(series_of(metric, **labels), at, whole * share * factor))
            site = network.devices[link.a.device].site
            for metric, value in (
                ("circuit_loss_ratio", 0.02 if step % 40 == 0 else 0.0),
                ("circuit_round_trip_s", 0.0042 + 0.001 * math.sin(step / 9)),
                ("circuit_jitter_s", 0.0004 + 0.0001 * math.cos(step / 5)),
            ):
                samples.append(Sample(series_of(metric, link=name, site=site), at, value))
    for step in range(steps):
        at = now - timedelta(seconds=EVERY_S * step + 1)
        for metric, value in (("memory_used_ratio", 0.41), ("device_uptime_s", 4e5 - 60 * step)):
            samples.append(Sample(series_of(metric, device="core1"), at, value))
        samples.append(Sample(series_of("storage_used_ratio", device="core1", mount="/"), at, 0.63))
    series.append(samples)
