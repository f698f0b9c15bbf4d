# SPDX-License-Identifier: MIT
"""What agents tell, as requests, samples and proofs that their devices are alive."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from collectors.agent.report import BETWEEN
from collectors.collect.sink import WorkerSink
from collectors.collect.verdict import Asked
from collectors.listen.agents import Agent, Told
from tinhnet.agents import SIX, link_of, runs_agent
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.link import Link
from tinhnet.sentences import AGENT_OF, BY_FAMILY, worded
from tinhnet.store.series.sample import Sample, series_of

SAMPLE_S = 0.9
"""Seconds between two samples of a circuit; a burst asks more often than anybody draws."""

log = log_of("collect")
Row = Sequence[str | float | None]


class Reports:
    """Takes over the messages of agents; what a row may not say is left out and counted."""

    def __init__(self, sink: WorkerSink) -> None:
        self._sink = sink
        self._sampled: dict[str, float] = {}
        self._left_out: dict[str, int] = {}
        self._kinds: Mapping[str, Callable[[str, Row], float]] = {
            "echo": self._echo,
            "check": self._check,
            "bfd": self._session,
        }

    def take(self, agent: Agent, told: Told) -> None:
        """Take a message over."""
        read = self._kinds.get(told.kind)
        if read is None or agent.name not in self._sink.network.devices:
            log.warning("report_unknown", agent=agent.name, kind=told.kind)
            return
        times: list[float] = []
        for row in told.rows:
            try:
                times.append(read(agent.name, row))
            except (ValueError, TypeError, KeyError, OverflowError) as error:
                log.warning("row_left_out", agent=agent.name, kind=told.kind, error=repr(error))
        if told.left_out > self._left_out.get(agent.name, 0):
            log.warning("agent_lost_rows", agent=agent.name, rows=told.left_out)
        self._left_out[agent.name] = told.left_out
        if times:
            proof = Asked(max(times), 0.0)
            self._sink.asked(f"device:{agent.name}", AGENT_OF % {"device": agent.name}, proof)

    def _echo(self, agent: str, row: Row) -> float:
        name, at, taken_s, why = row
        link = self._sink.network.links[link_of(str(name))]
        if agent not in (link.a.device, link.b.device):
            raise ValueError(f"{link.id} does not end on {agent}")
        said = worded(str(why or "").split(BETWEEN))
        one = Asked(_number(at), None if taken_s is None else _number(taken_s), said)
        is_six = str(name).endswith(SIX)
        asker = BY_FAMILY % {"device": agent, "version": 6 if is_six else 4}
        self._sink.asked(f"link:{link.id}", asker, one)
        is_due = abs(one.at - self._sampled.get(link.id, -math.inf)) >= SAMPLE_S
        if is_due and not is_six and agent == _measures(self._sink.network, link):
            self._sampled[link.id] = one.at
            self._sink.samples(list(probe_samples(one, link=link.id)))
        return one.at

    def _check(self, agent: str, row: Row) -> float:
        service, at, is_ok, duration_s, expires_s, _why = row
        network = self._sink.network
        labels = {"service": network.services[str(service)].id, "from": network.devices[agent].site}
        values = {"service_up": _number(is_ok)}
        if is_ok:  # how long a failure took says nothing of the service
            values["service_duration_s"] = _number(duration_s)
        if expires_s is not None:
            values["certificate_expires_s"] = _number(expires_s)
        when = moment(_number(at))
        self._sink.samples(
            [Sample(series_of(name, **labels), when, value) for name, value in values.items()]
        )
        return _number(at)

    def _session(self, agent: str, row: Row) -> float:
        port, at, is_up = row
        link = self._sink.network.devices[agent].interface(str(port)).link
        labels = {"device": agent, "link": link}
        self._sink.samples(
            [Sample(series_of("bfd_up", **labels), moment(_number(at)), _number(is_up))]
        )
        return _number(at)


def probe_samples(one: Asked, **labels: str) -> Iterator[Sample]:
    """Yield the samples of one request."""
    at = moment(one.at)
    yield Sample(series_of("probe_lost", **labels), at, float(one.taken_s is None))
    if one.taken_s is not None:
        yield Sample(series_of("probe_round_trip_s", **labels), at, one.taken_s)


def moment(at: float) -> datetime:
    """Return Unix seconds as an aware time."""
    return datetime.fromtimestamp(at, UTC)


def _measures(network: DeclaredNetwork, link: Link) -> str:
    """Return whose round trips are kept: of the end in the data centre, if an agent runs there."""
    return link.b.device if runs_agent(network, link.b.device) else link.a.device


def _number(value: str | float | None) -> float:
    if isinstance(value, str) or value is None or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)
