# SPDX-License-Identifier: MIT
"""Numbers of circuits and devices, every ten seconds, from the single requests."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import fmean, median

from collectors.collect.verdict import Asked, loss_of
from collectors.collect.watch import Watch
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.observation import Observation, State
from tinhnet.store.series.sample import Sample, series_of

EVERY_S = 10.0
Streams = Mapping[str, Sequence[Asked]]


def derive(
    network: DeclaredNetwork, watch: Watch, seen: Mapping[str, Observation], now: float
) -> Iterator[Sample]:
    """Yield the samples of this moment; of what is unknown there is none."""
    at = datetime.fromtimestamp(now, UTC)
    for id_, streams in watch.streams("link"):
        link, observation = network.links.get(id_), seen.get(f"link:{id_}")
        if link is None or link.kind != "circuit" or observation is None:
            continue
        site = network.devices[link.a.device].site
        for name, value in _circuit(streams, observation, now):
            yield Sample(series_of(name, link=id_, site=site), at, value)
    for thing, observation in seen.items():
        kind, _, id_ = thing.partition(":")
        if kind == "device" and id_ in network.devices and _is_known(observation):
            labels = {"device": id_, "site": network.devices[id_].site}
            yield Sample(series_of("device_up", **labels), at, float(observation.state.works))


def _circuit(streams: Streams, observation: Observation, now: float) -> Iterator[tuple[str, float]]:
    if not _is_known(observation):
        return
    works = observation.state.works
    yield "circuit_up", float(works)
    heard = [asked for asked in streams.values() if any(one.taken_s is not None for one in asked)]
    losses = [loss_of(asked, now) for asked in heard]
    count, lost = sum(one.asked for one in losses), sum(one.lost for one in losses)
    if not works:
        yield "circuit_loss_ratio", 1.0
    elif count:
        yield "circuit_loss_ratio", lost / count
    lately = [[one for one in asked if one.at >= now - EVERY_S] for asked in heard]
    taken = [[one.taken_s for one in asked if one.taken_s is not None] for asked in lately]
    if any(taken):
        yield "circuit_round_trip_s", median(value for row in taken for value in row)
    steps = [abs(b - a) for row in taken for a, b in pairwise(row)]
    if steps:
        yield "circuit_jitter_s", fmean(steps)


def _is_known(observation: Observation) -> bool:
    return observation.state is not State.UNKNOWN
