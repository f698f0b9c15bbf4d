# SPDX-License-Identifier: MIT
"""The web application at full size, 2,000 devices and 13,000 alerts, and times of its pages."""

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask.testing import FlaskClient

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


@contextmanager
def full_size() -> Iterator[Site]:
    """Yield an application over an empty state and the enlarged network."""
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
        yield Site(app, context, loaded)
        context.store.close()


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


def print_times(site: Site, title: str, paths: Mapping[str, str]) -> None:
    """Print a table of the pages by name, as an engineer gets them in Vietnamese."""
    client = site.visit("lan", "vi")
    print(f"| {title} | Aim p95 | Median | p95 | CPU p95 |")
    print("| --- | --- | --- | --- | --- |")
    for name, path in paths.items():
        wall, spent = measure(client, path)
        times = (statistics.median(wall), p95(wall), p95(spent))
        cells = " | ".join(f"{one:.0f} ms" for one in times)
        print(f"| {name} | ≤ {AIM_MS} ms | {cells} |", flush=True)


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


def p95(times: list[float]) -> float:
    """Return the value that 95 of 100 sorted ones do not exceed."""
    return times[int(len(times) * 0.95) - 1]
