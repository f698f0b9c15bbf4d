# SPDX-License-Identifier: MIT
"""`tinhnet shift …`: what this shift would hand over, giving it and taking it."""

import re
from typing import Annotated

import typer

from tinhnet import access
from tinhnet.actions import RequestError
from tinhnet.alerting import shift_actions
from tinhnet.console import local, print_json, print_rows, say
from tinhnet.context import Context, context_of_command, local_actor
from tinhnet.shift.listing import handover_row, line_row
from tinhnet.store.shifts import Handover, find_handover, list_handovers

app = typer.Typer()
shift_app = typer.Typer(help="What goes from one shift to the next.", no_args_is_help=True)
app.add_typer(shift_app, name="shift")

ID = re.compile(r"H?([1-9][0-9]{0,8})")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(metavar="HANDOVER", help="H12, as the list has it.")]


@shift_app.command("now")
def show_now(*, as_json: AsJson = False) -> None:
    """Print what this shift would hand over at this moment."""
    with context_of_command() as context:
        access.require(local_actor(context), "network.view")
        rows = [
            line_row(one)
            if as_json
            else line_row(one) | {"at": local(one.at), "until": local(one.until)}
            for one in shift_actions.shift_now(context)
        ]
        language = context.config.web.language
    columns = {"kind": "kind", f"title_{language}": "what", "word": "state", "at": "since"}
    columns |= {"until": "until", "who": "who", "detail": "details"}
    print_rows(rows, columns, as_json=as_json)


@shift_app.command("list")
def show_handovers(
    *,
    count: Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Print handovers, the newest first."""
    with context_of_command() as context, context.store.reading() as connection:
        access.require(local_actor(context), "network.view")
        rows = [
            handover_row(one)
            if as_json
            else handover_row(one)
            | {"given_at": local(one.given_at), "taken_at": local(one.taken_at)}
            for one in list_handovers(connection, limit=count)
        ]
    columns = {"id": "handover", "given_at": "given", "given_by": "by", "taken_at": "taken"}
    print_rows(rows, columns | {"taken_by": "over by", "note": "note"}, as_json=as_json)


@shift_app.command("show")
def show_handover(handover: Name, *, as_json: AsJson = False) -> None:
    """Print a handover as it was signed."""
    number = _number(handover)
    with context_of_command() as context:
        access.require(local_actor(context), "network.view")
        with context.store.reading() as connection:
            found = find_handover(connection, number)
        if found is None:
            raise RequestError("there is no handover %(id)s", id=f"H{number}")
        _print(context, found, as_json=as_json)


@shift_app.command("give")
def give(
    note: Annotated[str, typer.Option(help="Notes for the next shift.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Sign this shift off; what is open is kept as it stands."""
    with context_of_command() as context:
        given = shift_actions.give_handover(context, local_actor(context), note)
        _print(context, given, as_json=as_json)


@shift_app.command("take")
def take(handover: Name, *, as_json: AsJson = False) -> None:
    """Sign the next shift on; nobody takes over what they gave."""
    number = _number(handover)
    with context_of_command() as context:
        taken = shift_actions.take_handover(context, local_actor(context), number)
        _print(context, taken, as_json=as_json)


def _number(text: str) -> int:
    found = ID.fullmatch(text)
    if found is None:
        raise RequestError(f"{text} is no handover; `tinhnet shift list` shows them")
    return int(found[1])


def _print(context: Context, one: Handover, *, as_json: bool) -> None:
    if as_json:
        print_json(handover_row(one))
        return
    vietnamese = context.config.web.language == "vi"
    taken = f"taken over by {one.taken_by}" if one.taken_by else "waits for the next shift"
    say(f"{one.id} given by {one.given_by}, {taken}: {len(one.lines)} lines, {one.note or '-'}")
    for line in one.lines:
        title = line.title_vi if vietnamese else line.title_en
        said = " ".join(part for part in (line.kind, line.word, title, line.detail) if part)
        say(f"  {said}")
