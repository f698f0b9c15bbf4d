# SPDX-License-Identifier: MIT
"""The change worker: takes waiting jobs, runs them, writes down what happens as it happens."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from changes.conclusion import Conclusion, Ending, conclude, named, summary
from changes.lines import followed, lines, report
from changes.run import MARK, Run, mark, spawn, sweep
from tinhnet import reasons
from tinhnet.context import Context
from tinhnet.logs import log_of
from tinhnet.model.actor import Actor
from tinhnet.model.job import Job, JobDevice, JobEvent, JobState
from tinhnet.processes import end_marked
from tinhnet.store import jobs, leases
from tinhnet.store.engine import Transaction
from tinhnet.worker import Identity, bury, dead_workers

IDLE_S = 5.0
"""Seconds between looks for abandoned jobs of other machines; writes wake the worker at once."""
MOST_LINES = 20_000
"""Lines kept while the state cannot be written; beyond them the job is held up, not the lines."""
FORCE_S = 3.0
"""What a child gets beyond the grace it gives its own children."""

log = log_of("changes")


class ChangeWorker:
    """Runs jobs in child processes; one step looks at each of them once."""

    def __init__(self, context: Context, identity: Identity) -> None:
        del context
        self._worker = str(identity)
        self._actor = Actor(f"worker:{identity.name}", frozenset(), "worker")
        self._runs: dict[int, Run] = {}

    def step(self, context: Context) -> float:
        """Do what there is to do; return the seconds until the next step."""
        self._recover(context)
        for run in list(self._runs.values()):
            self._advance(context, run)
        self._take(context)
        return context.config.jobs.batch_s if self._runs else IDLE_S

    def close(self, context: Context) -> None:
        """End the jobs under way; they are interrupted, and nobody runs them again by itself."""
        ending = Ending(JobState.INTERRUPTED, reasons.WORKER_ENDED)
        for run in self._runs.values():
            run.stop(ending, context.now)
        for run in list(self._runs.values()):
            run.join(context.config.jobs.grace_s + FORCE_S)
            run.force(context.config.jobs.grace_s)
            self._advance(context, run)

    def _recover(self, context: Context) -> None:
        """End what a dead worker left behind; what was under way is not run again."""
        dead = dead_workers(context)
        with context.store.reading() as connection:
            left = leases.abandoned(connection, context.now, dead)
        for job in left:
            if job.number not in self._runs:
                self._interrupt(context, job)
        for identity in dead:
            sweep(context, identity)
            bury(context, identity)

    def _interrupt(self, context: Context, job: Job) -> None:
        found = mark(context, job.number, job.worker or "")
        killed = end_marked(MARK, found, context.config.jobs.grace_s)
        reason = reasons.WORKER_KILLED
        with context.store.writing() as connection:
            current = jobs.get_job(connection, job.number)
            if current.state is JobState.RUNNING and current.worker == job.worker:
                conclusion = Conclusion(JobState.INTERRUPTED, reason, {})
                self._end(context, connection, current, conclusion)
        log.warning("job_interrupted", job=job.id, processes_ended=killed)

    def _take(self, context: Context) -> None:
        """Start children for waiting jobs, as many as may run side by side."""
        room = context.config.jobs.parallel - len(self._runs)
        if room <= 0:
            return
        with context.store.reading() as connection:
            waiting = jobs.list_jobs(connection, states=(JobState.WAITING,))
            free = [
                job
                for job in reversed(waiting)
                if job.number not in self._runs
                and (not job.devices or leases.holder_of(connection, job, job.devices) is None)
            ]
        for job in free[:room]:
            self._runs[job.number] = spawn(context, job, self._worker)

    def _advance(self, context: Context, run: Run) -> None:
        """Read what a child said, write it down, and see whether it has ended."""
        is_over = run.is_over
        while len(run.lines) < MOST_LINES and (messages := run.read()):
            for message in messages:
                self._hear(context, run, message)
        if run.is_started:
            self._refresh(context, run)
            self._write(context, run, at_once=is_over)
            self._watch(context, run)
        elif run.target is not None and run.ending is None:
            self._start(context, run)
        if is_over:
            self._bury(context, run)

    def _hear(self, context: Context, run: Run, message: Mapping[str, object]) -> None:
        kind = message.get("kind")
        if kind == "target":
            run.target = message
        elif kind == "end":
            code = message.get("code")
            run.code = code if isinstance(code, int) else 1
        elif kind == "event":
            found = report(message, context.now)
            run.lines += lines(found, context.secrets.mask)
            run.stats = found.stats or run.stats
            if found.device in run.progress:
                known = run.progress[found.device]
                run.progress[found.device] = followed(known, found, context.secrets.mask)
                run.touched.add(found.device)

    def _start(self, context: Context, run: Run) -> None:
        """Take the job now that its target is known, or let it wait for who holds a device."""
        target = run.target or {}
        devices = _texts(target.get("devices"))
        complaint = target.get("error")
        with context.store.writing() as connection:
            holder = leases.holder_of(connection, run.job, devices)
            if holder is not None:
                self._wait(context, connection, run, holder, devices)
                return
            started = leases.start_job(
                connection, run.job, self._details(context, target, devices), context.now
            )
            if started is None:
                run.stop(Ending(JobState.INTERRUPTED, "somebody else took it"), context.now)
                return
            run.job = started
            command = " ".join(started.command or ())
            details = {"playbook": started.playbook, "devices": str(len(devices))}
            details |= {"command": command, "commit": started.commit or "none"}
            self._record(context, connection, started, "job.start", details)
            self._note(context, connection, started, "note", [f"$ {command}"])
            if isinstance(complaint, str):
                self._refuse(context, connection, run, complaint)
                return
        run.go(devices)
        log.info("job_started", job=started.id, playbook=started.playbook, devices=len(devices))

    def _details(
        self, context: Context, target: Mapping[str, object], devices: tuple[str, ...]
    ) -> leases.Start:
        commit = target.get("commit")
        return leases.Start(
            worker=self._worker,
            lease_until=context.now + timedelta(seconds=context.config.jobs.lease_s),
            command=[context.secrets.mask(word) for word in _texts(target.get("command"))],
            commit=commit if isinstance(commit, str) else None,
            ansible_version=str(target.get("version")),
            devices=devices,
        )

    def _refuse(self, context: Context, connection: Transaction, run: Run, complaint: str) -> None:
        """End a job that Ansible refuses before any device is reached."""
        shown = [line for line in context.secrets.mask(complaint).splitlines() if line.strip()]
        self._note(context, connection, run.job, "error", shown)
        reason = shown[0] if shown else reasons.REFUSED
        conclusion = Conclusion(JobState.FAILED, reason, {})
        self._end(context, connection, run.job, conclusion)
        run.stop(Ending(JobState.FAILED, reason), context.now)

    def _wait(
        self,
        context: Context,
        connection: Transaction,
        run: Run,
        holder: Job,
        devices: tuple[str, ...],
    ) -> None:
        """Let a job wait, and say once for whom; its child is ended and started again later."""
        current = jobs.get_job(connection, run.job.number)
        leases.wait_for(connection, run.job, holder, devices)
        run.stop(Ending(JobState.WAITING, f"it waits for {holder.id}"), context.now)
        if current.holder != holder.id and current.state is JobState.WAITING:
            shared = named(sorted(set(devices) & set(holder.devices)))
            text = f"waits for {holder.id} ({holder.playbook} by {holder.actor}): it holds {shared}"
            self._note(context, connection, current, "note", [text])

    def _refresh(self, context: Context, run: Run) -> None:
        """See what the row says by now: a wish to cancel, or that the job is no longer ours."""
        with context.store.reading() as connection:
            run.job = jobs.get_job(connection, run.job.number)
        if run.job.worker != self._worker or run.job.state is not JobState.RUNNING:
            self._lose(context, run)

    def _lose(self, context: Context, run: Run) -> None:
        if not run.is_lost:
            log.error("lease_lost", job=run.job.id)
        run.is_lost = True
        run.stop(Ending(JobState.INTERRUPTED, "the lease was lost"), context.now)

    def _write(self, context: Context, run: Run, *, at_once: bool) -> None:
        """Write lines and devices, and renew the lease, in one transaction."""
        now = context.now
        settings = context.config.jobs
        elapsed = (now - run.written_at).total_seconds() if run.written_at else settings.lease_s
        due = settings.batch_s if run.lines or run.touched else settings.lease_s / 3
        if run.is_lost or (elapsed < due and not (at_once and run.lines)):
            return
        taken = len(run.lines)
        touched = [run.progress[name].device for name in sorted(run.touched)]
        try:
            with context.store.writing() as connection:
                until = now + timedelta(seconds=settings.lease_s)
                run.job = leases.renew(connection, run.job, self._worker, until)
                jobs.add_events(connection, run.job, run.lines[:taken])
                jobs.put_devices(connection, run.job.number, (_open(one) for one in touched))
        except leases.LeaseLostError:
            self._lose(context, run)
        del run.lines[:taken]
        run.touched.clear()
        run.written_at = now

    def _watch(self, context: Context, run: Run) -> None:
        """Act on a wish to cancel, on a job that takes too long, on a child that does not end."""
        now = context.now
        settings = context.config.jobs
        started = run.job.started_at or now
        if run.job.is_cancelling:
            run.stop(
                Ending(JobState.CANCELLED, reasons.CANCELLED % {"actor": run.job.cancelled_by}), now
            )
        elif (now - started).total_seconds() > settings.timeout_s:
            why = reasons.TOO_LONG % {"seconds": f"{settings.timeout_s:.0f}"}
            run.stop(Ending(JobState.FAILED, why), now)
        if run.is_overdue(now, settings.grace_s + FORCE_S):
            run.force(context.config.jobs.grace_s)

    def _bury(self, context: Context, run: Run) -> None:
        """Write down how a job ended whose child has ended."""
        if run.is_started and not run.is_lost:
            words = context.secrets.mask(run.last_words())
            last = words.splitlines()[-1] if words else ""
            found = conclude(run.progress, run.stats, run.code, run.ending, last)
            with context.store.writing() as connection:
                current = jobs.get_job(connection, run.job.number)
                if current.state is JobState.RUNNING and current.worker == self._worker:
                    jobs.add_events(connection, current, run.lines)
                    self._end(context, connection, current, found)
        elif run.ending is None:
            log.error("job_child_died", job=run.job.id, said=run.last_words())
            self._give_up(context, run)
        run.close()
        del self._runs[run.job.number]

    def _give_up(self, context: Context, run: Run) -> None:
        """End a job whose child died before it could name the target."""
        words = context.secrets.mask(run.last_words()).splitlines()
        reason = words[-1] if words else reasons.CHILD_KILLED
        with context.store.writing() as connection:
            current = jobs.get_job(connection, run.job.number)
            if current.state is JobState.WAITING:
                self._end(context, connection, current, Conclusion(JobState.FAILED, reason, {}))

    def _end(self, context: Context, connection: Transaction, job: Job, found: Conclusion) -> None:
        """End a job with a last line, its evidence, and one result per device."""
        now = context.now
        ended = leases.end_job(connection, job, found.state, found.reason, found.results, now)
        counts = summary(jobs.list_devices(connection, job.number))
        told = ", ".join(f"{count} {result}" for result, count in counts.items()) or "no device"
        text = f"{job.id} {found.state}: {told}" + (f"; {found.reason}" if found.reason else "")
        self._note(context, connection, ended, "note", [text])
        details = {str(result): str(count) for result, count in counts.items()}
        details |= {"state": found.state, "reason": found.reason or ""}
        self._record(context, connection, ended, "job.end", details)
        log.info("job_ended", job=job.id, state=found.state, reason=found.reason)

    def _note(
        self,
        context: Context,
        connection: Transaction,
        job: Job,
        kind: str,
        texts: Iterable[str],
    ) -> None:
        notes = [JobEvent(0, context.now, None, None, kind, text, None) for text in texts]
        jobs.add_events(connection, job, notes)

    def _record(
        self,
        context: Context,
        connection: Transaction,
        job: Job,
        action: str,
        details: Mapping[str, str],
    ) -> None:
        context.evidence.record(
            connection, self._actor, action, f"job {job.id}", details, context.now
        )


def _open(device: JobDevice) -> JobDevice:
    """Return a device as it is shown while the job runs: its result comes at the end."""
    return JobDevice(device.device, None, device.changed, device.task, device.detail)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
