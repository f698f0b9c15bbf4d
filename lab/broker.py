# SPDX-License-Identifier: MIT
"""The one root process: it builds and breaks labs for people who are not root.

It listens on a Unix socket of the group `tinhnet`, takes fixed verbs with
checked words (`lab/request.py`) and runs each as the same command root would
type.  A person's standard streams are handed over with the request, so output
and input are theirs.  A command inside a device runs as the device's account
without rights: root in a device that shares the machine's kernel is root of
the machine.
"""

import array
import grp
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.layout import RUN
from lab.request import LARGEST_BYTES, Request, decode, encode
from tinhnet.errors import TinhnetError

if TYPE_CHECKING:
    from tinhnet.logs import Log

COMMAND = Path(sys.executable).with_name("tinhnet")
SOCKET = RUN / "broker.sock"
GROUP = "tinhnet"
CALLERS = 8
_STREAMS = 3
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOOK_S = 1.0
_FAILED = 1


@dataclass(frozen=True, slots=True)
class Broker:
    """What a broker serves: one state and one inventory, chosen by root."""

    state: Path
    inventory: Path
    log: "Log"

    def serve(self, listener: socket.socket) -> None:
        """Serve callers side by side until this process is ended."""
        serving: set[int] = set()
        while True:
            ready, _, _ = select.select([listener], [], [], _LOOK_S)
            serving = {pid for pid in serving if os.waitpid(pid, os.WNOHANG)[0] == 0}
            if not ready:
                continue
            caller, _ = listener.accept()
            if len(serving) >= CALLERS:
                _answer(caller, _FAILED, "the broker is busy; try again")
                caller.close()
                continue
            child = os.fork()
            if child == 0:
                listener.close()
                self._serve_one(caller)
            caller.close()
            serving.add(child)

    def _serve_one(self, caller: socket.socket) -> None:
        """In a child: one request from its first byte to its answer; never returns."""
        try:
            status, complaint = self._handle(caller)
            _answer(caller, status, complaint)
        except (OSError, TinhnetError) as error:
            self.log.warning("lab_refused", error=str(error))
            with suppress(OSError):
                _answer(caller, _FAILED, str(error))
        finally:
            os._exit(0)

    def _handle(self, caller: socket.socket) -> tuple[int, str]:
        line, streams = _receive(caller)
        _, uid, _ = struct.unpack(
            "3i", caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        )
        request = decode(line)
        self.log.info("lab_asked", verb=request.verb, prefix=request.prefix, uid=uid)
        with tempfile.TemporaryDirectory() as folder:
            command = self.command_of(request, Path(folder))
            environment = {"PATH": _PATH, "TINHNET_STATE": str(self.state), "LANG": "C.UTF-8"}
            status = _run(command, environment, streams, caller)
        self.log.info("lab_done", verb=request.verb, prefix=request.prefix, status=status)
        return status, ""

    def command_of(self, request: Request, folder: Path) -> list[str]:
        """Return the command line of a checked request; `folder` takes the file it came with."""
        argv = [str(COMMAND), "lab", request.verb]
        argv += ["--prefix", request.prefix, *request.options]
        if request.verb == "up":
            argv += ["--inventory", str(self.inventory)]
        if request.text:
            given = folder / "given"
            given.write_text(request.text, encoding="utf-8")
            argv += ["--key", str(given)] if request.verb == "up" else [str(given)]
        if request.target:
            argv.append(request.target)
        if request.command:
            argv = [*argv[:3], "--account", *argv[3:], "--", *request.command]
        return argv


def listen(path: Path = SOCKET) -> socket.socket:
    """Open the broker's socket for the group; TinhnetError when one is served already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        if path.exists() and probe.connect_ex(str(path)) == 0:
            raise TinhnetError(f"{path}: a broker listens already", "end it first")
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    listener.bind(str(path))
    os.umask(before)
    try:
        group = grp.getgrnam(GROUP).gr_gid
    except KeyError as error:
        raise TinhnetError(f'no group "{GROUP}" on this machine', "make setup") from error
    os.chown(path, 0, group)
    path.chmod(0o660)
    listener.listen(CALLERS)
    return listener


def ask(request: Request, path: Path = SOCKET) -> int:
    """Have the broker do it and return the command's exit status.

    TinhnetError when there is no broker, or it is not for us, or it refuses.
    """
    with socket.socket(socket.AF_UNIX) as broker:
        try:
            broker.connect(str(path))
        except PermissionError as error:
            hint = f"be a member of the group {GROUP}, or use sudo"
            raise TinhnetError("the lab's broker is not for this user", hint) from error
        except OSError as error:
            raise TinhnetError(
                "only the lab needs root: it builds network namespaces",
                "use sudo, or ask root to start `tinhnet lab broker`",
            ) from error
        streams = array.array("i", [0, 1, 2])
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)]
        line = encode(request)
        sent = broker.sendmsg([line], rights)
        broker.sendall(line[sent:])
        with broker.makefile("r", encoding="utf-8") as answers:
            answer = answers.readline()
    if not answer:
        raise TinhnetError("the lab's broker ended before it answered", "see its log")
    told: Mapping[str, object] = json.loads(answer)
    if told.get("complaint"):
        raise TinhnetError(str(told["complaint"]))
    return int(str(told["status"]))


def _receive(caller: socket.socket) -> tuple[bytes, list[int]]:
    """Return the request's line and the caller's three streams."""
    caller.settimeout(5.0)
    line, streams, _, _ = socket.recv_fds(caller, LARGEST_BYTES, _STREAMS)
    if len(streams) != _STREAMS:
        raise TinhnetError("the request came without its three streams")
    while not line.endswith(b"\n"):
        more = caller.recv(LARGEST_BYTES)
        if not more or len(line) + len(more) > LARGEST_BYTES:
            raise TinhnetError(f"the request does not end within {LARGEST_BYTES} bytes")
        line += more
    caller.settimeout(None)
    return line, list(streams)


def _run(
    command: list[str], environment: dict[str, str], streams: list[int], caller: socket.socket
) -> int:
    """Run a command on the caller's streams; a caller who leaves interrupts it."""
    stdin, stdout, stderr = streams
    running = subprocess.Popen(
        command,
        env=environment,
        cwd="/",
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
    ended = os.pidfd_open(running.pid)
    ready, _, _ = select.select([caller.fileno(), ended], [], [])
    if ended not in ready:
        os.killpg(running.pid, signal.SIGINT)
    status = running.wait()
    os.close(ended)
    return status if status >= 0 else 128 - status


def _answer(caller: socket.socket, status: int, complaint: str) -> None:
    caller.sendall(json.dumps({"status": status, "complaint": complaint}).encode() + b"\n")
