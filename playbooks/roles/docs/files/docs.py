# SPDX-License-Identifier: MIT
"""Document exchange: take a document, list it, pass it on to the Government Office.

What is to be passed on stands in an outbox in PostgreSQL until the Government
Office has taken it; while the link is down it is tried again with a growing
pause.  Only a certificate of their own authority is trusted, ours is not.
"""

import hashlib
import html
import http.client
import json
import socket
import ssl
import threading
import time

import service

SCHEMA = """
create table if not exists document (
    id bigint generated always as identity primary key,
    number text not null,
    title text not null,
    sender text not null,
    recipient text not null,
    body text not null,
    sha256 text not null,
    received_at timestamptz not null default now(),
    forwarded_at timestamptz,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    last_error text,
    unique (sender, number)
)
"""
LISTING = """
select id, number, title, sender, recipient, forwarded_at is not null, attempts,
    coalesce(last_error, '')
from document order by id desc limit 200
"""
WAITING = "select count(*) from document where recipient = %s and forwarded_at is null"
GOVERNMENT = "vpcp"
LONGEST_PAUSE_S = 300
ROUND_S = 2.0
PATIENCE_S = 4
FIELDS = (
    ("number", "Số, ký hiệu"),
    ("title", "Trích yếu"),
    ("sender", "Nơi gửi"),
    ("recipient", "Nơi nhận"),
    ("body", "Nội dung"),
)


