# SPDX-License-Identifier: MIT
"""Bring one server to its intended state, in one session; runs on the server.

Standard library only, Python 3.9 or newer, no import of ours: `changes.servers`
sends this file and the intended state over SSH and reads one JSON answer.
The order is: compare, write everything new beside the old, validate the whole
future `/etc` in a private mount namespace, and only then put it in place.  A
refusal, a full disk or a unit that does not start leaves the old state serving.
"""

import base64
import fcntl
import grp
import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

STATE = Path("/var/lib/tinhnet/server.json")
STAGE = Path("/run/tinhnet-stage")
LOCK = Path("/run/tinhnet-state.lock")
TIMEOUT_S = 60.0
SETTLE_S = 5.0


class RefusedError(Exception):
    """The intended state cannot be reached; `stage` says where it was found out."""

    def __init__(self, stage, message, *, rolled_back=False):
        super().__init__(message)
        self.stage = stage
        self.message = message
        self.rolled_back = rolled_back


def run(command, text=None, timeout=TIMEOUT_S):
    """Run a program and return (code, output); a program that hangs is a refusal."""
    try:
        done = subprocess.run(
            command,
            input=None if text is None else text.encode(),
            stdin=subprocess.DEVNULL if text is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
    except FileNotFoundError as error:
        return 127, f"{error.filename}: not found"
    except subprocess.TimeoutExpired:
        return 124, f"{' '.join(command)}: no answer within {timeout:.0f} s"
    return done.returncode, done.stdout.decode(errors="replace").strip()


def in_container():
    """Tell whether the kernel and its clock belong to somebody else."""
    return run(["systemd-detect-virt", "--container", "--quiet"])[0] == 0


def missing_packages(wanted):
    """Return the wanted packages that dpkg does not know as installed."""
    if not wanted:
        return []
    text = Path("/var/lib/dpkg/status").read_text(encoding="utf-8", errors="replace")
    installed = set()
    name = ""
    for line in text.splitlines():
        if line.startswith("Package: "):
            name = line[9:]
        elif line == "Status: install ok installed" or line == "Status: hold ok installed":
            installed.add(name)
    return sorted(set(wanted) - installed)


def existing_accounts():
    return {entry.pw_name: entry for entry in pwd.getpwall()}


def account_changes(wanted, absent):
    """Return [(what, command)] that make the accounts what they should be."""
    held = existing_accounts()
    groups = {entry.gr_name: set(entry.gr_mem) for entry in grp.getgrall()}
    changes = []
    for one in wanted:
        name = one["name"]
        more = [group for group in one["groups"] if name not in groups.get(group, ())]
        if name not in held:
            command = ["useradd", "--shell", one["shell"], "--home-dir", one["home"]]
            command += ["--system"] if one["system"] else ["--create-home"]
            command += ["--user-group"] if name not in groups else ["--gid", name]
            command += ["--groups", ",".join(more)] if more else []
            changes.append((f"account {name} created", [*command, name]))
            continue
        if held[name].pw_shell != one["shell"]:
            command = ["usermod", "--shell", one["shell"], name]
            changes.append((f"account {name}: shell {one['shell']}", command))
        if more:
            command = ["usermod", "--append", "--groups", ",".join(more), name]
            changes.append((f"account {name}: groups {', '.join(more)}", command))
    changes += [
        (f"account {name} removed", ["userdel", "--force", name]) for name in absent if name in held
    ]
    return changes


def change_accounts(changes):
    for what, command in changes:
        code, output = run(command)
        if code:
            raise RefusedError("accounts", f"{what}: {output}")


def owner_ids(item):
    """Return (uid, gid) of a file, None where the account does not exist yet."""
    try:
        return pwd.getpwnam(item["owner"]).pw_uid, grp.getgrnam(item["group"]).gr_gid
    except KeyError:
        return None


def differs(item):
    """Tell what of a file differs: "content", "mode" or None."""
    path = Path(item["path"])
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return "content"
    if path.is_symlink() or not path.is_file():
        return "content"
    if path.read_bytes() != item["bytes"]:
        return "content"
    if (status.st_uid, status.st_gid) != owner_ids(item):
        return "mode"
    return "mode" if (status.st_mode & 0o7777) != item["mode"] else None


def directory_differs(item):
    path = Path(item["path"])
    if not path.is_dir():
        return True
    status = path.stat()
    held = (status.st_uid, status.st_gid, status.st_mode & 0o7777)
    return (*(owner_ids(item) or (-1, -1)), item["mode"]) != held


def make_directory(item):
    path = Path(item["path"])
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, *owner_ids(item))
    path.chmod(item["mode"])


