# SPDX-License-Identifier: MIT
"""Measure the server's time for wall, overview, weathermap, a link and a graph at full size.

`.venv/bin/python -m bench.wall` from the root of the repository: 2,000
devices, 567 circuits measured, 13,000 alerts.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.noc import AIM_MS, SITES, enlarged, measure
from tests.webui.afternoon import put_many, storm
from tests.webui.conftest import Site, add_people, settings, write_playbooks
from tests.webui.watching import observations
from tinhnet.context import open_context
from tinhnet.store import observed
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, series_of
from webui.application import create_application
from webui.context import EXTENSION
from webui.declared import Inventory

PATHS = {
    "wall": "/wall",
    "wall, what a refresh fetches": "/wall/board",
    "overview": "/",
    "weathermap and its list": "/weathermap",
    "one link with four graphs": "/links/dien-ban-1",
    "graph of 6 h": "/series?name=interface_in_bps&device=core1&link=dien-ban-1",
}
HOURS = 6
ONE = "dien-ban-1"


def main(said: Callable[[str], None] = print) -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="tinhnet-bench-") as kept:
        directory = Path(kept)
        write_playbooks(directory / "playbooks")
        loaded = settings(directory / "state", directory / "playbooks")
        context = open_context(loaded)
        add_people(context)
        network = enlarged(context.config.inventory)
        now = context.now
        soon = now + timedelta(minutes=5)
        series = open_series(context.config, context.clock)
        samples = []
        for link in network.links.values():
            count = HOURS * 120 if link.id == ONE else 3
            for step in range(count):
                at = now - timedelta(seconds=30 * step)
                for end in (link.a, link.b):
                    labels = {"device": end.device, "interface": end.interface, "link": link.id}
                    for name in ("interface_in_bps", "interface_out_bps"):
                        samples.append(Sample(series_of(name, **labels), at, 1e6 + step))  # noqa: PERF401 four loops deep
        series.append(samples)
        series.close()
        with context.store.writing() as connection:
            put_many(connection, storm(now, SITES))
            observed.put_observed(connection, "collect", soon, observations(network, soon))
        app = create_application(context, loaded)
        app.extensions[EXTENSION] = replace(
            app.extensions[EXTENSION],
            inventory=Inventory(context.config.inventory, enlarged, context.clock),
        )
        client = Site(app, context, loaded).visit("lan", "vi")
        said(f"| Page, {len(network.devices)} devices, 13,000 alerts | Aim p95 | Median | p95 |")
        said("| --- | --- | --- | --- |")
        for name, path in PATHS.items():
            spent = measure(client, path)
            p95 = spent[int(len(spent) * 0.95) - 1]
            said(f"| {name} | ≤ {AIM_MS} ms | {statistics.median(spent):.0f} ms | {p95:.0f} ms |")
        context.store.close()


if __name__ == "__main__":
    main()
