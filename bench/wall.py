# SPDX-License-Identifier: MIT
"""Measure the server's time for wall, overview, weathermap, a link and a graph at full size.

`.venv/bin/python -m bench.wall` from the root of the repository: 2,000
devices, 567 circuits measured, 13,000 alerts.
"""

import argparse
from collections.abc import Iterator
from datetime import datetime, timedelta

from bench.pages import SITES, enlarged, full_size, print_times
from tests.webui.afternoon import put_many, storm
from tests.webui.watching import observations
from tinhnet.context import Context
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.store import observed
from tinhnet.store.series.open import open_series
from tinhnet.store.series.sample import Sample, series_of

PATHS = {
    "wall": "/wall",
    "wall, what a refresh fetches": "/wall/board",
    "overview": "/",
    "weathermap and its list": "/weathermap",
    "one link with four graphs": "/links/dien-ban-1",
    "graph of 6 h": "/series?name=interface_in_bps&device=core1&link=dien-ban-1",
}
ONE = "dien-ban-1"
STEP = timedelta(seconds=30)
MANY = 720
"""Steps of the circuit whose graphs are drawn: six hours."""
FEW = 3


def samples(network: DeclaredNetwork, now: datetime) -> Iterator[Sample]:
    """Yield loads of both ends of every circuit: hours of one, the newest of the others."""
    for link in network.links.values():
        for step in range(MANY if link.id == ONE else FEW):
            for end in (link.a, link.b):
                labels = {"device": end.device, "interface": end.interface, "link": link.id}
                for name in ("interface_in_bps", "interface_out_bps"):
                    yield Sample(series_of(name, **labels), now - STEP * step, 1e6 + step)


def put_all(context: Context, network: DeclaredNetwork) -> None:
    """Write samples, alerts and what collectors saw."""
    series = open_series(context.config, context.clock)
    series.append(list(samples(network, context.now)))
    series.close()
    soon = context.now + timedelta(minutes=5)
    with context.store.writing() as connection:
        put_many(connection, storm(context.now, SITES))
        observed.put_observed(connection, "collect", soon, observations(network, soon))


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with full_size() as site:
        network = enlarged(site.context.config.inventory)
        put_all(site.context, network)
        print_times(site, f"Page, {len(network.devices)} devices, 13,000 alerts", PATHS)


if __name__ == "__main__":
    main()
