# SPDX-License-Identifier: MIT
"""What the province's small web services share; runs on the servers.

Standard library, plus psycopg2 where a database is used.  A service listens
on a unix socket behind nginx, which ends TLS.  Names and texts are stored in
composed form (Unicode NFC), whatever form a browser sent.
"""

import collections
import html
import http.server
import json
import os
import re
import socket
import socketserver
import sys
import threading
import time
import unicodedata
import urllib.parse
from pathlib import Path

LONGEST_BODY = 2 * 1024 * 1024
LONGEST_FIELD = 4000
HEALTHY_S = 1.0
"""How long a look at the dependencies holds."""
CONNECTIONS = 8
PATIENCE_S = 5


class FaultError(Exception):
    """An answer that is no success: an HTTP status and a sentence for the person."""

    def __init__(self, status, sentence):
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class UnavailableError(Exception):
    """Something that the service depends on does not answer, or not as it should."""


class Request:
    """One request: method, path, the groups of the route's pattern and the fields."""

    def __init__(self, method, path, query, body, headers):
        self.method = method
        self.path = path
        self.body = body
        self.groups = {}
        self.headers = headers
        self._fields = fields_of(query, body, headers.get("Content-Type", ""))

    def field(self, name, *, required=True, longest=LONGEST_FIELD):
        """Return a field in NFC without blanks around it; a fault names what is wrong with it."""
        value = unicodedata.normalize("NFC", self._fields.get(name, "")).strip()
        if required and not value:
            raise FaultError(400, f"Thiếu thông tin: {name}")
        if len(value) > longest:
            raise FaultError(400, f"Trường {name} dài {len(value)} ký tự, tối đa {longest}")
        if any(unicodedata.category(one) == "Cc" and one not in "\r\n\t" for one in value):
            raise FaultError(400, f"Trường {name} có ký tự điều khiển")
        return value


class Response:
    """One answer; `document` is what a client that asked for JSON gets."""

    def __init__(self, body, status=200, document=None, location=None, kind="text/html"):
        self.body = body
        self.status = status
        self.document = document
        self.location = location
        self.kind = kind

    def octets(self, *, wants_json):
        """Return the body as it is sent, and its type."""
        if wants_json and self.document is not None:
            text = json.dumps(self.document, ensure_ascii=False)
            return text.encode() + b"\n", "application/json"
        return (self.body if isinstance(self.body, bytes) else self.body.encode()), self.kind


def fields_of(query, body, kind):
    """Return the fields of a query, a form or a JSON object as texts."""
    pairs = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    if kind.startswith("application/json"):
        try:
            held = json.loads(body or b"{}")
        except ValueError as error:
            raise FaultError(400, f"JSON không hợp lệ: {error}") from error
        if not isinstance(held, dict):
            raise FaultError(400, "JSON phải là một đối tượng")
        return {**pairs, **{str(key): str(value) for key, value in held.items()}}
    if kind.startswith("application/x-www-form-urlencoded"):
        text = body.decode("utf-8", errors="strict")
        return {**pairs, **dict(urllib.parse.parse_qsl(text, keep_blank_values=True))}
    return pairs


def page(title, *parts):
    """Return a whole page; `parts` are HTML that is already escaped."""
    return (
        '<!doctype html><html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title></head><body><main>"
        f"<h1>{html.escape(title)}</h1>{''.join(parts)}</main></body></html>\n"
    )


def table(head, rows):
    """Return an HTML table of texts."""
    top = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def form(action, fields, button):
    """Return an HTML form; `fields` are (name, label) pairs."""
    inputs = "".join(
        f"<p><label>{html.escape(label)} <input name='{name}' required></label></p>"
        for name, label in fields
    )
    press = f"<button>{html.escape(button)}</button>"
    return f"<form method='post' action='{action}'>{inputs}{press}</form>"