def beside(path):
    return path.with_name(f".{path.name}.tinhnet-new")


def write_beside(items):
    """Write every new file next to its place; all or none."""
    written = []
    try:
        for item in items:
            path = Path(item["path"])
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = beside(path)
            written.append(draft)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(item["bytes"])
                file.flush()
                os.fsync(descriptor)
                os.fchown(descriptor, *owner_ids(item))
                os.fchmod(descriptor, item["mode"])
    except OSError as error:
        for draft in written:
            draft.unlink(missing_ok=True)
        raise RefusedError(
            "write", f"{error.filename or draft}: {error.strerror}; nothing was changed"
        ) from error


def discard_drafts(items):
    for item in items:
        beside(Path(item["path"])).unlink(missing_ok=True)


def touches(prefixes, paths):
    return any(path.startswith(prefix) for prefix in prefixes for path in paths)


def validate(checks, items, absent, paths):
    """Run the checks that concern the changed paths against the future `/etc`."""
    due = [check for check in checks if touches(check["when"], paths)]
    if not due:
        return
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(mode=0o700)
    try:
        future = STAGE / "etc"
        shutil.copytree("/etc", future, symlinks=True, copy_function=copy_owned)
        for path in absent:
            if path.startswith("/etc/"):
                (STAGE / path[1:]).unlink(missing_ok=True)
        for item in items:
            if item["path"].startswith("/etc/"):
                place(item, STAGE / item["path"][1:])
        enter = f'mount --bind {future} /etc && exec "$@"'
        for check in due:
            command = ["unshare", "--mount", "sh", "-c", enter, "sh", *check["command"]]
            code, output = run(command)
            if code:
                raise RefusedError(
                    "validate", f"{check['name']} refuses the new files: {output[-1500:]}"
                )
    except OSError as error:
        raise RefusedError("validate", f"{error.filename}: {error.strerror}") from error
    finally:
        shutil.rmtree(STAGE, ignore_errors=True)


def copy_owned(source, target):
    shutil.copy2(source, target)
    status = Path(source).stat()
    os.chown(target, status.st_uid, status.st_gid)
    return target


def place(item, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        path.unlink()
    path.write_bytes(item["bytes"])
    ids = owner_ids(item)
    if ids:
        os.chown(path, *ids)
    path.chmod(item["mode"])


def keep(path):
    """Return what restores a path: None when it did not exist."""
    path = Path(path)
    if path.is_symlink():
        return {"link": os.readlink(path)}
    if not path.exists():
        return None
    status = path.stat()
    return {
        "bytes": path.read_bytes(),
        "owner": (status.st_uid, status.st_gid),
        "mode": status.st_mode & 0o7777,
    }


def restore(kept):
    for name, old in kept.items():
        path = Path(name)
        path.unlink(missing_ok=True)
        if old is None:
            continue
        if "link" in old:
            path.symlink_to(old["link"])
            continue
        draft = beside(path)
        draft.write_bytes(old["bytes"])
        os.chown(draft, *old["owner"])
        draft.chmod(old["mode"])
        draft.replace(path)


def commit(items, absent):
    """Put the drafts in place and return what undoes it."""
    kept = {path: keep(path) for path in [item["path"] for item in items] + absent}
    try:
        for item in items:
            beside(Path(item["path"])).replace(item["path"])
        for path in absent:
            Path(path).unlink(missing_ok=True)
    except OSError as error:
        restore(kept)
        discard_drafts(items)
        raise RefusedError("commit", f"{error.filename}: {error.strerror}") from error
    return kept


def fingerprint(unit, files):
    """Return the hash of all files a unit must be restarted for, as intended."""
    digest = hashlib.sha256()
    for item in sorted(files, key=lambda one: one["path"]):
        if touches(unit["restart_on"], [item["path"]]):
            digest.update(f"{item['path']} {item['mode']:o} {len(item['bytes'])}\n".encode())
            digest.update(item["bytes"])
    return digest.hexdigest()


def read_stamps():
    try:
        return json.loads(STATE.read_text(encoding="utf-8"))["units"]
    except (FileNotFoundError, ValueError, KeyError):
        return {}


def write_stamps(stamps):
    STATE.parent.mkdir(parents=True, exist_ok=True)
    draft = beside(STATE)
    draft.write_text(json.dumps({"format": 1, "units": stamps}), encoding="utf-8")
    draft.replace(STATE)


def unit_states(names):
    """Return {unit: {property: value}} for all units in one call."""
    wanted = "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Names"
    _, output = run(["systemctl", "show", wanted, *names])
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in output.split("\n\n")
    ]
    return dict(zip(names, blocks))


