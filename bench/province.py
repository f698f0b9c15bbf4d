# SPDX-License-Identifier: MIT
"""Measure the figures of the province in a box and write bench/RESULTS.md.

Tells the whole story `--runs` times on a lab of its own, the first one beside
the peer: ordinary Ansible tasks that write and validate the same number of
files on the same routers, which take minutes.  On the province of the last one
circuits are cut and alerts awaited.  Medians of the runs are quoted; needs root.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import cut

ROOT = Path(__file__).parents[1]
COMMAND = ROOT / ".venv/bin/tinhnet"
PLAYBOOK = ROOT / ".venv/bin/ansible-playbook"
PREFIX = "tb"
STATE = ROOT / "var/bench"
PORT = 8099
HEAD = """# Figures

Measured by `make bench` on the province of 2016: 44 routers, 9 servers, 40 site PCs.
Medians of {runs} told stories, smallest and largest in brackets.
The peer ran once, on the province of the first.
A job's seconds go from its request to its end.
Machines are shared and noisy: ratios to the peer of the same run count more than seconds.

{machine}

| Figure | Aim | Measured |
| --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: where its value stands in a run's figures."""

    title: str
    aim: str
    key: str
    unit: str


ROWS = (
    Row("lab up, every device bare", "≤ 25 s", "lab-up.lab_up_s", "s"),
    Row("routers bare → provisioned (job)", "≤ 30 s", "routers.job_s", "s"),
    Row("servers bare → provisioned (job)", "≤ 60 s", "servers.job_s", "s"),
    Row("proof: every PC × service, every router (job)", "–", "proved.job_s", "s"),
    Row("from nothing to a proven province", "≤ 120 s", "total", "s"),
    Row("no-op run, routers (job)", "≤ 10 s", "second-run.wan_s", "s"),
    Row("no-op run, everything (jobs)", "≤ 30 s", "noop", "s"),
    Row("page loss, silent cut of a primary circuit", "≤ 1.2 s", "cut.lost_s", "s"),
    Row("the same over IPv6", "≤ 1.2 s", "cut.lost6_s", "s"),
    Row("page loss, mend", "–", "mend.lost_s", "s"),
    Row("page loss, core1 powered off", "≤ 1 s", "kill-core1.lost_s", "s"),
    Row("the same over IPv6", "≤ 1 s", "kill-core1.lost6_s", "s"),
    Row("page loss, core2 powered off", "≤ 1 s", "kill-core2.lost_s", "s"),
    Row("rotation of all credentials, proof included", "–", "rotate.seconds", "s"),
    Row("memory of everything", "≤ 5 GB", "memory_gb", "GB"),
    Row("silent cut → alert in the API, p95 of 20", "≤ 2.5 s", "cuts.silent_p95_s", "s"),
    Row("the same, median", "–", "cuts.silent_median_s", "s"),
    Row("cut with its ports → alert in the API, p95 of 20", "≤ 1.5 s", "cuts.port_p95_s", "s"),
    Row("the same, median", "–", "cuts.port_median_s", "s"),
    Row("false alerts in a quiet 5 min", "0", "cuts.false_alerts", "alerts"),
    Row("peer: ordinary Ansible tasks, second run, routers", "–", "peer_s", "s"),
    Row("peer ÷ our no-op run, routers", "> 1", "peer_ratio", "×"),
)
PARTS = ("wan", "datacentre", "agents")
PROVISIONED = (
    "lab-up",
    "product-up",
    "routers",
    "partners",
    "servers",
    "trust",
    "agents",
    "proved",
)


def used_bytes() -> int:
    """Return the memory in use on this machine, caches aside."""
    lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    held = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
    return held["MemTotal"] - held["MemAvailable"]


def run(*command: str | Path) -> None:
    """Run a command whose output people watch; it must succeed."""
    environment = os.environ | {"TINHNET_STATE": str(STATE)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def peer_seconds() -> float:
    """Return what a second run of the ordinary tasks takes."""
    command = [COMMAND, "lab", "exec", "--prefix", PREFIX, "noc", "--", PLAYBOOK, "bench/peer.yml"]
    run(*command)
    began = time.monotonic()
    run(*command)
    return time.monotonic() - began


def one_run(number: int, runs: int) -> dict[str, float]:
    """Tell the story once and return its figures by `step.figure`."""
    shutil.rmtree(STATE, ignore_errors=True)
    STATE.mkdir(parents=True)
    told = STATE / "story.json"
    before = used_bytes()
    options = ["--prefix", PREFIX, "--state", STATE, "--port", str(PORT), "--keep"]
    try:
        run(COMMAND, "demo", "--story", "--json", told, *options)
        figures = figures_of(json.loads(told.read_text(encoding="utf-8")))
        figures["memory_gb"] = (used_bytes() - before) / 1e9
        if number == 1:
            figures["peer_s"] = peer_seconds()
            figures["peer_ratio"] = figures["peer_s"] / figures["second-run.wan_s"]
        if number == runs:
            cuts = cut.measure(PREFIX, STATE, PORT)
            figures |= {f"cuts.{name}": value for name, value in cuts.items()}
    finally:
        run(COMMAND, "lab", "down", "--prefix", PREFIX)
    print(f"run {number}: {json.dumps(figures)}", flush=True)
    return figures


def figures_of(story: dict[str, list[dict[str, object]]]) -> dict[str, float]:
    """Return every number of a story by `step.figure`."""
    figures: dict[str, float] = {}
    for result in story["results"]:
        held = result["figures"]
        measured = held if isinstance(held, dict) else {}
        for key, value in (measured | {"seconds": result["seconds"]}).items():
            if isinstance(value, int | float):
                figures[f"{result['id']}.{key}"] = float(value)
    figures["total"] = sum(figures[f"{step}.seconds"] for step in PROVISIONED)
    figures["noop"] = sum(figures[f"second-run.{part}_s"] for part in PARTS)
    return figures


def machine() -> str:
    """Return one line about the machine and the versions."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(": ", 1)[1]
            break
    ansible = subprocess.run(
        [PLAYBOOK, "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]
    python = platform.python_version()
    kernel = platform.release()
    day = datetime.now(UTC).date()
    cores = os.cpu_count()
    return f"{day}: {model}, {cores} cores, Linux {kernel}, Python {python}, {ansible}."


def cell(values: list[float], unit: str) -> str:
    """Return median and range; a value that was measured once stands alone."""
    middle = statistics.median(values)
    if len(values) == 1:
        return f"**{middle:.2f} {unit}**"
    return f"**{middle:.2f} {unit}** ({min(values):.2f}-{max(values):.2f})"


def main() -> None:
    """Measure, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    if os.geteuid() != 0:
        sys.exit("the province in a box needs root")
    told = [one_run(number, runs) for number in range(1, runs + 1)]
    text = HEAD.format(runs=runs, machine=machine())
    for row in ROWS:
        values = [one[row.key] for one in told if row.key in one]
        text += f"| {row.title} | {row.aim} | {cell(values, row.unit)} |\n"
    results = ROOT / "bench/RESULTS.md"
    kept = results.read_text(encoding="utf-8") if results.exists() else ""
    _, mark, rest = kept.partition("\n## ")
    results.write_text(text + mark + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
