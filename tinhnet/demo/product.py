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

from tinhnet.demo.box import COMMAND, Box
from tinhnet.errors import TinhnetError

READY_S = 30.0
STOP_S = 15.0
POLL_S = 0.1
USER = "tinhnet"


class PortInUseError(TinhnetError):
    """Somebody else listens where the web page should be."""


class NotReadyError(TinhnetError):
    """The product did not come up."""


@dataclass(slots=True)
class Product:
    """The product's supervisor inside the box; `socket` is opened on this machine's loopback."""

    box: Box
    address: tuple[str, int] = ("127.0.0.1", 8080)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def listen(self) -> socket.socket:
        """Open the web socket; raise PortInUseError with what to do."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(self.address)
        except OSError as error:
            listener.close()
            host, port = self.address
            raise PortInUseError(
                f"{host}:{port} cannot be opened: {error.strerror}",
                f"end what listens there (`ss -ltnp sport = :{port}`) or choose --port",
            ) from error
        listener.listen(128)
        return listener

    def start(self) -> dict[str, float]:
        """Start the supervisor and wait until a page answers; return the seconds it took."""
        began = time.monotonic()
        log = self.box.state / "log"
        log.mkdir(parents=True, exist_ok=True)
        with self.listen() as listener, (log / "up.log").open("ab") as out:
            number = listener.fileno()
            self.process = subprocess.Popen(
                self.box.inside("noc", [str(COMMAND), "up", "--fd", str(number)]),
                env=self.box.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=[number],
                start_new_session=True,
            )
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > READY_S:
                self.stop()
                raise NotReadyError(
                    "the product did not start", f"its last words stand in {log / 'up.log'}"
                )
            time.sleep(POLL_S)
        return {"ready_s": round(time.monotonic() - began, 1)}

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
