# SPDX-License-Identifier: MIT
"""`tinhnet duty …`: who is on call."""

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tinhnet import access
from tinhnet.console import Cell, Row, print_rows, say
from tinhnet.context import context_of_command, local_actor
from tinhnet.duty import actions
from tinhnet.errors import TinhnetError
from tinhnet.store.duties import Duty, list_duties

app = typer.Typer()
duty_app = typer.Typer(help="Who is on call, and from when to when.", no_args_is_help=True)
app.add_typer(duty_app, name="duty")

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
WEEK = timedelta(days=7)
LAST = datetime(9999, 12, 31, tzinfo=ZONE)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@duty_app.command("list")
def show_duties(
    *,
    days: Annotated[int, typer.Option(min=1, max=800, help="How far to look ahead.")] = 28,
    as_json: AsJson = False,
) -> None:
    """Print the duties that go on or begin within some days."""
    with context_of_command() as context, context.store.reading() as connection:
        access.require(local_actor(context), "network.view")
        now = context.now
        rows: list[Row] = [
            duty_row(one, now) for one in list_duties(connection, now, now + timedelta(days=days))
        ]
    columns = {"number": "duty", "person": "person", "level": "level", "start": "from"}
    print_rows(rows, columns | {"end": "until", "is_now": "now"}, as_json=as_json)


@duty_app.command("add")
def add_duty(
    persons: Annotated[list[str], typer.Argument(help="Who; several take turns.")],
    *,
    start: Annotated[str, typer.Option("--from", help="2026-11-30T07:00, time of Vietnam.")],
    until: Annotated[
        str | None, typer.Option(help="End of the first; a week later if left out.")
    ] = None,
    level: Annotated[int, typer.Option(min=1, max=9, help="1 is told first.")] = 1,
    times: Annotated[int, typer.Option(min=1, help="How many in a row, one after the other.")] = 1,
) -> None:
    """Put a duty, or a row of duties that hand over to each other, into the calendar."""
    begins = _moment(start)
    ends = _moment(until) if until else begins + min(WEEK, LAST - begins)
    request = actions.DutyRequest(tuple(persons), level, begins, ends, times)
    with context_of_command() as context:
        for one in actions.add_duties(context, local_actor(context), request):
            say(f"duty {one.number}: {one.person}, level {one.level}, {_span(one)}")
        lost = sorted(set(persons) - actions.reachable_persons(context))
    if lost:
        say(f"no receiver reaches {', '.join(lost)}: every receiver of the level is told instead")


@duty_app.command("remove")
def remove_duty(
    number: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its number in the list.")],
) -> None:
    """Take a duty out of the calendar."""
    with context_of_command() as context:
        one = actions.remove_duty(context, local_actor(context), number)
    say(f"duty {one.number} is gone: {one.person}, level {one.level}, {_span(one)}")


def duty_row(one: Duty, now: datetime) -> dict[str, Cell]:
    """Return a duty as plain JSON, in the time of Vietnam."""
    return {
        "number": one.number,
        "person": one.person,
        "level": one.level,
        "start": one.start.astimezone(ZONE).isoformat(),
        "end": one.end.astimezone(ZONE).isoformat(),
        "is_now": one.start <= now < one.end,
    }


def _span(one: Duty) -> str:
    start, end = one.start.astimezone(ZONE), one.end.astimezone(ZONE)
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise TinhnetError(f"{text!r} is no moment", "expected 2026-11-30T07:00") from error
    return found if found.tzinfo else found.replace(tzinfo=ZONE)
