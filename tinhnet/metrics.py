# SPDX-License-Identifier: MIT
"""What our own workers count, in Prometheus' text form.

Each worker writes its numbers to a small file with its heartbeat, and may
write families of its own to another beside it; `exposition` puts the files
of all workers together for `/metrics`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

COUNTER = "_total"
"""How the names of counters end; everything else is a gauge."""

Row = tuple[Mapping[str, str], float] | tuple[Mapping[str, str], float, datetime]


@dataclass(frozen=True, slots=True)
class Family:
    """Numbers of one name: labels and value of each, and its own time where it has one."""

    name: str
    help: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class WorkerMetrics:
    """The numbers of one worker process."""

    registry: CollectorRegistry
    steps: Counter
    step_seconds: Counter
    errors: Counter
    last_step: Gauge

    def write(self, path: Path) -> None:
        """Replace the file that `exposition` reads."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_bytes(generate_latest(self.registry))
        draft.replace(path)


def worker_metrics(worker: str) -> WorkerMetrics:
    """Return fresh numbers of a worker."""
    registry = CollectorRegistry()
    label = ["worker"]
    return WorkerMetrics(
        registry,
        _labelled(Counter("tinhnet_worker_steps", "Steps done", label, registry=registry), worker),
        _labelled(
            Counter("tinhnet_worker_step_seconds", "Seconds in steps", label, registry=registry),
            worker,
        ),
        _labelled(
            Counter("tinhnet_worker_errors", "Steps that failed", label, registry=registry), worker
        ),
        Gauge(
            "tinhnet_worker_last_step_timestamp_seconds",
            "Time of the last step",
            label,
            registry=registry,
        ).labels(worker),
    )


def exposition(directory: Path) -> str:
    """Return the numbers of all workers of this machine, each family described once."""
    seen: set[str] = set()
    kept: list[str] = []
    for path in sorted(directory.glob("*.prom")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                if line in seen:
                    continue
                seen.add(line)
            kept.append(line)
    return "\n".join(sorted(kept, key=_family)) + "\n" if kept else ""


def text_of(families: Iterable[Family]) -> str:
    """Return families in the text form, in their order."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(families))
    return generate_latest(registry).decode()


def leave(directory: Path, name: str, families: Iterable[Family]) -> None:
    """Leave families of a worker where `exposition` finds them, in place of the last ones."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.prom"
    draft = path.with_suffix(".draft")
    draft.write_text(text_of(families), encoding="utf-8")
    draft.replace(path)


class _Families(Collector):
    """Families in the shape that the library asks for."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        for family in self._families:
            kind = "counter" if family.name.endswith(COUNTER) else "gauge"
            name = family.name.removesuffix(COUNTER) if kind == "counter" else family.name
            metric = Metric(name, family.help, kind)
            for labels, value, *at in family.rows:
                when = at[0].timestamp() if at else None
                metric.add_sample(family.name, dict(labels), value, timestamp=when)
            yield metric


def _labelled(counter: Counter, worker: str) -> Counter:
    return counter.labels(worker)


def _family(line: str) -> tuple[str, int]:
    """Order lines by family, the description first, as the text format demands."""
    if line.startswith("# "):
        return line.split()[2], 0 if line.startswith("# HELP") else 1
    return line.partition("{")[0], 2