class _Pinned(http.client.HTTPSConnection):
    """HTTPS to a declared address; their name is in no DNS of ours, the certificate bears it."""

    def __init__(self, held, tls):
        super().__init__(held["name"], held["port"], timeout=PATIENCE_S, context=tls)
        self._address = (held["host"], held["port"])
        self._tls = tls

    def connect(self):
        plain = socket.create_connection(self._address, PATIENCE_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


class Forwarder:
    """Sends what waits in the outbox, one document after the other, in its own thread."""

    def __init__(self, held, database):
        self._held = held
        self._database = database
        self._tls = ssl.create_default_context(cafile=held["authority"])
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.last_success = None

    def start(self):
        """Begin to send; `wake` shortens the pause."""
        self._thread.start()

    def check(self):
        """Raise when the thread has ended, which only a mistake of ours can make it do."""
        if not self._thread.is_alive():
            raise service.UnavailableError("the outbox is no longer emptied; restart the service")

    def wake(self):
        """Look into the outbox at once."""
        self._wake.set()

    def _run(self):
        while True:
            self._wake.wait(ROUND_S)
            self._wake.clear()
            try:
                self.step()
            except service.UnavailableError as error:
                service.report(f"docs: outbox: {error}")

    def step(self):
        """Send every document that is due."""
        due = self._database.run(
            "select id, number, title, sender, recipient, body, sha256, attempts from document"
            " where recipient = %s and forwarded_at is null and next_attempt_at <= now()"
            " order by id limit 50",
            (GOVERNMENT,),
        )
        for row in due:
            error = self._send(row)
            if error is None:
                self._database.run(
                    "update document set forwarded_at = now(), last_error = null,"
                    " attempts = attempts + 1 where id = %s",
                    (row[0],),
                    returns=False,
                )
                self.last_success = time.time()
                continue
            pause = min(2 ** min(row[7], 10), LONGEST_PAUSE_S)
            self._database.run(
                "update document set attempts = attempts + 1, last_error = %s,"
                " next_attempt_at = now() + %s * interval '1 second' where id = %s",
                (error[:500], pause, row[0]),
                returns=False,
            )

    def _send(self, row):
        """Return None when the far end took the document, else what went wrong."""
        names = ("id", "number", "title", "sender", "recipient", "body", "sha256")
        body = json.dumps(dict(zip(names, row[:-1], strict=True)), ensure_ascii=False).encode()
        try:
            status = self.ask("POST", self._held["path"], body)
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        return None if status in (200, 201, 202, 204) else f"HTTP {status}"

    def ask(self, method, path, body=None):
        """Send one request to the Government Office and return the HTTP status."""
        connection = _Pinned(self._held, self._tls)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


def store(database, request):
    """Keep a document; the same number of the same sender twice is a fault."""
    values = {
        name: request.field(name, longest=1_000_000 if name == "body" else 500)
        for name, _ in FIELDS
    }
    digest = hashlib.sha256(values["body"].encode()).hexdigest()
    rows = database.run(
        "insert into document (number, title, sender, recipient, body, sha256)"
        " values (%s, %s, %s, %s, %s, %s) on conflict (sender, number) do nothing returning id",
        (*values.values(), digest),
    )
    if not rows:
        raise service.FaultError(409, "Văn bản số này của nơi gửi này đã có")
    return rows[0][0], values, digest


class Exchange:
    """The pages of the document exchange; `forwarder` is None without a declared far end."""

    def __init__(self, title, database, forwarder):
        self._title = title
        self._database = database
        self._forwarder = forwarder

    def check(self):
        """Raise when documents can be neither kept nor passed on."""
        self._database.check()
        if self._forwarder:
            self._forwarder.check()

    def home(self, _request):
        """Show the form, and the way to the lists."""
        send = service.form("/van-ban", FIELDS, "Gửi văn bản")
        links = (
            '<p><a href="/van-ban">Danh sách văn bản</a> <a href="/lien-thong">Liên thông</a></p>'
        )
        return service.Response(service.page(self._title, links, send))

    def accept(self, request):
        """Take a document; one for the Government Office goes out at once."""
        number, values, digest = store(self._database, request)
        if self._forwarder and values["recipient"] == GOVERNMENT:
            self._forwarder.wake()
        text = f"<p>Văn bản {number}: {html.escape(values['title'])}</p><p>SHA-256 {digest}</p>"
        return service.Response(
            service.page("Đã nhận văn bản", text), 201, {"id": number, "sha256": digest}
        )

    def listing(self, _request):
        """List the newest documents and whether they were passed on."""
        rows = self._database.run(LISTING)
        names = ("id", "number", "title", "sender", "recipient", "forwarded", "attempts", "error")
        head = ("Mã", "Số", "Trích yếu", "Nơi gửi", "Nơi nhận", "Đã chuyển", "Số lần", "Lỗi")
        return service.Response(
            service.page("Văn bản", service.table(head, rows)),
            document={"documents": [dict(zip(names, row, strict=True)) for row in rows]},
        )

    def link(self, _request):
        """Ask the Government Office, and say how many documents wait for it."""
        if self._forwarder is None:
            raise service.FaultError(503, "Chưa khai báo liên thông với Văn phòng Chính phủ")
        waiting = self._database.run(WAITING, (GOVERNMENT,))[0][0]
        try:
            status = self._forwarder.ask("GET", "/")
        except (OSError, http.client.HTTPException) as error:
            service.report(f"docs: government: {error}")
            raise service.FaultError(503, f"Mất liên thông, {waiting} văn bản đang chờ") from error
        text = f"<p>Liên thông hoạt động, {waiting} văn bản đang chờ</p>"
        return service.Response(
            service.page("Liên thông với Văn phòng Chính phủ", text),
            document={"waiting": waiting, "status": status},
        )


def main():
    """Serve the document exchange."""
    held = service.settings("docs")
    database = service.Database(held["database"], SCHEMA)
    forwarder = Forwarder(held["government"], database) if held["government"] else None
    pages = Exchange(held["title"], database, forwarder)
    docs = service.Service("docs", pages.check)
    docs.route("GET", "/", pages.home)
    docs.route("POST", "/van-ban", pages.accept)
    docs.route("GET", "/van-ban", pages.listing)
    docs.route("GET", "/lien-thong", pages.link)
    if forwarder:
        forwarder.start()
    docs.run()


if __name__ == "__main__":
    main()