def unit_changes(units, files, stamps, states):
    """Return {unit: [what]} of everything to do; an empty list means nothing."""
    todo = {}
    for unit in units:
        name = unit["name"]
        held = states.get(name, {})
        what = []
        enabled = held.get("UnitFileState") in ("enabled", "static", "alias", "indirect")
        if unit["enabled"] != enabled and held.get("UnitFileState") != "static":
            what.append("enable" if unit["enabled"] else "disable")
        active = held.get("ActiveState") in ("active", "activating", "reloading")
        if unit["active"] and not active:
            what.append("start")
        elif unit["active"] and stamps.get(name) != fingerprint(unit, files):
            what.append("reload" if unit["reload"] else "restart")
        elif not unit["active"] and active:
            what.append("stop")
        if what:
            todo[name] = what
    return todo


def change_units(units, todo):
    """Enable, start and restart in as few calls as possible, then wait until all run."""
    for verb in ("disable", "stop", "enable"):
        names = [name for name, what in todo.items() if verb in what]
        if names:
            code, output = run(["systemctl", verb, *names])
            if code:
                raise RefusedError("units", f"systemctl {verb} {' '.join(names)}: {output}")
    early = [unit["name"] for unit in units if unit["early"]]
    late = [unit["name"] for unit in units if not unit["early"]]
    for names in (early, late):
        for verb in ("reload", "restart"):
            chosen = [
                name
                for name in names
                if verb in todo.get(name, ())
                or (verb == "restart" and "start" in todo.get(name, ()))
            ]
            if chosen:
                code, output = run(["systemctl", verb, *chosen], timeout=TIMEOUT_S)
                if code:
                    raise RefusedError("units", unit_failure(chosen, output))


def unit_failure(names, output):
    """Say which unit does not run and what it logged last."""
    states = unit_states(names)
    bad = [name for name in names if states.get(name, {}).get("ActiveState") != "active"] or names
    _, journal = run(["journalctl", "--no-pager", "-n", "8", "-o", "cat", "-u", bad[0]])
    return f"{', '.join(bad)} does not start: {journal[-1200:] or output}"


def settle(units):
    """Wait until every unit that should run does, and stays."""
    names = [unit["name"] for unit in units if unit["active"]]
    deadline = time.monotonic() + SETTLE_S
    while True:
        states = unit_states(names)
        bad = [name for name in names if states.get(name, {}).get("ActiveState") != "active"]
        if not bad:
            return
        if time.monotonic() > deadline:
            raise RefusedError("units", unit_failure(bad, ""))
        time.sleep(0.1)


def due_steps(steps, phase, paths, container):
    """Return the steps of a phase whose `unless` does not hold."""
    due = []
    for step in steps:
        if step["phase"] != phase:
            continue
        if step.get("where") and step["where"] != ("container" if container else "machine"):
            continue
        if step["unless"] and run(step["unless"], step["input"])[0] == 0:
            continue
        if not step["unless"] and not touches(step["when"], paths):
            continue
        due.append(step)
    return due


def run_steps(steps):
    for step in steps:
        code, output = run(step["command"], step["input"])
        if code:
            raise RefusedError("steps", f"{step['name']}: {output[-1500:]}")


def shown(item, why):
    """Describe a file change; the old text goes back so that the controller can mask and diff."""
    held = keep(item["path"])
    before = None
    if held is not None:
        before = held["bytes"] if "bytes" in held else f"-> {held['link']}\n".encode()
    return {
        "kind": "file",
        "path": item["path"],
        "why": why,
        "before": None if before is None else base64.b64encode(before).decode(),
        "before_mode": None if held is None or "mode" not in held else f"{held['mode']:04o}",
    }


def decode(intended, container):
    """Return the files meant for this kind of machine, contents as bytes."""
    here = "container" if container else "machine"
    return [
        {**item, "bytes": base64.b64decode(item["content"])}
        for item in intended["files"]
        if item.get("where") in (None, here)
    ]


