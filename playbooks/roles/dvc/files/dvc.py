# SPDX-License-Identifier: MIT
"""Online public services: hand in an application and follow it; kept in PostgreSQL."""

import html
import secrets

import service

PROCEDURES = {
    "khai-sinh": "Đăng ký khai sinh",
    "ket-hon": "Đăng ký kết hôn",
    "kinh-doanh": "Đăng ký kinh doanh",
    "xay-dung": "Cấp giấy phép xây dựng",
}
FIELDS = (("applicant", "Họ và tên"), ("identity", "Số CMND"), ("subject", "Nội dung"))
SCHEMA = """
create table if not exists application (
    code text primary key,
    procedure text not null,
    applicant text not null,
    identity text not null,
    subject text not null,
    status text not null default 'Đã tiếp nhận',
    received_at timestamptz not null default now()
)
"""
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def new_code():
    """Return a code that is easy to read out and hard to guess."""
    return "QNA-" + "".join(secrets.choice(LETTERS) for _ in range(10))


def procedure_of(request):
    """Return the procedure a path names; a fault when there is none."""
    key = request.groups["key"]
    if key not in PROCEDURES:
        raise service.FaultError(404, "Không có thủ tục này")
    return key


def identity_of(request):
    """Return the number of an identity card; a fault when it cannot be one."""
    identity = request.field("identity", longest=12)
    if not identity.isascii() or not identity.isdigit() or len(identity) not in (9, 12):
        raise service.FaultError(400, "Số CMND gồm 9 hoặc 12 chữ số")
    return identity


class Applications:
    """The pages of the online public services."""

    def __init__(self, title, database):
        self._title = title
        self._database = database

    def home(self, _request):
        """List the procedures, and take the code of an application."""
        options = "".join(
            f'<li><a href="/thu-tuc/{key}">{html.escape(name)}</a></li>'
            for key, name in PROCEDURES.items()
        )
        look = service.form("/tra-cuu", (("code", "Mã hồ sơ"),), "Tra cứu")
        return service.Response(
            service.page(self._title, f"<ul>{options}</ul>", look),
            document={"procedures": PROCEDURES},
        )

    def procedure(self, request):
        """Show the form of a procedure."""
        key = procedure_of(request)
        return service.Response(
            service.page(PROCEDURES[key], service.form(f"/thu-tuc/{key}", FIELDS, "Nộp hồ sơ"))
        )

    def submit(self, request):
        """Take an application and give it a code."""
        key = procedure_of(request)
        identity = identity_of(request)
        applicant = request.field("applicant", longest=120)
        subject = request.field("subject")
        code = new_code()
        self._database.run(
            "insert into application (code, procedure, applicant, identity, subject)"
            " values (%s, %s, %s, %s, %s)",
            (code, key, applicant, identity, subject),
            returns=False,
        )
        path = f"/ho-so/{code}"
        link = f'<p>Mã hồ sơ: <a href="{path}">{code}</a></p>'
        return service.Response(
            service.page("Đã tiếp nhận hồ sơ", link), 201, {"code": code, "path": path}, path
        )

    def look(self, request):
        """Send on to the application whose code was typed."""
        code = request.field("code", longest=20).upper()
        return service.Response("", 303, {"path": f"/ho-so/{code}"}, f"/ho-so/{code}")

    def status(self, request):
        """Show where an application stands."""
        rows = self._database.run(
            "select code, procedure, applicant, subject, status, received_at"
            " from application where code = %s",
            (request.groups["code"],),
        )
        if not rows:
            raise service.FaultError(404, "Không tìm thấy hồ sơ")
        code, key, applicant, subject, state, received = rows[0]
        head = ("Mã hồ sơ", "Thủ tục", "Người nộp", "Nội dung", "Trạng thái", "Tiếp nhận")
        row = (code, PROCEDURES.get(key, key), applicant, subject, state, received.isoformat())
        names = ("code", "procedure", "applicant", "subject", "status", "received_at")
        return service.Response(
            service.page(f"Hồ sơ {code}", service.table(head, [row])),
            document=dict(zip(names, row, strict=True)),
        )


def main():
    """Serve the application forms."""
    held = service.settings("dvc")
    database = service.Database(held["database"], SCHEMA)
    pages = Applications(held["title"], database)
    dvc = service.Service("dvc", database.check)
    dvc.route("GET", "/", pages.home)
    dvc.route("GET", "/thu-tuc/(?P<key>[a-z-]+)", pages.procedure)
    dvc.route("POST", "/thu-tuc/(?P<key>[a-z-]+)", pages.submit)
    dvc.route("POST", "/tra-cuu", pages.look)
    dvc.route("GET", "/ho-so/(?P<code>QNA-[A-Z0-9]{10})", pages.status)
    dvc.run()


if __name__ == "__main__":
    main()
