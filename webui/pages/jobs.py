# SPDX-License-Identifier: MIT
"""Jobs: the list, launching and cancelling, and one job with its live log."""

from collections.abc import Iterator
from dataclasses import replace

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from tinhnet import actions
from tinhnet.catalogue import PlaybookMissingError, find_playbook
from tinhnet.model.job import DeviceResult, Job, JobDevice, Risk
from tinhnet.purpose import PurposeError
from tinhnet.store.jobs import (
    list_actors,
    list_devices,
    list_events,
    list_jobs,
    list_playbooks,
)
from tinhnet.store.results import first_faults, next_fault, tallies, tasks_of
from tinhnet.targets import Target
from webui.alike import Line, alike
from webui.context import index, web
from webui.failure import in_words
from webui.jobfilter import filters_from
from webui.joblog import LINES, events_of, text_of, window
from webui.jobview import OPEN, job_by_id
from webui.limits import REVIEWS, limiter
from webui.live import StreamsFullError
from webui.page import Entry, Page
from webui.person import actor, may, needs, still_here
from webui.request import asked_from, asked_of
from webui.stream import event_stream, full
from webui.target import target_of
from webui.words import choices

_pages = Blueprint("jobs", __name__, url_prefix="/jobs")
PAGE = Page(_pages, Entry("jobs.browse", lazy_gettext("Jobs"), "terminal", "automation", order=60))
PER_PAGE = 50
ORDER = ("failed", "unreachable", "rolled_back", "running", "changed", "ok", "waiting")
"""Results in the order of the devices of a job: what needs somebody comes first."""
FAULTS = {DeviceResult.FAILED, DeviceResult.UNREACHABLE, DeviceResult.ROLLED_BACK}
LONGEST_LIMIT = 1000


@_pages.get("")
@needs("job.view")
def browse() -> str:
    """Show the jobs, newest first."""
    asked = filters_from(request.args, web().context.now)
    with web().store.reading() as connection:
        found = list_jobs(
            connection,
            states=asked.states,
            wanted=asked.wanted,
            before=asked.before,
            limit=PER_PAGE + 1,
        )
        counts = tallies(connection, [job.number for job in found])
        playbooks, actors = list_playbooks(connection), list_actors(connection)
    shown = found[:PER_PAGE]
    return render_template(
        "jobs.html",
        jobs=shown,
        tallies=counts,
        asked=asked,
        playbooks=[(name, name) for name in playbooks],
        actors=[(name, name) for name in actors],
        states=choices("job"),
        results=choices("result", [one.value for one in DeviceResult]),
        older=shown[-1].number if len(found) > PER_PAGE else None,
    )


@_pages.post("")
@needs("job.run.read")
@limiter.limit(REVIEWS)
def launch() -> AnyResponse:
    """Ask for a job; a run that changes devices must repeat how many."""
    asked = asked_from(request.form)
    playbook = find_playbook(web().context.config.jobs.playbooks, request.form.get("playbook", ""))
    faults = asked.faults(playbook)
    back = asked.address(url_for("playbooks.review", name=playbook.name))
    if faults:
        flash(" ".join(faults.values()), "error")
        return redirect(back, code=303)
    wanted = asked.request(playbook)
    is_risky = not wanted.check and playbook.risk is not Risk.READ
    if is_risky and may(f"job.run.{playbook.risk.value}"):
        refusal = _miscounted(target_of(web().context, wanted), request.form.get("confirm", ""))
        if refusal:
            flash(refusal, "error")
            return redirect(back, code=303)
    try:
        job = actions.launch_job(web().context, actor(), wanted)
    except PurposeError as error:
        flash(in_words(error), "error")
        return redirect(back, code=303)
    return redirect(url_for("jobs.show", job_id=job.id), code=303)


@_pages.get("/<job_id>")
@needs("job.view")
def show(job_id: str) -> str:
    """Show one job with a window of its log."""
    job = _job(job_id)
    typed = request.args.get("after", "")
    latest = max(0, job.last_seq - LINES)
    fallback = 0 if job.state.is_final else latest
    after = int(typed) if typed.isdecimal() and len(typed) < 10 else fallback  # noqa: PLR2004
    with web().store.reading() as connection:
        lines = list_events(connection, job.number, after=after, limit=LINES)
    status = _status(job) | _opened(job, request.args.get("device", ""))
    return render_template("job.html", **status, lines=lines, after=after, window=LINES)


@_pages.get("/<job_id>/status")
@needs("job.view")
def status(job_id: str) -> str:
    """Return the parts of a job's page that change, for its scripts."""
    return render_template("parts/job_update.html", **_status(_job(job_id)))


@_pages.get("/<job_id>/tasks")
@needs("job.view")
def tasks(job_id: str) -> str:
    """Return the tasks of one device of a job, to stand beside the log."""
    job = _job(job_id)
    opened = _opened(job, request.args.get("device", ""))
    if opened["opened"] is None:
        abort(404)
    return render_template("parts/job_tasks.html", job=job, **opened)


@_pages.get("/<job_id>/lines")
@needs("job.view")
def lines(job_id: str) -> AnyResponse:
    """Return a window of the log as HTML."""
    job = _job(job_id)
    after, limit = window(request.args)
    with web().store.reading() as connection:
        found = list_events(connection, job.number, after=after, limit=limit)
    answer = make_response(render_template("parts/job_lines.html", lines=found))
    answer.headers["X-Last-Line"] = str(job.last_seq)
    answer.headers["X-Job-Final"] = "yes" if job.state.is_final else "no"
    return answer


@_pages.get("/<job_id>/fault")
@needs("job.view")
def fault(job_id: str) -> Response:
    """Return the number of the next failing line, of the first one after the last."""
    job = _job(job_id)
    after, _ = window(request.args)
    with web().store.reading() as connection:
        seq = next_fault(connection, job.number, after) or next_fault(connection, job.number, 0)
    return jsonify(seq=seq)


