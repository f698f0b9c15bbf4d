# SPDX-License-Identifier: MIT
"""The product as the demo starts it: unprivileged, on the management zone, with one open socket."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tinhnet import ports
from tinhnet.demo.box import COMMAND, Box
from tinhnet.errors import TinhnetError

READY_S = 120.0
STOP_S = 15.0
POLL_S = 0.1
USER = "tinhnet"
TAIL_BYTES = 20_000
TAIL_LINES = 12


class NotReadyError(TinhnetError):
    """The product did not come up."""


@dataclass(slots=True)
class Product:
    """The product's supervisor inside the box; `socket` is opened on this machine's loopback."""

    box: Box
    address: tuple[str, int] = ("127.0.0.1", 8080)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    began_at: int = field(default=0, init=False)
    """Where in the log this start begins, in bytes."""

    @property
    def log(self) -> Path:
        """Where the supervisor and its workers write."""
        return self.box.state / "log" / "up.log"

    def listen(self) -> socket.socket:
        """Open the web socket; raise PortInUseError or PortRefusedError with what to do."""
        try:
            return ports.listen(*self.address)
        except ports.PortInUseError as error:
            raise ports.PortInUseError(error.message, "end it, or choose --port") from error
        except ports.PortRefusedError as error:
            raise ports.PortRefusedError(error.message, "choose another --port") from error

    def start(self) -> dict[str, float]:
        """Start the supervisor and wait until a page answers; return the seconds it took."""
        began = time.monotonic()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.listen() as listener, self.log.open("ab") as out:
            number = listener.fileno()
            self.began_at = out.tell()
            self.process = subprocess.Popen(
                # The collector asks by echo requests; the other workers give the right up.
                self.box.inside("noc", [str(COMMAND), "up", "--fd", str(number)], "--net-raw"),
                env=self.box.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=[number],
                start_new_session=True,
            )
        while not self.answers():
            status = self.process.poll()
            if status is not None or time.monotonic() - began > READY_S:
                self.stop()
                why = f"gave no page within {READY_S:.0f} s" if status is None else "did not start"
                raise self._failure(why)
            time.sleep(POLL_S)
        return {"ready_s": round(time.monotonic() - began, 1)}

    def wait(self) -> None:
        """Wait while the product runs; raise NotReadyError with its last words when it ends."""
        if self.process is not None:
            status = self.process.wait()
            raise self._failure(f"ended with {status}")

    def _failure(self, what: str) -> NotReadyError:
        words = "".join(f"\n    {line}" for line in last_words(self.log, self.began_at))
        hint = f"everything it said stands in {self.log}"
        return NotReadyError(f"the product {what}{':' if words else ''}{words}", hint)

    def answers(self) -> bool:
        """Tell whether the web gives any page."""
        connection = HTTPConnection(*self.address, timeout=5)
        try:
            connection.request("GET", "/login")
            return connection.getresponse().status < HTTPStatus.INTERNAL_SERVER_ERROR
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End the supervisor and everything it started; harmless when it does not run."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def last_words(log: Path, since: int) -> tuple[str, ...]:
    """Return the last lines of a log after a position that tell what went wrong.

    Sentences and tracebacks, and of the structured lines the warnings and
    errors: what went well explains nothing.
    """
    with log.open("rb") as file:
        file.seek(max(since, file.seek(0, os.SEEK_END) - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return tuple(line for line in lines if line.strip() and not _went_well(line))[-TAIL_LINES:]


def _went_well(line: str) -> bool:
    return line.startswith("{") and any(
        f'"level": "{level}"' in line for level in ("debug", "info")
    )


def give_to_product(path: Path) -> None:
    """Hand a directory tree to the product's user, when root made it."""
    if os.geteuid() != 0:
        return
    for parent, _, files in os.walk(path):
        shutil.chown(parent, USER, USER)
        for name in files:
            target = Path(parent) / name
            if not target.is_symlink():
                shutil.chown(target, USER, USER)
