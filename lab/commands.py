# SPDX-License-Identifier: MIT
"""`tinhnet lab …`: the province in a box from the command line.

Root does it here and now; anybody else asks the broker for the same verb.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from lab import broker as root_broker
from lab import condition, execute, verbs
from lab import status as look
from lab.base import CACHE
from lab.certificates import read_certificates
from lab.keys import fingerprint, read_public_key
from lab.layout import RUN, Layout, layout_of
from lab.machine import require_root
from lab.record import LinkRecord, read_record
from lab.request import Request
from lab.teardown import labs
from tinhnet.config import load_config
from tinhnet.console import Cell, Row, print_json, print_rows, say, warn
from tinhnet.errors import TinhnetError

app = typer.Typer(
    name="lab", help="Build the province in a box and break it on purpose.", no_args_is_help=True
)

Prefix = Annotated[str, typer.Option(help="Name of the lab; its namespaces start with it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LinkName = Annotated[str, typer.Argument(help="Id of a link.", metavar="LINK")]
DeviceName = Annotated[str, typer.Argument(help="Id of a device.", metavar="DEVICE")]


@app.command()
def up(
    prefix: Prefix = "tn",
    inventory: Annotated[
        Path | None, typer.Option(help="Directory of the declared network.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Public key that may log in; default: one is made.")
    ] = None,
    site: Annotated[
        list[str] | None, typer.Option(help="Only this site and the data centre; repeatable.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Build the lab and boot every device, bare."""
    config = load_config().config
    sites = tuple(site or ())
    if os.geteuid() != 0:
        if inventory not in (None, config.inventory):
            hint = "start another broker with that inventory, or be root"
            raise TinhnetError("the broker builds the inventory it was started with", hint)
        options = (*(f"--site={name}" for name in sites), *_json_option(as_json=as_json))
        text = read_public_key(key) if key else ""
        _ask(Request("up", prefix, options=options, text=text))
    record, was_up = verbs.up(
        _layout(prefix),
        inventory=(inventory or config.inventory).resolve(),
        key=key,
        sites=sites,
        progress=warn,
    )
    if as_json:
        counts = {"devices": len(record.devices), "links": len(record.links)}
        _tell("up", prefix, was_up=was_up, **counts)


@app.command()
def down(
    prefix: Prefix = "tn",
    *,
    every: Annotated[bool, typer.Option("--all", help="Every lab of this machine.")] = False,
    as_json: Json = False,
) -> None:
    """Take the lab away: every process, namespace, mount and file of it."""
    if os.geteuid() != 0 and not every:
        _ask(Request("down", prefix, options=_json_option(as_json=as_json)))
    require_root()
    taken: list[Row] = []
    for name in labs(RUN) if every else (prefix,):
        existed = verbs.down(_layout(name))
        taken.append({"prefix": name, "was_up": existed})
        if not as_json:
            say(f'lab "{name}" is down' if existed else f'lab "{name}" was not up')
    if as_json:
        print_json({"verb": "down", "labs": taken})


@app.command()
def prune(*, as_json: Json = False) -> None:
    """Remove the devices' base roots that no lab stands on; the next lab builds its own again."""
    require_root()
    removed = verbs.prune_bases(CACHE, warn)
    if as_json:
        print_json({"verb": "prune", "removed": [str(path) for path in removed]})
        return
    say(f"{len(removed)} base roots removed from {CACHE}")


@app.command()
def status(prefix: Prefix = "tn", *, as_json: Json = False) -> None:
    """Show devices with their state and memory, links with their condition."""
    if os.geteuid() != 0:
        _ask(Request("status", prefix, options=_json_option(as_json=as_json)))
    layout = _layout(prefix)
    record = read_record(layout)
    states = [look.device_status(layout, device) for device in record.devices.values()]
    devices: list[Row] = [asdict(state) for state in states]
    links = [look.link_row(record, link) for link in record.links.values()]
    if as_json:
        memory = sum(state.memory_bytes for state in states)
        processes = sum(state.processes for state in states)
        totals = {"memory_bytes": memory, "processes": processes}
        _tell("status", prefix, **totals, devices=devices, links=links)
        return
    columns = {"id": "Device", "kind": "Kind", "state": "State", "pid": "PID"}
    columns |= {"uptime_s": "Up, s", "memory_bytes": "Memory, bytes"}
    print_rows(devices, columns, as_json=False)
    columns = {"id": "Link", "place": "Carrier", "state": "State", "loss_percent": "Loss, %"}
    columns |= {"delay_ms": "Delay, ms", "rate_bps": "Rate, bit/s"}
    print_rows(links, columns, as_json=False)


