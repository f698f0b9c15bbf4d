# SPDX-License-Identifier: MIT
"""The collect worker: keeps its parts running and passes on who wants to know something now."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from collectors.collect.gate import Gate
from collectors.collect.pings import Pings
from collectors.collect.reports import Reports
from collectors.collect.runner import Make, Runner, part_makers
from collectors.collect.sink import WorkerSink
from tinhnet.context import Context
from tinhnet.inventory import load
from tinhnet.logs import log_of
from tinhnet.metrics import leave
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store.observed import asked_again, looked_at
from tinhnet.worker import Identity, metrics_directory

STEP_S = 0.2
FILES_S = 2.0
COUNTS_S = 2.0

log = log_of("collect")
Signature = tuple[tuple[str, int, int], ...]


class CollectWorker:
    """Steps of the worker; what takes time runs in threads beside them.

    `makers` are parts instead of the usual ones, for tests.
    """

    def __init__(
        self,
        context: Context,
        identity: Identity,
        makers: Callable[[Context, DeclaredNetwork, WorkerSink], dict[str, Make]] | None = None,
    ) -> None:
        del identity
        self._makers = makers or usual_parts
        self._sink: WorkerSink | None = None
        self._runner: Runner | None = None
        self._writers: list[tuple[Flag, Thread]] = []
        self._signature: Signature = ()
        self._digest = ""
        self._files_at = float("-inf")
        self._counted_at = float("-inf")
        self._read_network(context)

    def step(self, context: Context) -> float:
        """Pass on what somebody wants looked at; take over a network that changed."""
        if time.monotonic() - self._files_at >= FILES_S:
            self._read_network(context)
        self._look(context)
        if time.monotonic() - self._counted_at >= COUNTS_S:
            self._counted_at = time.monotonic()
            self._count(context)
        return STEP_S

    def close(self, context: Context) -> None:
        """End the parts, then write what is left."""
        if self._runner is not None:
            self._runner.stop()
        for flag, thread in self._writers:  # rows first: they leave a last few samples
            flag.set()
            if self._sink is not None:
                self._sink.wake()
            thread.join()
        self._count(context)

    def _count(self, context: Context) -> None:
        """Leave for /metrics what became of samples."""
        if self._sink is not None:
            leave(metrics_directory(context), "collect-samples", self._sink.families())

    def _look(self, context: Context) -> None:
        with context.store.reading() as connection:
            wishes = asked_again(connection)
        if not wishes or self._sink is None or self._runner is None:
            return
        self._sink.expect(wishes)
        looked = self._runner.look(sorted(wishes))
        with context.store.writing() as connection:
            looked_at(connection, wishes)
        if unasked := set(wishes) - looked:
            log.debug("nobody_looks", things=" ".join(sorted(unasked)))

    def _read_network(self, context: Context) -> None:
        """Read the network when its files changed; a faulty one is told and not taken over."""
        self._files_at = time.monotonic()
        signature = _signature(context.config.inventory)
        if signature == self._signature:
            return
        self._signature = signature
        network = load(context.config.inventory)
        if network.digest != self._digest:
            self._digest = network.digest
            self._begin(context, network)

    def _begin(self, context: Context, network: DeclaredNetwork) -> None:
        """Run the parts for this network, in place of those of another."""
        if self._runner is not None:
            self._runner.stop()
        if self._sink is None:
            self._sink = WorkerSink(context, network)
            for work in (self._sink.write_rows, self._sink.write_samples):
                flag = Flag()
                thread = Thread(target=work, args=(flag,), name=work.__name__)
                self._writers.append((flag, thread))
                thread.start()
        self._sink.take_over(network)
        self._runner = Runner(self._makers(context, network, self._sink))
        self._runner.start()
        log.info("network_watched", links=len(network.links), devices=len(network.devices))


def usual_parts(context: Context, network: DeclaredNetwork, sink: WorkerSink) -> dict[str, Make]:
    """Return what makes the parts of this installation."""
    reports = Reports(sink)
    found: dict[str, Make] = {
        "agents": lambda: Gate(context, network, reports),
        "pings": lambda: Pings(network, sink),
    }
    for name, maker in part_makers().items():
        found[name] = partial(maker, context, network, sink)
    return found


def _signature(directory: Path) -> Signature:
    """Return what changes when a file of the network does."""
    return tuple(
        (path.name, found.st_mtime_ns, found.st_size)
        for path in sorted(directory.glob("*.yml"))
        for found in [path.stat()]
    )
