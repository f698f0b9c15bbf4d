# SPDX-License-Identifier: MIT
"""The controller's own echo requests to every device, once a second."""

from collections.abc import Sequence
from threading import Event as Flag

from collectors.agent.ping import Echo, Pinger, Target
from collectors.collect.reports import SAMPLE_S, probe_samples
from collectors.collect.sink import WorkerSink
from collectors.collect.verdict import Asked
from tinhnet.logs import log_of
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.sentences import worded

OUTSIDE = "external"
KIND = "device:"

log = log_of("collect")


def targets_of(network: DeclaredNetwork) -> tuple[Target, ...]:
    """Return every device of ours by its management address."""
    return tuple(
        Target(one.id, str(one.management4))
        for one in network.devices.values()
        if one.role != OUTSIDE
    )


class Pings:
    """Part of the collect worker."""

    def __init__(self, network: DeclaredNetwork, sink: WorkerSink) -> None:
        self._targets = targets_of(network)
        self._names = frozenset(target.name for target in self._targets)
        self._sink = sink
        self._pinger: Pinger | None = None
        self._sampled: dict[str, float] = {}

    def run(self, stop: Flag) -> None:
        """Ask until `stop`; where this may not be asked, say so and leave devices unknown."""
        try:
            self._pinger = Pinger(self._targets)
        except PermissionError as error:
            log.error(  # noqa: TRY400 a sentence
                "echo_not_allowed",
                error=str(error),
                hint="give it CAP_NET_RAW or set net.ipv4.ping_group_range; devices stay unknown",
            )
            stop.wait()
            return
        try:
            self._pinger.run(self._tell, stop.is_set)
        finally:
            self._pinger.close()

    def look(self, things: Sequence[str]) -> Sequence[str]:
        """Ask these devices now."""
        mine = [thing for thing in things if thing.removeprefix(KIND) in self._names]
        if self._pinger is not None and mine:
            self._pinger.look(thing.removeprefix(KIND) for thing in mine)
        return mine

    def _tell(self, echo: Echo) -> None:
        one = Asked(echo.at, echo.round_trip_s, worded(echo.why))
        self._sink.asked(f"{KIND}{echo.name}", "ping", one)
        if echo.at - self._sampled.get(echo.name, 0.0) >= SAMPLE_S:
            self._sampled[echo.name] = echo.at
            self._sink.samples(list(probe_samples(one, device=echo.name)))
