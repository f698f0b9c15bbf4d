# SPDX-License-Identifier: MIT
"""What our own workers count, in Prometheus' text form.

Each worker writes its numbers to a small file with its heartbeat;
`exposition` puts the files of all workers together for `/metrics`.
"""

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


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


def _labelled(counter: Counter, worker: str) -> Counter:
    return counter.labels(worker)


def _family(line: str) -> tuple[str, int]:
    """Order lines by family, the description first, as the text format demands."""
    if line.startswith("# "):
        return line.split()[2], 0 if line.startswith("# HELP") else 1
    return line.partition("{")[0], 2
