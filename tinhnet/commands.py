# SPDX-License-Identifier: MIT
"""Commands about the installation itself."""

from pathlib import Path
from typing import Annotated

import typer

from tinhnet.config import load_config, redacted
from tinhnet.console import Row, print_json, print_rows, say
from tinhnet.context import context_of_command
from tinhnet.logs import set_up_logs
from tinhnet.secrets import secrets_of
from tinhnet.store.engine import copy_file
from tinhnet.store.migrate import migrate, store_of
from tinhnet.up import supervise
from tinhnet.worker import run_worker

app = typer.Typer()
config_app = typer.Typer(help="What is set, and where it was set.", no_args_is_help=True)
secret_app = typer.Typer(help="Which secrets exist; values are never shown.", no_args_is_help=True)
state_app = typer.Typer(help="The rows everything is kept in.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(state_app, name="state")
app.add_typer(secret_app, name="secret")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@config_app.command("show")
def show_config(
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value was set.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print every setting with its value."""
    rows: list[Row] = [
        {
            "key": one.key,
            "value": redacted(one) if isinstance(one.value, str) else one.value,
            "origin": one.origin,
            "description": one.description,
        }
        for one in load_config().settings
    ]
    columns = {"key": "setting", "value": "value"} | ({"origin": "from"} if origin else {})
    print_rows(rows, columns | {"description": "what it is"}, as_json=as_json)


@secret_app.command("list")
def list_secrets(*, as_json: AsJson = False) -> None:
    """Print the names and versions of all secrets."""
    store = secrets_of(load_config().config.state)
    rows: list[Row] = [
        {"name": name, "versions": [one.version for one in store.versions(name)]}
        for name in store.names()
    ]
    print_rows(rows, {"name": "secret", "versions": "versions"}, as_json=as_json)


@app.command("worker")
def worker(
    name: Annotated[str, typer.Argument(help="change, web, …")],
    *,
    fd: Annotated[int | None, typer.Option(help="An inherited listening socket.")] = None,
) -> None:
    """Run one worker until it is told to end; `up` starts them all."""
    with context_of_command() as context:
        set_up_logs(context.config.logs, context.secrets.mask)
        run_worker(name, context, fd)


@app.command("up")
def up(
    *,
    fd: Annotated[
        int | None, typer.Option(help="An inherited listening socket for the web.")
    ] = None,
) -> None:
    """Start everything and keep it running until Ctrl-C."""
    with context_of_command() as context:
        set_up_logs(context.config.logs, context.secrets.mask)
        supervise(context, fd)


@app.command("migrate")
def migrate_state(*, as_json: AsJson = False) -> None:
    """Raise the state to this product's schema; take a backup first."""
    config = load_config().config
    store = store_of(config)
    try:
        done = migrate(store)
    finally:
        store.close()
    if as_json:
        print_json({"before": done.before, "after": done.after, "where": store.where})
    elif done.before == done.after:
        say(f"{store.where}: schema {done.after}, nothing to do")
    else:
        say(f"{store.where}: schema {done.before or 'none'} -> {done.after}")


@state_app.command("copy")
def copy_state(
    target: Annotated[Path, typer.Argument(help="A file that does not exist yet.")],
) -> None:
    """Write a whole copy of the state while everything runs; secrets are not in it."""
    with context_of_command() as context:
        copy_file(context.store, target)
        with context.store.reading() as connection:
            found = context.evidence.verify(connection)
    say(f"{target} written; {found.entries} entries of evidence, head {found.head}")
