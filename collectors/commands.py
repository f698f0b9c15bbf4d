# SPDX-License-Identifier: MIT
"""`tinhnet poll …` and `tinhnet logs parse …`: both work without any server."""

import asyncio
import json
import secrets
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from collectors.agent.probe import main as probe
from collectors.credentials import Asked, security_of, sources
from collectors.observed import Observation
from collectors.poll import poll
from collectors.rows import event_row, observation_row
from collectors.snmp.errors import RefusedError
from collectors.snmp.security import Security
from collectors.snmp.session import PORT, Patience, Session, Target
from collectors.snmp.usm import AUTHENTICATIONS
from collectors.snmp.walk import Pace
from collectors.syslog.event import Event
from collectors.syslog.framing import Framer
from collectors.syslog.parse import parse
from collectors.syslog.times import Assumed
from tinhnet.clock import utc_now
from tinhnet.config import load_config
from tinhnet.console import print_json, print_rows, say, warn
from tinhnet.errors import TinhnetError
from tinhnet.secrets import secrets_of

app = typer.Typer()
logs_app = typer.Typer(help="Lines of logs as events.", no_args_is_help=True)
app.add_typer(logs_app, name="logs")

PIECE_BYTES = 1 << 16
ZONE = "Asia/Ho_Chi_Minh"
TABLES = {
    "interfaces": {"name": "interface", "oper_status": "state", "speed_bps": "bit/s"}
    | {"in_octets": "octets in", "out_octets": "octets out", "in_errors": "errors in"}
    | {"out_errors": "errors out", "alias": "alias"},
    "memory": {"name": "memory", "total_bytes": "bytes", "used_ratio": "used"},
    "storage": {"name": "storage", "total_bytes": "bytes", "used_ratio": "used"},
    "neighbours": {"protocol": "neighbour by", "interface": "on", "address": "address"}
    | {"id": "id", "name": "name", "state": "state"},
}


@app.command("poll")
def poll_device(  # noqa: PLR0913 one parameter per option of the command
    address: Annotated[str, typer.Argument(metavar="ADDRESS[:PORT]", help="Of the SNMP agent.")],
    *,
    community: Annotated[str | None, typer.Option(help="Ask by SNMPv2c with this word.")] = None,
    user: Annotated[
        str | None, typer.Option("--v3-user", help="Ask by SNMPv3 authPriv as this user.")
    ] = None,
    authentication: Annotated[
        str, typer.Option("--v3-auth", help=f"One of {', '.join(AUTHENTICATIONS)}.")
    ] = "sha256",
    auth_file: Annotated[
        Path | None, typer.Option("--v3-auth-file", help="File with its passphrase.")
    ] = None,
    priv_file: Annotated[
        Path | None, typer.Option("--v3-priv-file", help="File with the passphrase of AES-128.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option("--v3-secret", help="Read NAME/auth and NAME/priv of `tinhnet secret list`."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.01, max=60, help="Seconds to wait for the first try.")
    ] = 1.0,
    tries: Annotated[int, typer.Option(min=1, max=10, help="How often to ask at most.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask a device what it is and how it is, by SNMP; nothing is stored.

    Passphrases are never arguments: they come from files, from the product's
    secrets, from TINHNET_SNMP_AUTH and TINHNET_SNMP_PRIV, or are asked for.
    """
    target = target_of(address)
    asked = Asked(community, user, authentication, auth_file, priv_file, secret)
    found = sources(lambda: secrets_of(load_config().config.state))
    security = security_of(asked, found, secrets.randbits(64))
    observation = asyncio.run(_poll_once(target, security, Patience(timeout, tries)))
    row = observation_row(observation, target)
    if as_json:
        print_json(row)
        return
    _print_tables(observation, target)


@app.command("probe")
def run_probe(
    orders: Annotated[Path, typer.Argument(metavar="FILE", help="The agent's orders, as JSON.")],
) -> None:
    """Run the probe agent here: ask targets every second, tell the collector over TLS.

    The file is described in docs/collect.md.  SIGTERM or Ctrl-C ends it once
    what it has seen is told.
    """
    status = probe([str(orders)])
    if status:
        raise typer.Exit(status)


@logs_app.command("parse")
def parse_log(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A log, or - for standard input.")],
    *,
    zone: Annotated[str, typer.Option(help="Where clocks without a zone stand.")] = ZONE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what each line of a log says; bad lines are kept and marked.

    Lines may end by a line feed or be counted (RFC 6587).  A summary goes to
    standard error.
    """
    try:
        assumed = Assumed(utc_now(), ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise TinhnetError(
            f"there is no time zone {zone!r}", f"expected one like {ZONE}"
        ) from error
    count = faulty = 0
    for count, event in enumerate(_events(file, assumed), 1):
        faulty += event.fault is not None
        if as_json:
            sys.stdout.write("[\n" if count == 1 else ",\n")
            json.dump(event_row(event, count), sys.stdout, ensure_ascii=False)
            continue
        at = event.at.isoformat(timespec="seconds") if event.at else "-"
        source = event.code or event.program or "-"
        marked = f"  !! {event.fault}" if event.fault else ""
        say(f"{at}  {event.device or '-'}  {source}  {event.kind}  {event.message}{marked}")
    if as_json:
        sys.stdout.write("\n]\n" if count else "[]\n")
    warn(f"{count} lines, {faulty} with a fault")


def _events(file: str, assumed: Assumed) -> Iterator[Event]:
    framer = Framer()
    try:
        with open(0 if file == "-" else file, "rb") as stream:  # noqa: PTH123 standard input has no path
            while piece := stream.read(PIECE_BYTES):
                for frame in framer.feed(piece):
                    yield parse(frame, assumed)
    except OSError as error:
        raise TinhnetError(
            f"{file} cannot be read: {error.strerror}", "give a file, or - for standard input"
        ) from error
    for frame in framer.finish():
        yield parse(frame, assumed)


async def _poll_once(target: Target, security: Security, patience: Patience) -> Observation:
    async with Session(target, security, lambda: secrets.randbits(31), patience) as session:
        return await poll(session, Pace(), utc_now)


def target_of(text: str) -> Target:
    """Return where to ask, from ADDRESS[:PORT]; a name is looked up."""
    host, port = text, str(PORT)
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif text.count(":") == 1:
        host, port = text.split(":")
    if not port.isdecimal() or not 0 < int(port) < 1 << 16 or not host:
        raise TinhnetError(
            f"{text!r} is no address", "expected ADDRESS or ADDRESS:PORT; IPv6 as [fd00::1]:161"
        )
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise RefusedError(f"{host} has no address: {error}", "give a numeric one") from error
    return Target(str(found[0][4][0]), int(port))


def _print_tables(observation: Observation, target: Target) -> None:
    device = observation.device
    up_s = None if device.uptime_ticks is None else device.uptime_ticks // 100
    say(f"{device.name or '-'} at {target}: {device.description or '-'}; up {up_s or '-'} s")
    row = observation_row(observation, target)
    for key, columns in TABLES.items():
        rows = row[key]
        if isinstance(rows, list) and rows:
            say("")
            print_rows(rows, columns, as_json=False)
