# SPDX-License-Identifier: MIT
"""A real Prometheus of a test's own, that can be stopped, killed and started again."""

import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.conftest import free_port

PROGRAM = shutil.which("prometheus")
WAIT_S = 60
# Blocks of a month: nothing is moved out of the head while a test looks.
QUIET = ("--storage.tsdb.min-block-duration=30d", "--storage.tsdb.max-block-duration=31d")
RECEIVES_LATE = "storage:\n  tsdb:\n    out_of_order_time_window: 30d\n"


@dataclass
class Server:
    """A Prometheus that scrapes nothing, on a port of the loopback that was free."""

    directory: Path
    configuration: str = RECEIVES_LATE
    options: tuple[str, ...] = QUIET
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers; another port is tried when one was taken."""
        assert PROGRAM is not None, "Prometheus is missing: make setup installs it"
        self.directory.mkdir(exist_ok=True)
        (self.directory / "prometheus.yml").write_text(self.configuration)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            self.port = self.port or free_port()
            with (self.directory / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [
                        PROGRAM,
                        f"--config.file={self.directory}/prometheus.yml",
                        f"--storage.tsdb.path={self.directory}/data",
                        "--storage.tsdb.retention.time=100y",
                        "--web.enable-remote-write-receiver",
                        f"--web.listen-address=127.0.0.1:{self.port}",
                        *self.options,
                    ],
                    stdout=log,
                    stderr=log,
                )
            if self._answers(end):
                return
            self.port = 0
        raise AssertionError((self.directory / "log").read_text()[-2000:])

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it with a signal, and wait until it has ended."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(WAIT_S)
            self._process = None

    def blocks(self) -> list[Path]:
        """Return the finished blocks that were made of its head."""
        found = (self.directory / "data").glob("*/meta.json")
        return [path.parent for path in found if "." not in path.parent.name]

    def _answers(self, end: float) -> bool:
        """Wait until it is ready; False when it has ended instead."""
        assert self._process is not None
        while time.monotonic() < end and self._process.poll() is None:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
            try:
                connection.request("GET", "/api/v1/status/flags")
                response = connection.getresponse()
                # Whoever took the port before us may be a Prometheus, too.
                if response.status == 200 and str(self.directory).encode() in response.read():
                    return True
            except (OSError, HTTPException):
                pass
            finally:
                connection.close()
            time.sleep(0.05)
        return False
