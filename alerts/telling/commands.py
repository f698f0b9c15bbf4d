# SPDX-License-Identifier: MIT
"""`tinhnet notify …`: who is told, what became of it, and does it arrive."""

import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from alerts.message import Delivery, Fate, Message, retry
from alerts.telling.ready import Ready, notifiers, ready
from alerts.telling.wording import test_message
from tinhnet import access
from tinhnet.actions import record, require
from tinhnet.console import Cell, Row, print_rows, say, warn
from tinhnet.context import Context, context_of_command, local_actor
from tinhnet.errors import ProblemsError, TinhnetError
from tinhnet.inventory import load
from tinhnet.model.place import Person
from tinhnet.receivers import Receiver, load_receivers
from tinhnet.store.deliveries import FATES, KeptDelivery, list_deliveries

app = typer.Typer()
notify_app = typer.Typer(help="Who is told of alerts, and what became of it.", no_args_is_help=True)
app.add_typer(notify_app, name="notify")

PERMISSION = "duty.manage"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@notify_app.command("receivers")
def show_receivers(*, as_json: AsJson = False) -> None:
    """Print every receiver, and everything that is wrong with any; exit 1 if anything is."""
    with context_of_command() as context:
        access.require(local_actor(context), "network.view")
        found, problems = load_receivers(context.config.notify.receivers)
        ways = {one.name: _way(context, one) for one in found}
    rows: list[Row] = [_receiver_row(one, ways[one.name]) for one in found]
    columns = {"name": "receiver", "notifier": "by", "level": "level", "person": "person"}
    print_rows(rows, columns | {"least": "from", "faults": "wrong"}, as_json=as_json)
    for problem in problems:
        warn(str(problem))
    if problems or any(way.faults for way in ways.values()):
        sys.exit(1)


@notify_app.command("test")
def test_receiver(name: Annotated[str, typer.Argument(help="A receiver's name.")]) -> None:
    """Send a test message to a receiver, once, and say what became of it."""
    with context_of_command() as context:
        actor = local_actor(context)
        require(context, actor, PERMISSION, f"receiver {name}")
        receiver = _receiver(context, name)
        way, now = _way(context, receiver), context.now
        said = test_message(name, receiver.language or context.config.notify.language)
        message = Message(
            key=f"test/{name}/{now.isoformat()}",
            number=1,
            at=now,
            subject=said.subject,
            text=said.text,
            facts={"reason": "test"},
        )
        done = _tried(way, message)
        with context.store.writing() as connection:
            details = {"fate": done.fate.value, "detail": done.detail}
            record(context, connection, actor, "notify.test", f"receiver {name}", details)
        detail = context.secrets.mask(done.detail)
    if done.fate is not Fate.DELIVERED:
        raise TinhnetError(
            f"{name} was not told: {detail}", "`tinhnet notify receivers` shows its settings"
        )
    say(f"{name}: {detail}")


@notify_app.command("list")
def show_deliveries(
    *,
    receiver: Annotated[str | None, typer.Option(help="Only to this receiver.")] = None,
    fate: Annotated[str | None, typer.Option(help=f"Only these: {', '.join(FATES)}.")] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Print the newest messages and what became of them."""
    if fate is not None and fate not in FATES:
        raise TinhnetError(f"{fate!r} is no fate", f"one of {', '.join(FATES)}")
    with context_of_command() as context, context.store.reading() as connection:
        access.require(local_actor(context), "network.view")
        found = list_deliveries(
            connection, receiver=receiver, fates=[fate] if fate else [], limit=count
        )
    rows: list[Row] = [delivery_row(one) for one in found]
    columns = {"at": "at", "receiver": "to", "fate": "fate", "tries": "tries"}
    print_rows(rows, columns | {"subject": "subject", "detail": "detail"}, as_json=as_json)


@notify_app.command("secret")
def set_secret(
    name: Annotated[str, typer.Argument(help="Its name in [secrets], such as notify/mail.")],
) -> None:
    """Keep a secret of a receiver; its value is read from standard input."""
    value = sys.stdin.readline().rstrip("\n")
    if not name.startswith("notify/"):
        raise TinhnetError(f"{name} is no secret of a receiver", "its name begins with notify/")
    with context_of_command() as context:
        actor = local_actor(context)
        require(context, actor, "token.manage", f"secret {name}")
        if context.secrets.versions(name):
            context.secrets.discard(name)
            context.secrets.stage(name, lambda: value)
            kept = context.secrets.promote(name)
        else:
            kept = context.secrets.ensure(name, lambda: value)
        with context.store.writing() as connection:
            details = {"version": str(kept.version)}
            record(context, connection, actor, "secret.set", f"secret {name}", details)
    say(f"secret {name} has version {kept.version}")


def delivery_row(one: KeptDelivery) -> dict[str, Cell]:
    """Return a delivery as plain JSON."""
    return {
        "receiver": one.receiver,
        "key": one.key,
        "message": one.message,
        "notifier": one.notifier,
        "at": one.at.isoformat(),
        "fate": one.fate,
        "tries": one.tries,
        "due_at": one.due_at.isoformat() if one.due_at else None,
        "detail": one.detail,
        "subject": one.subject,
        "fingerprints": list(one.fingerprints),
    }


def _receiver_row(one: Receiver, way: Ready) -> dict[str, Cell]:
    return {
        "name": one.name,
        "notifier": one.notifier,
        "level": one.level,
        "person": one.person,
        "language": one.language,
        "least": one.least,
        "faults": list(way.faults),
    }


def _receiver(context: Context, name: str) -> Receiver:
    found, problems = load_receivers(context.config.notify.receivers)
    for one in found:
        if one.name == name:
            return one
    if problems:
        raise ProblemsError(problems)
    known = ", ".join(one.name for one in found) or "none"
    raise TinhnetError(f"there is no receiver {name}", f"these exist: {known}")


def _way(context: Context, receiver: Receiver) -> Ready:
    return ready(receiver, notifiers(), context.secrets, _people(context))


def _tried(way: Ready, message: Message) -> Delivery:
    if way.notifier is None:
        return retry("; ".join(way.faults))
    return way.notifier.deliver(message, way.settings)


def _people(context: Context) -> Mapping[str, Person]:
    """Return the people of the inventory, nobody while it does not load."""
    try:
        return load(context.config.inventory).people
    except ProblemsError:
        return {}