def settings(name):
    """Return the public settings of a service, written by the playbooks."""
    text = Path(f"/etc/tinhnet/services/{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


def credential_path(name):
    """Return the path of a secret that systemd handed to this unit alone."""
    return str(Path(os.environ["CREDENTIALS_DIRECTORY"]) / name)


def credential(name):
    """Return a secret that systemd handed to this unit alone."""
    return Path(credential_path(name)).read_text(encoding="utf-8").strip()


class Service:
    """Routes, a health page that uses what the service depends on, and the server.

    `depends` is called for each health request and raises UnavailableError or
    OSError when something the service needs does not answer.
    """

    def __init__(self, name, depends):
        self.settings = settings(name)
        self.name = name
        self._depends = depends
        self._routes = []
        self._looking = threading.Lock()
        self._healthy_until = 0.0

    def route(self, method, pattern, answer):
        """Send requests that match the pattern to `answer(request)`."""
        self._routes.append((method, re.compile(pattern), answer))

    def answer(self, request):
        """Return the response to one request."""
        health = self.settings["health"]
        if request.method == "GET" and request.path == health["path"]:
            return self._health(request, health["expect"])
        found = None
        for method, pattern, answer in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                request.groups = match.groupdict()
                return answer(request)
            found = found or match
        raise FaultError(405 if found else 404, "Không có trang này")

    def _health(self, request, expect):
        self._look()
        for method, pattern, answer in self._routes:
            if method == "GET" and pattern.fullmatch(request.path):
                held = answer(request)
                if expect in held.body:
                    return held
                held.body = held.body.replace("</main>", f"<p>{html.escape(expect)}</p></main>")
                return held
        return Response(page(self.settings["title"], f"<p>{html.escape(expect)}</p>"))

    def _look(self):
        """Use what the service depends on; forty sites that ask at once share one look."""
        with self._looking:
            if time.monotonic() < self._healthy_until:
                return
            try:
                self._depends()
            except (UnavailableError, OSError) as error:
                report(f"{self.name}: unhealthy: {type(error).__name__}: {error}")
                raise FaultError(503, "Dịch vụ tạm gián đoạn") from error
            self._healthy_until = time.monotonic() + HEALTHY_S

    def run(self):
        """Serve on the unix socket until the unit stops."""
        path = f"/run/{self.name}/http.sock"
        Path(path).unlink(missing_ok=True)
        with _Server(path, _Answering) as server:
            server.service = self
            Path(path).chmod(0o666)
            tell_systemd("READY=1")
            server.serve_forever()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


class _Answering(http.server.BaseHTTPRequestHandler):
    """One connection of nginx; the service hangs on the server."""

    server_version = "tinhnet"
    sys_version = ""

    def do_GET(self):
        self._answer("GET")

    def do_HEAD(self):
        self._answer("GET", send_body=False)

    def do_POST(self):
        self._answer("POST")

    def address_string(self):
        return self.headers.get("X-Real-IP", "-")

    def log_message(self, form_, *values):
        report(f"{self.address_string()} {form_ % values}")

    def _answer(self, method, *, send_body=True):
        try:
            response = self.server.service.answer(self._request(method))
        except FaultError as fault:
            sentence = f"<p>{html.escape(fault.sentence)}</p>"
            response = Response(page("Lỗi", sentence), fault.status, {"error": fault.sentence})
        except UnicodeDecodeError:
            response = Response(page("Lỗi", "<p>Văn bản không phải UTF-8</p>"), 400)
        except (UnavailableError, OSError) as error:
            report(f"{self.server.service.name}: {type(error).__name__}: {error}")
            response = Response(page("Lỗi", "<p>Dịch vụ tạm gián đoạn</p>"), 503)
        self._send(response, send_body=send_body)

    def _request(self, method):
        parts = urllib.parse.urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BODY:
            raise FaultError(413, f"Tối đa {LONGEST_BODY} byte")
        path = urllib.parse.unquote(parts.path)
        return Request(method, path, parts.query, self.rfile.read(length), self.headers)

    def _send(self, response, *, send_body):
        wants_json = "application/json" in self.headers.get("Accept", "")
        body, kind = response.octets(wants_json=wants_json)
        self.send_response(response.status)
        charset = "" if kind.startswith("application/") else "; charset=utf-8"
        self.send_header("Content-Type", kind + charset)
        self.send_header("Content-Length", str(len(body)))
        if response.location:
            self.send_header("Location", response.location)
        self.end_headers()
        if send_body:
            self.wfile.write(body)


class Database:
    """One PostgreSQL database over verified TLS; connections are kept and replaced when broken.

    At most CONNECTIONS statements run at once; further ones wait their turn.
    """

    def __init__(self, held, schema):
        self._held = held
        self._schema = schema
        self._turns = threading.BoundedSemaphore(CONNECTIONS)
        self._idle = collections.deque()
        self._making = threading.Lock()
        self._is_made = False

    def run(self, statement, values=(), *, returns=True):
        """Run one statement in its own transaction; a connection that broke is tried once more.

        Raises UnavailableError when the database does not do it.
        """
        import psycopg2  # noqa: PLC0415 services without a database do not need it

        if not self._turns.acquire(timeout=PATIENCE_S):
            raise UnavailableError("too many requests for the database")
        try:
            try:
                return self._run(statement, values, returns=returns)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._idle.clear()
                return self._run(statement, values, returns=returns)
        except psycopg2.Error as error:
            raise UnavailableError(f"database: {error}") from error
        finally:
            self._turns.release()

    def _run(self, statement, values, *, returns):
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall() if returns else []
        self._idle.append(connection)
        return rows

    def _connect(self):
        import psycopg2  # noqa: PLC0415 as above

        login = json.loads(credential("database"))
        connection = psycopg2.connect(
            host=self._held["host"],
            port=self._held["port"],
            dbname=self._held["name"],
            user=login["user"],
            password=login["password"],
            sslmode="verify-full",
            sslrootcert="/etc/ssl/tinhnet/ca.pem",
            connect_timeout=3,
            application_name=self._held["name"],
        )
        with self._making:
            if not self._is_made:
                with connection, connection.cursor() as cursor:
                    cursor.execute(self._schema)
                self._is_made = True
        return connection

    def check(self):
        """Write and read back in a transaction that is rolled back; raises when it cannot."""
        rows = self.run("select txid_current(), pg_is_in_recovery()")
        if rows[0][1]:
            raise UnavailableError("the database is read-only")


def tell_systemd(message):
    """Tell systemd what became of the unit (sd_notify)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect(address)
        channel.send(message.encode())


def report(line):
    """Write one line to the journal."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
