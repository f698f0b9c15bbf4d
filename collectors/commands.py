# SPDX-License-Identifier: MIT
"""`tinhnet poll …`: ask one device, without any server."""

import asyncio
import secrets
import socket
from pathlib import Path
from typing import Annotated

import typer

from collectors.credentials import Asked, security_of, sources
from collectors.observed import Observation
from collectors.poll import poll
from collectors.rows import observation_row
from collectors.snmp.errors import RefusedError
from collectors.snmp.security import Security
from collectors.snmp.session import PORT, Patience, Session, Target
from collectors.snmp.usm import AUTHENTICATIONS
from collectors.snmp.walk import Pace
from tinhnet.clock import utc_now
from tinhnet.config import load_config
from tinhnet.console import print_json, print_rows, say
from tinhnet.errors import TinhnetError
from tinhnet.secrets import secrets_of

app = typer.Typer()

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
