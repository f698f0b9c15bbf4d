# SPDX-License-Identifier: MIT
"""`tinhnet sites|devices|links|services`: the declared network as lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from tinhnet.config import load_config
from tinhnet.console import print_rows
from tinhnet.inventory.listing import (
    Row,
    device_rows,
    link_rows,
    plain,
    service_rows,
    site_rows,
)
from tinhnet.inventory.loader import load
from tinhnet.model.declared import DeclaredNetwork

app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("sites")
def list_sites(
    *,
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As of this day instead of the model's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the sites, who lives there and how they are connected."""
    columns = {"id": "site", "kind": "kind", "name_vi": "name", "unit": "unit"}
    columns |= {"primary": "primary", "backup": "backup", "lan4": "LAN", "invented": "invented"}
    _print(site_rows(_network(), day.date() if day else None), columns, as_json=as_json)


@app.command("devices")
def list_devices(*, as_json: AsJson = False) -> None:
    """Print the devices."""
    columns = {"id": "device", "site": "site", "role": "role", "platform": "platform"}
    columns |= {"management4": "management", "router_id": "router id"}
    _print(device_rows(_network()), columns, as_json=as_json)


@app.command("links")
def list_links(*, as_json: AsJson = False) -> None:
    """Print the circuits and patches."""
    columns = {"id": "link", "kind": "kind", "role": "role", "carrier": "carrier"}
    columns |= {"bandwidth_bps": "bit/s", "prefix4": "prefix", "invented": "invented"}
    _print(link_rows(_network()), columns, as_json=as_json)


@app.command("services")
def list_services(*, as_json: AsJson = False) -> None:
    """Print the services and where they run."""
    columns = {"id": "service", "name_vi": "name", "level": "level", "server": "server"}
    columns |= {"url": "URL", "invented": "invented"}
    _print(service_rows(_network()), columns, as_json=as_json)


def _network() -> DeclaredNetwork:
    return load(load_config().config.inventory)


def _print(rows: Sequence[Row], columns: dict[str, str], *, as_json: bool) -> None:
    print_rows([plain(row) for row in rows], columns, as_json=as_json)
