# SPDX-License-Identifier: MIT
"""A server that stands between us and Prometheus, to answer as only broken ones do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    body: bytes
    headers: dict[str, str]

    def passed_on(self, port: int) -> Reply:
        """Ask the real server, and return what it says."""
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", self.path, self.body, self.headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@dataclass
class Between:
    """What was asked so far, and where to ask."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    def writes(self) -> int:
        """Count the remote writes."""
        return sum(one.path == "/api/v1/write" for one in self.asked)


@contextmanager
def between(answer: Callable[[Asked], Reply | None]) -> Iterator[Between]:
    """Serve with an answer of the test's own; None hangs up without one."""
    seen = Between("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = Asked(self.path, body, dict(self.headers.items()))
            seen.asked.append(asked)
            reply = answer(asked)
            if reply is None:
                self.close_connection = True
                return
            self.send_response(reply[0])
            self.end_headers()
            self.wfile.write(reply[1])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