@_pages.get("/<job_id>/stream")
@needs("job.view")
def stream(job_id: str) -> AnyResponse:
    """Send the lines after `after`, or after the last one a broken stream got, as they come."""
    job = _job(job_id)
    resumed = request.headers.get("Last-Event-ID", "")
    after = int(resumed) if resumed.isdecimal() else window(request.args)[0]
    template = current_app.jinja_env.get_template("parts/job_lines.html")
    try:
        return event_stream(events_of(web(), job.number, after, template), still_here())
    except StreamsFullError:
        return full()


@_pages.get("/<job_id>/log.txt")
@needs("job.view")
def download(job_id: str) -> Response:
    """Return the whole log as text, however long it is."""
    job = _job(job_id)
    answer = Response(text_of(web().store, job.number), mimetype="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="tinhnet-{job.id}.txt"'
    return answer


@_pages.get("/<job_id>/cancel")
@needs("job.cancel")
def ask_cancel(job_id: str) -> str:
    """Ask whether the job shall really end."""
    return render_template("cancel.html", **_status(_job(job_id)))


@_pages.post("/<job_id>/cancel")
@needs("job.cancel")
def cancel(job_id: str) -> AnyResponse:
    """End a job."""
    job = _job(job_id)
    if job.state.is_final:
        flash(gettext("%(job)s has ended already.", job=job.id), "warning")
    else:
        actions.cancel_job(web().context, actor(), job.number)
        flash(gettext("%(job)s is being cancelled.", job=job.id), "success")
    return redirect(url_for("jobs.show", job_id=job.id), code=303)


def _miscounted(target: Target, typed: str) -> str | None:
    """Return why the number that was typed is not that of the devices, None where it is.

    The devices are those that Ansible names now: the form may be old, and
    what it carried along is nobody's count.
    """
    if target.complaint:
        return f"{gettext('Ansible does not accept this target:')} {target.complaint}"
    count = len(target.devices)
    if not count:
        return str(gettext("No device matches. Change the limit."))
    if typed.strip() == str(count):
        return None
    if not typed.strip():
        return str(gettext("Nothing was started: type the number of devices."))
    told = gettext(
        "Nothing was started: you typed %(typed)s, Ansible names %(count)s.",
        typed=typed.strip()[:20],
        count=count,
    )
    return str(told)


def _job(job_id: str) -> Job:
    """Return a job by its id; 404 without one."""
    job = job_by_id(job_id)
    if job is None:
        abort(404)
    return job


def _status(job: Job) -> dict[str, object]:
    """Return what the page of a job says beside its log."""
    with web().store.reading() as connection:
        devices = list_devices(connection, job.number)
        faults = first_faults(connection, job.number)
        ended = tallies(connection, [job.number]).get(job.number, {})
    known = index().network.devices
    shown = sorted(_lines(devices, faults), key=_place)
    failed = [one.device for one in devices if one.result in FAULTS]
    sites = {known[name].site for name in job.devices if name in known}
    return {
        "job": job,
        "devices": shown,
        "alike": alike(line for line in shown if line.device in set(failed)),
        "tally": {word: ended[word] for word in (*ORDER, "not_attempted") if ended.get(word)},
        "open_devices": ended.get("", 0),
        "failed": failed,
        "sites": len(sites),
        "known": known,
        "relaunch": _relaunch(job, failed),
        "for_real": _for_real(job),
        "may_cancel": may("job.cancel") and job.state in OPEN and not job.is_cancelling,
        "title": _title(job),
    }


def _opened(job: Job, device: str) -> dict[str, object]:
    """Return what the opened device of a job shows; nothing where it is none of the job's."""
    with web().store.reading() as connection:
        devices = [one for one in list_devices(connection, job.number) if one.device == device]
        seen = tasks_of(connection, job.number, device) if devices else ()
        faults = first_faults(connection, job.number) if devices else {}
    opened = next(_lines(tuple(devices), faults), None)
    return {"opened": opened, "tasks": seen, "known": index().network.devices}


def _lines(devices: tuple[JobDevice, ...], faults: dict[str, int]) -> Iterator[Line]:
    """Yield the devices of a job with their word and first fault."""
    for one in devices:
        word = one.result.value if one.result else "running" if one.task else "waiting"
        seq = faults.get(one.device) if one.result in FAULTS else None
        yield Line(one.device, word, one.changed, one.task, one.detail, seq)


def _place(line: Line) -> tuple[int, str]:
    """Return where a device stands in the list of a job."""
    return (ORDER.index(line.word) if line.word in ORDER else len(ORDER), line.device)


def _relaunch(job: Job, failed: list[str]) -> str | None:
    """Return where the same run on the failed devices is prepared, None where it cannot be."""
    limit = ",".join(failed)
    if not job.state.is_final or not failed or len(limit) > LONGEST_LIMIT:
        return None
    if not may("job.run.read"):
        return None
    asked = replace(asked_of(job), limit=limit)
    return asked.address(url_for("playbooks.review", name=job.playbook))


def _for_real(job: Job) -> str | None:
    """Return where an ended dry run is prepared for real, None where it cannot be."""
    if not (job.check and job.state.is_final):
        return None
    try:
        playbook = find_playbook(web().context.config.jobs.playbooks, job.playbook)
    except PlaybookMissingError:
        return None
    if not may(f"job.run.{playbook.risk.value}"):
        return None
    asked = replace(asked_of(job), check=False)
    return asked.address(url_for("playbooks.prepare", name=playbook.name))


def _title(job: Job) -> str:
    """Return the playbook's file name without its suffix."""
    return job.playbook.removesuffix(".yml")
