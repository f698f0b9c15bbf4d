# SPDX-License-Identifier: MIT
"""Measure how long it takes from a cut circuit to its alert in the API.

Needs a proven province in a box (`tinhnet demo`, or a story told with
`--keep`) whose product runs.  Cuts the primary circuits of the districts one
after the other, 20 silently and 20 with their ports, waits until the API
shows exactly one alert that names the circuit, mends, waits until nothing
fires, and then looks for false alerts in a quiet time.  Needs root;
`make bench` does it on the province that its last story leaves.
"""

import argparse
import statistics
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lab import condition, verbs
from lab.layout import Layout, layout_of
from tinhnet.demo.box import Box
from tinhnet.demo.watch import Api
from tinhnet.inventory import load

ROOT = Path(__file__).parents[1]
PATIENCE_S = 60.0
POLL_S = 0.1
SETTLE_S = 3.0
"""Seconds in which a second alert of the same cut, or of its mending, would come."""


def until(api: Api, things: list[str], for_s: float = 0.0) -> float:
    """Wait until exactly these things alert, without a break for `for_s` seconds.

    Returns when that began to be seen, as monotonic seconds.
    """
    deadline = time.monotonic() + PATIENCE_S
    began = None
    while True:
        firing = sorted(str(one["thing"]) for one in api.firing())
        now = time.monotonic()
        began = (began or now) if firing == things else None
        if began is not None and now - began >= for_s:
            return began
        if now > deadline:
            sys.exit(f"expected {things or 'nothing'} to alert, found {firing}")
        time.sleep(POLL_S)


def one_cut(api: Api, layout: Layout, link: str, how: str) -> float:
    """Cut a circuit and mend it; return the seconds from the cut to its alert in the API."""
    things = [f"link:{link}"]
    began = time.monotonic()
    verbs.change_link(layout, link, lambda found: replace(found, cut=how))
    seen = until(api, things)
    until(api, things, SETTLE_S)
    verbs.change_link(layout, link, condition.healthy)
    until(api, [], SETTLE_S)
    return seen - began


def false_alerts(api: Api, seconds: float) -> int:
    """Return how many alerts fire in a time in which nothing is broken."""
    began = datetime.now(UTC)
    time.sleep(seconds)
    return len(api.rows("alerts", fired_since=began.isoformat()))


def p95(values: list[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def measure(
    prefix: str, state: Path, port: int, cuts: int = 20, quiet_s: float = 300.0
) -> dict[str, float]:
    """Cut, mend and wait; return seconds to the alert by kind of cut, and the false alerts."""
    inventory = ROOT / "inventory"
    network = load(inventory)
    layout = layout_of(prefix, state)
    api = Api(Box(prefix, inventory, state), port)
    links = [
        one.id
        for one in network.links.values()
        if one.kind == "circuit" and f"{one.id[:-2]}-2" in network.links and one.id.endswith("-1")
    ]
    until(api, [])
    found: dict[str, float] = {}
    for how in ("silent", "port"):
        took = [one_cut(api, layout, link, how) for link in (links * cuts)[:cuts]]
        named = {"p95": p95(took), "median": statistics.median(took), "most": max(took)}
        found |= {f"{how}_{name}_s": value for name, value in named.items()}
    return found | {"false_alerts": float(false_alerts(api, quiet_s))}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prefix", default="tn")
    parser.add_argument("--state", type=Path, default=ROOT / "var")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--quiet-s", type=float, default=300.0)
    given = parser.parse_args()
    found = measure(given.prefix, given.state, given.port, given.cuts, given.quiet_s)
    for name, value in found.items():
        sys.stdout.write(f"{name} {value:.2f}\n")


if __name__ == "__main__":
    main()
