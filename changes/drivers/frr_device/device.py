# SPDX-License-Identifier: MIT
"""One session's work on the device: lock, recover, read, compare, and change as a whole.

The change itself runs in a process of its own that outlives the session: the
device ends on the old or on the proved new configuration, never between.
"""

import fcntl
import json
import os
import sys
import time
from pathlib import Path

from . import change
from .picture import picture
from .run import read_file
from .sections import SECTIONS
from .state import routing
from .talk import FORMAT, Answer, Difference, Fault, Request
from .text import Plan, RefusedError

LOCK = Path("/run/tinhnet-device.lock")


class LockedError(Exception):
    """Another run holds the device."""


def main() -> None:
    """Read a request from standard input, write one JSON answer to standard output."""
    request: Request = json.loads(sys.stdin.buffer.read())
    os.umask(0o077)
    started = time.monotonic()
    try:
        answer = serve(request)
    except LockedError as error:
        answer = _failed("locked", "", str(error))
    except RefusedError as error:
        answer = _failed("refused", error.section, error.message)
    except OSError as error:
        answer = _failed("system", "", f"{error.filename or 'device'}: {error.strerror}")
    answer["seconds"] = round(time.monotonic() - started, 3)
    sys.stdout.write(json.dumps(answer, ensure_ascii=False))
    sys.stdout.flush()


def serve(request: Request) -> Answer:
    """Do what the request asks; all but looking at the routing is done under the device's lock."""
    if request["mode"] == "routing":
        looked = _answer("ok", {}, {})
        looked["routing"] = routing(request["prefixes"])
        return looked
    lock = take_lock(request)
    recovered = change.recover(told=request["mode"] == "apply")
    if request["mode"] == "report":
        answer = _report(request["token"])
    elif request["mode"] == "read":
        held = change.applied()
        plans = picture(held, held).plans
        answer = _answer("ok", {}, {name: plan.before for name, plan in plans.items()})
    else:
        answer = _compare(request, lock)
    if recovered:
        answer["recovered"] = recovered
    return answer


def take_lock(request: Request) -> int:
    """Hold the device until this process (and the change it starts) ends.

    Raises LockedError naming the holder.
    """
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + request["wait_s"]
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockedError(read_file(LOCK).strip() or "another run") from None
            time.sleep(0.1)
    source = os.environ.get("SSH_CONNECTION", "").split(" ")[0] or "the console"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{request['who']} from {source} since {now}".encode(), 0)
    return descriptor


def _compare(request: Request, lock: int) -> Answer:
    intended, applied = request["sections"], change.applied()
    now = picture(intended, applied)
    answer = _answer("ok", now.plans, {})
    answer["startup"] = now.startup
    if not now.changes:
        if request["mode"] == "apply":
            change.remember(intended)
        return answer
    for section in SECTIONS:
        if now.plans[section.name].changes:
            section.check(now.plans[section.name].predicted)
    answer["result"] = "changed"
    if request["mode"] != "apply":
        return answer
    return change.carry_out(request, now, answer, lock)


def _report(token: str) -> Answer:
    last = change.last()
    if last.get("token") != token:
        return _failed("lost", "", "the device never began the change; nothing was changed")
    answer = _answer(str(last.get("result")), {}, {})
    if last.get("message"):
        fault: Fault = {"kind": "unproved", "section": "", "message": str(last["message"])}
        answer["fault"] = fault
    return answer


def _answer(result: str, plans: dict[str, Plan], running: dict[str, str]) -> Answer:
    sections: dict[str, Difference] = {
        name: {"before": plan.before, "after": plan.predicted}
        for name, plan in plans.items()
        if plan.changes
    }
    sections.update({name: {"before": text, "after": text} for name, text in running.items()})
    residue = {name: list(plan.residue) for name, plan in plans.items() if plan.residue}
    return {
        "format": FORMAT,
        "result": result,
        "sections": sections,
        "residue": residue,
        "startup": [],
    }


def _failed(kind: str, section: str, message: str) -> Answer:
    answer = _answer("failed", {}, {})
    answer["fault"] = {"kind": kind, "section": section, "message": message}
    return answer
