# SPDX-License-Identifier: MIT
"""Measure the server's time for the NOC's pages: 2,000 devices, 13,000 alerts, 86 cut circuits.

`.venv/bin/python -m bench.noc` from the root of the repository.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient

from tests.webui.afternoon import put_many, storm
from tests.webui.conftest import Site, add_people, settings, write_playbooks
from tinhnet.context import open_context
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from webui.application import create_application
from webui.context import EXTENSION
from webui.declared import Inventory

SITES = 250
DEVICES = 8
RUNS = 40
AIM_MS = 100
PATHS = {
    "inbox": "/alerts",
    "inbox of one site": "/alerts?site=site-7",
    "inbox, page 9 of what is hidden too": "/alerts?state=silenced&folded=no&page=9",
    "one alert that explains 250 circuits": "/alerts/{core}",
    "silences and maintenance": "/maintenance",
    "shift handover": "/handover",
}


def enlarged(directory: Path) -> DeclaredNetwork:
    """Return the declared network with 250 more sites of 8 devices and 2 circuits each."""
    network = load(directory)
    site, device = network.sites["dien-ban"], network.devices["dien-ban-cpe1"]
    sites, devices, links = dict(network.sites), dict(network.devices), dict(network.links)
    for number in range(SITES):
        name = f"site-{number}"
        sites[name] = replace(site, id=name, name_vi=f"Xã {number}", name_en=f"Commune {number}")
        for place in range(DEVICES):
            id_ = f"{name}-{place}"
            devices[id_] = replace(device, id=id_, site=name)
        for role in (1, 2):
            links[f"{name}-{role}"] = replace(
                network.links[f"dien-ban-{role}"],
                id=f"{name}-{role}",
                a=replace(network.links[f"dien-ban-{role}"].a, device=f"{name}-0"),
            )
    return replace(network, sites=sites, devices=devices, links=links)


def measure(client: FlaskClient, path: str) -> tuple[list[float], list[float]]:
    """Return the milliseconds of many requests after a first one, by the wall and of the CPU."""
    if client.get(path).status_code != 200:  # noqa: PLR2004 HTTP status
        raise SystemExit(f"{path} does not answer")
    wall, spent = [], []
    for _ in range(RUNS):
        began, busy = time.perf_counter(), time.process_time()
        client.get(path)
        wall.append((time.perf_counter() - began) * 1000)
        spent.append((time.process_time() - busy) * 1000)
    return sorted(wall), sorted(spent)


def p95(spent: list[float]) -> float:
    """Return the value that 95 of 100 do not exceed."""
    return spent[int(len(spent) * 0.95) - 1]


def main(said: Callable[[str], None] = print) -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="tinhnet-bench-") as kept:
        directory = Path(kept)
        write_playbooks(directory / "playbooks")
        loaded = settings(directory / "state", directory / "playbooks")
        context = open_context(loaded)
        add_people(context)
        app = create_application(context, loaded)
        app.extensions[EXTENSION] = replace(
            app.extensions[EXTENSION],
            inventory=Inventory(context.config.inventory, enlarged, context.clock),
        )
        with context.store.writing() as connection:
            found = list(storm(context.now, SITES))
            put_many(connection, iter(found))
        client = Site(app, context, loaded).visit("lan", "vi")
        said("| Page, 13,000 alerts that hold, 2,000 devices | Aim p95 | Median | p95 | CPU p95 |")
        said("| --- | --- | --- | --- | --- |")
        for name, path in PATHS.items():
            wall, spent = measure(client, path.format(core=found[0].alert.fingerprint))
            median = f"{statistics.median(wall):.0f} ms | {p95(wall):.0f} ms | {p95(spent):.0f} ms"
            said(f"| {name} | ≤ {AIM_MS} ms | {median} |")
        context.store.close()


if __name__ == "__main__":
    main()
