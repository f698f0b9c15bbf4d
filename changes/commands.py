# SPDX-License-Identifier: MIT
"""`tinhnet job …` and `tinhnet jobs`."""

import sys
from datetime import datetime, timedelta
from typing import Annotated

import typer

from changes.follow import Printer, Watcher, display_of, follow, pass_lines
from tinhnet.actions import RequestError, cancel_job, launch_job
from tinhnet.catalogue import catalogue
from tinhnet.config import load_config
from tinhnet.console import Row, print_json, print_rows, say
from tinhnet.context import Context, context_of_command, local_actor
from tinhnet.job_listing import event_row, job_detail_row, job_row
from tinhnet.model.job import DeviceResult, Job, JobEvent, JobFilter, JobRequest, JobState
from tinhnet.store.jobs import find_job, list_devices, list_jobs

MOST_HOURS = 24 * 366 * 10

app = typer.Typer()
job_app = typer.Typer(help="Run playbooks and watch them.", no_args_is_help=True)
app.add_typer(job_app, name="job")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="J12 or 12")]


@job_app.command("run")
def run_job(  # noqa: PLR0913 one parameter per option of the command
    playbook: Annotated[str, typer.Argument(help="A name of `tinhnet job list`.")],
    *,
    limit: Annotated[
        str | None, typer.Option(help="Devices, sites or groups: dien-ban,fw1")
    ] = None,
    tags: Annotated[str | None, typer.Option(help="Tags, joined by commas.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change.")] = False,
    extra: Annotated[list[str] | None, typer.Option(help="An argument as key=value.")] = None,
    purpose: Annotated[
        str | None,
        typer.Option(help="What it is for; needed by a change that follows no dry run."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end; exit 1 on failure.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask for a run of a playbook."""
    request = JobRequest(
        playbook=playbook,
        limit=limit,
        tags=tuple(tags.split(",")) if tags else (),
        check=check,
        diff=diff,
        extra=dict(_pair(text) for text in extra or []),
        purpose=purpose,
    )
    with context_of_command() as context:
        job = launch_job(context, local_actor(context), request)
        if not wait:
            _print_job(context, job, as_json=as_json)
            return
        display = None if quiet else display_of(sys.stderr)
        watcher = Watcher(display, _show if diff and not as_json else None)
        ended = follow(context, job, watcher)
        _print_job(context, ended, as_json=as_json)
    if ended.state is not JobState.SUCCEEDED:
        sys.exit(1)


@job_app.command("list")
def list_playbooks(*, as_json: AsJson = False) -> None:
    """Print the playbooks that can be run."""
    rows: list[Row] = [
        {
            "name": one.name,
            "risk": one.risk.value,
            "title_en": one.title_en,
            "title_vi": one.title_vi,
            "does_en": one.does_en,
            "does_vi": one.does_vi,
            "groups": list(one.groups),
            "arguments": [argument.name for argument in one.arguments],
        }
        for one in catalogue(load_config().config.jobs.playbooks)
    ]
    columns = {"name": "playbook", "risk": "risk", "title_en": "what it does"}
    columns |= {"groups": "acts on", "arguments": "takes"}
    print_rows(rows, columns, as_json=as_json)


@job_app.command("show")
def show_job(
    job: JobId,
    *,
    to_the_end: Annotated[
        bool, typer.Option("--follow", help="Print lines until the end.")
    ] = False,
    after: Annotated[int, typer.Option(help="Leave out lines up to this number.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Print a job: its lines, and what came of each device."""
    with context_of_command() as context:
        found = _existing(context, job)
        show = _show_json if as_json else _show
        if to_the_end:
            found = follow(context, found, Printer(show), after)
        elif not as_json:
            pass_lines(context, found, show, after)
        if not (as_json and to_the_end):
            _print_job(context, found, as_json=as_json)


@job_app.command("cancel")
def cancel(job: JobId, *, as_json: AsJson = False) -> None:
    """End a job; devices it has not reached are not attempted."""
    with context_of_command() as context:
        found = cancel_job(context, local_actor(context), _number(job))
        _print_job(context, found, as_json=as_json)


@app.command("jobs")
def list_all_jobs(  # noqa: PLR0913 one parameter per option of the command
    *,
    device: Annotated[str | None, typer.Option(help="Only jobs that touched a device.")] = None,
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    playbook: Annotated[str | None, typer.Option(help="Only jobs of a playbook.")] = None,
    actor: Annotated[str | None, typer.Option("--by", help="Only jobs of a person.")] = None,
    result: Annotated[
        DeviceResult | None, typer.Option(help="Only jobs in which a device came to this.")
    ] = None,
    changed: Annotated[
        float | None, typer.Option(help="Only jobs that changed devices in so many hours.")
    ] = None,
    count: Annotated[int, typer.Option(help="At most this many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Print jobs, newest first."""
    with context_of_command() as context, context.store.reading() as connection:
        states = (state,) if state else ()
        since = None if changed is None else hours_ago(context.now, changed)
        name = None if playbook is None else f"{playbook.removesuffix('.yml')}.yml"
        wanted = JobFilter(device, name, actor, result, since)
        found = list_jobs(connection, states=states, wanted=wanted, limit=count)
    columns = {"id": "job", "state": "state", "playbook": "playbook", "limit": "limit"}
    columns |= {"actor": "by", "purpose": "what for", "requested_at": "asked for"}
    columns |= {"reason": "reason"}
    print_rows([job_row(one) for one in found], columns, as_json=as_json)


def hours_ago(now: datetime, hours: float) -> datetime:
    """Return the moment some hours ago; RequestError for hours that make no sense."""
    if not 0 < hours <= MOST_HOURS:
        raise RequestError(f"--changed {hours:g}: expected hours, at most {MOST_HOURS}")
    return now - timedelta(hours=hours)


def _show(event: JobEvent) -> None:
    say(f"{event.seq:>5}  {event.text}")


def _show_json(event: JobEvent) -> None:
    print_json(event_row(event), indent=None)


def _print_job(context: Context, job: Job, *, as_json: bool) -> None:
    with context.store.reading() as connection:
        devices = list_devices(connection, job.number)
    if as_json:
        print_json(job_detail_row(job, devices))
        return
    counts: dict[str, int] = {}
    for one in devices:
        word = one.result.value if one.result else "open"
        counts[word] = counts.get(word, 0) + 1
    told = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    reason = f"; {job.reason}" if job.reason else ""
    say(f"{job.id} {job.state} {job.playbook}" + (f": {told}" if told else "") + reason)
    if job.purpose:
        say(f"  what for: {job.purpose}")
    if job.dry_run:
        say(f"  follows the dry run {job.dry_run}")
    for one in devices:
        if one.detail:
            say(f"  {one.device}: {one.result or 'open'}: {one.detail}")


def _existing(context: Context, job: str) -> Job:
    with context.store.reading() as connection:
        found = find_job(connection, _number(job))
    if found is None:
        raise RequestError(f"there is no job {job}", "`tinhnet jobs` lists them")
    return found


def _number(job: str) -> int:
    digits = job.upper().removeprefix("J")
    if not digits.isdecimal() or len(digits) > 15:  # noqa: PLR2004 what both databases can number
        raise RequestError(f"{job!r} is no job", "expected J12 or 12")
    return int(digits)


def _pair(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found:
        raise RequestError(f"--extra {text}: expected key=value")
    return key, value