def compare(intended, container):
    """Find out everything that differs, changing nothing."""
    missing = missing_packages(intended["packages"])
    if missing:
        raise RefusedError(
            "packages",
            f"not installed: {', '.join(missing)}; install them from the province's mirror",
        )
    files = decode(intended, container)
    changed = [(item, why) for item in files for why in [differs(item)] if why]
    absent = [path for path in intended["absent"] if Path(path).exists() or Path(path).is_symlink()]
    return {
        "files": files,
        "changed": changed,
        "absent": absent,
        "directories": [item for item in intended["directories"] if directory_differs(item)],
        "accounts": account_changes(intended["accounts"], intended["absent_accounts"]),
    }


def describe(found, intended, stamps, container):
    """Return (changes for people, unit changes) before anything is done."""
    paths = [item["path"] for item, _ in found["changed"]] + found["absent"]
    states = unit_states([unit["name"] for unit in intended["units"]])
    todo = unit_changes(intended["units"], found["files"], stamps, states)
    changes = [{"kind": "account", "what": what} for what, _ in found["accounts"]]
    changes += [{"kind": "directory", "path": item["path"]} for item in found["directories"]]
    changes += [shown(item, why) for item, why in found["changed"]]
    changes += [{**shown({"path": path}, "absent"), "kind": "absent"} for path in found["absent"]]
    for phase in ("files", "units", "end"):
        steps = due_steps(intended["steps"], phase, paths, container)
        changes += [{"kind": "step", "what": step["name"]} for step in steps]
    changes += [
        {"kind": "unit", "name": name, "what": ", ".join(what)} for name, what in todo.items()
    ]
    return changes, todo


def apply(found, intended, stamps, container):
    """Do what `compare` found; undo the files when a unit does not come up."""
    items = [item for item, _ in found["changed"]]
    paths = [item["path"] for item in items] + found["absent"]
    change_accounts(found["accounts"])
    steps = intended["steps"]
    run_steps(due_steps(steps, "files", paths, container))
    for item in found["directories"]:
        make_directory(item)
    write_beside(items)
    try:
        validate(intended["checks"], items, found["absent"], paths)
    except RefusedError:
        discard_drafts(items)
        raise
    kept = commit(items, found["absent"])
    reload_needed = touches(["/etc/systemd/", "/usr/lib/systemd/"], paths)
    units = intended["units"]
    todo = {}
    try:
        if reload_needed:
            run(["systemctl", "daemon-reload"])
        run_steps(due_steps(steps, "units", paths, container))
        names = [unit["name"] for unit in units]
        todo = unit_changes(units, found["files"], stamps, unit_states(names))
        change_units(units, todo)
        run_steps(due_steps(steps, "end", paths, container))
        if todo or paths:
            settle(units)
    except RefusedError as error:
        undo(kept, units, todo, reload_needed=reload_needed)
        raise RefusedError(error.stage, error.message, rolled_back=True) from error
    write_stamps({u["name"]: fingerprint(u, found["files"]) for u in units if u["active"]})


def undo(kept, units, todo, *, reload_needed):
    """Put the old files back and restart what was restarted for the new ones."""
    restore(kept)
    if reload_needed:
        run(["systemctl", "daemon-reload"])
    touched = [unit["name"] for unit in units if unit["name"] in todo and unit["active"]]
    if touched:
        run(["systemctl", "reset-failed", *touched])
        run(["systemctl", "restart", *touched])


def reach(intended):
    """Compare and, unless only asked to check, apply; return the answer."""
    started = time.monotonic()
    container = in_container()
    stamps = read_stamps()
    found = compare(intended, container)
    changes, _ = describe(found, intended, stamps, container)
    if changes and intended["mode"] == "apply":
        apply(found, intended, stamps, container)
    elif changes:
        items = [item for item, _ in found["changed"]]
        paths = [item["path"] for item in items] + found["absent"]
        validate(intended["checks"], items, found["absent"], paths)
    return {"changes": changes, "seconds": round(time.monotonic() - started, 3)}


def main(packed):
    """Answer one request with one JSON line on standard output."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    intended = json.loads(zlib.decompress(base64.b64decode(packed)))
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            answer = {"failed": {"stage": "lock", "message": "another run is changing this server"}}
        else:
            try:
                answer = reach(intended)
            except RefusedError as error:
                answer = {
                    "failed": {
                        "stage": error.stage,
                        "message": error.message,
                        "rolled_back": error.rolled_back,
                    }
                }
    sys.stdout.write("\n" + json.dumps({"format": 1, **answer}) + "\n")
    sys.stdout.flush()