@app.command("exec", context_settings={"ignore_unknown_options": True})
def exec_(
    device: DeviceName,
    command: Annotated[list[str], typer.Argument(help="What to run, after --.")],
    prefix: Prefix = "tn",
    *,
    account: Annotated[
        bool, typer.Option("--account", help="As the device's account, without rights.")
    ] = False,
    net_raw: Annotated[
        bool, typer.Option("--net-raw", help="On the controller: may open raw sockets.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run a command on a device as root, or on the controller as the product's user."""
    argv = tuple(command)
    if os.geteuid() != 0:
        options = _json_option(as_json=as_json)
        _ask(Request("exec", prefix, device, options=options, command=argv))
    layout = _layout(prefix)
    found = verbs.device_of(read_record(layout), device)
    is_device = found.kind != "controller"
    if account and not is_device:
        raise TinhnetError(f"{device} is the controller, not a device", "only root may run there")

    def run() -> int:
        """Run it in here; on the controller this never returns."""
        if not is_device:
            loaded = load_config()
            home, root = loaded.config.state / "home", loaded.root
            execute.prepare_home(home)
            execute.as_product(layout, device, argv, home=home, checkout=root, net_raw=net_raw)
        return execute.on_device(layout, found, argv, account=account)

    if not as_json:
        raise typer.Exit(run())
    if is_device:
        execute.require_power(layout, found)
    done = execute.captured(run)
    _tell("exec", prefix, device=device, **asdict(done))
    raise typer.Exit(done.status)


@app.command()
def kill(device: DeviceName, prefix: Prefix = "tn", *, as_json: Json = False) -> None:
    """Power a device off: processes and memory are lost, the disk stays."""
    _ask_unless_root(Request("kill", prefix, device, options=_json_option(as_json=as_json)))
    layout = _layout(prefix)
    record = verbs.kill(layout, device)
    if as_json:
        _tell("kill", prefix, device=look.device_row(layout, record.devices[device]))


@app.command()
def start(device: DeviceName, prefix: Prefix = "tn", *, as_json: Json = False) -> None:
    """Power a device on; it boots from its disk."""
    _ask_unless_root(Request("start", prefix, device, options=_json_option(as_json=as_json)))
    layout = _layout(prefix)
    record = verbs.start(layout, device)
    if as_json:
        _tell("start", prefix, device=look.device_row(layout, record.devices[device]))


@app.command()
def cut(
    link: LinkName,
    prefix: Prefix = "tn",
    *,
    port: Annotated[bool, typer.Option("--port", help="Down both ports, too.")] = False,
    as_json: Json = False,
) -> None:
    """Cut a circuit: silently, the ports stay up; with --port both ends lose light."""
    options = ("--port",) if port else ()
    how = "port" if port else "silent"
    wanted = Request("cut", prefix, link, options=options)
    _change_link(wanted, lambda found: replace(found, cut=how), as_json=as_json)


@app.command()
def mend(link: LinkName, prefix: Prefix = "tn", *, as_json: Json = False) -> None:
    """Give a circuit back its full health, whatever was done to it."""
    _change_link(Request("mend", prefix, link), condition.healthy, as_json=as_json)


@app.command()
def degrade(
    link: LinkName,
    prefix: Prefix = "tn",
    loss: Annotated[
        float | None, typer.Option(min=0, max=100, help="Percent of frames lost, each way.")
    ] = None,
    delay: Annotated[
        float | None, typer.Option(min=0, max=2000, help="Milliseconds, each way.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(help="Bit/s each way; k, M and G are understood.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Make a circuit lossy, far or slow; what is not named is as it should be."""
    if loss is None and delay is None and rate is None:
        raise TinhnetError("nothing to degrade", "give --loss, --delay or --rate")
    quality = condition.Quality(loss, delay, None if rate is None else condition.rate_of(rate))
    wanted = Request("degrade", prefix, link, options=condition.options_of(quality))
    _change_link(wanted, lambda found: condition.degraded(found, quality), as_json=as_json)


@app.command()
def rekey(device: DeviceName, prefix: Prefix = "tn", *, as_json: Json = False) -> None:
    """Give a device another ssh host key, as if it had been swapped."""
    _ask_unless_root(Request("rekey", prefix, device, options=_json_option(as_json=as_json)))
    key = verbs.rekey(_layout(prefix), device)
    if as_json:
        _tell("rekey", prefix, device=device, host_key=fingerprint(key))


@app.command()
def trust(
    file: Annotated[Path, typer.Argument(help="PEM file of certificates.")],
    prefix: Prefix = "tn",
    *,
    as_json: Json = False,
) -> None:
    """Make every site's PC trust a certificate authority."""
    text = read_certificates(file)
    _ask_unless_root(Request("trust", prefix, options=_json_option(as_json=as_json), text=text))
    devices = verbs.trust(_layout(prefix), text)
    if as_json:
        _tell("trust", prefix, devices=devices)
        return
    say(f"{len(devices)} PCs trust it from now on")


@app.command()
def broker() -> None:
    """Serve the lab's verbs to the group tinhnet over a Unix socket, as root."""
    from tinhnet.logs import log_of, set_up_logs  # noqa: PLC0415 no other verb needs it, 0.1 s

    require_root()
    config = load_config().config
    set_up_logs(config.logs, str)
    served = root_broker.Broker(config.state, config.inventory, log_of("lab"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with root_broker.listen() as listener:
        warn(f"serving {root_broker.SOCKET} for the group {root_broker.GROUP}")
        try:
            served.serve(listener)
        finally:
            root_broker.SOCKET.unlink(missing_ok=True)


def _change_link(
    request: Request, change: Callable[[LinkRecord], LinkRecord], *, as_json: bool
) -> None:
    """Give a circuit a new condition and tell which one it has now."""
    _ask_unless_root(replace(request, options=(*request.options, *_json_option(as_json=as_json))))
    record = verbs.change_link(_layout(request.prefix), request.target, change)
    if as_json:
        row = look.link_row(record, record.links[request.target])
        _tell(request.verb, request.prefix, link=row)


def _json_option(*, as_json: bool) -> tuple[str, ...]:
    return ("--json",) if as_json else ()


def _tell(verb: str, prefix: str, **came: Cell) -> None:
    """Print what came of a verb, for programs: docs/contracts/lab.schema.json."""
    print_json({"verb": verb, "prefix": prefix, **came})


def _ask_unless_root(request: Request) -> None:
    if os.geteuid() != 0:
        _ask(request)


def _ask(request: Request) -> None:
    """Have the broker do it; ends this command with the same status."""
    raise typer.Exit(root_broker.ask(request))


def _layout(prefix: str) -> Layout:
    os.umask(0o022)
    return layout_of(prefix, load_config().config.state)
