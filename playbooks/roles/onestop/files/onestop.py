# SPDX-License-Identifier: MIT
"""The one-stop shop: tickets per counter and day, called in order; kept in PostgreSQL."""

import html

import service

COUNTERS = {"tu-phap": "Tư pháp", "dat-dai": "Đất đai", "kinh-doanh": "Kinh doanh"}
SCHEMA = """
create table if not exists ticket (
    day date not null default current_date,
    counter text not null,
    number integer not null,
    citizen text not null,
    taken_at timestamptz not null default now(),
    called_at timestamptz,
    primary key (day, counter, number)
)
"""
TAKE = """
with line as (select pg_advisory_xact_lock(hashtext(%(counter)s)))
insert into ticket (counter, number, citizen)
select %(counter)s, coalesce(max(number), 0) + 1, %(citizen)s
from line left join ticket on day = current_date and counter = %(counter)s
returning number
"""
CALL = """
update ticket set called_at = now()
where (day, counter, number) in (
    select day, counter, number from ticket
    where day = current_date and counter = %s and called_at is null
    order by number limit 1 for update skip locked)
returning number, citizen
"""


def counter_of(request):
    """Return the counter a path names; a fault when there is none."""
    key = request.groups["counter"]
    if key not in COUNTERS:
        raise service.FaultError(404, "Không có quầy này")
    return key


def main():
    """Serve the counters."""
    database = None

    def depends():
        database.check()

    onestop = service.Service("onestop", depends)
    database = service.Database(onestop.settings["database"], SCHEMA)

    def home(_request):
        waiting = dict(
            database.run(
                "select counter, count(*) from ticket"
                " where day = current_date and called_at is null group by counter"
            )
        )
        rows = [(name, waiting.get(key, 0)) for key, name in COUNTERS.items()]
        links = "".join(
            f"<h2>{html.escape(name)}</h2>"
            + service.form(f"/quay/{key}/lay-so", (("citizen", "Họ và tên"),), "Lấy số")
            for key, name in COUNTERS.items()
        )
        return service.Response(
            service.page(
                onestop.settings["title"], service.table(("Quầy", "Đang chờ"), rows), links
            ),
            document={"waiting": {key: waiting.get(key, 0) for key in COUNTERS}},
        )

    def take(request):
        key = counter_of(request)
        citizen = request.field("citizen", longest=120)
        # Two people who press at once wait for each other: the lock is taken before the count.
        number = database.run(TAKE, {"counter": key, "citizen": citizen})[0][0]
        text = f"<p>{html.escape(COUNTERS[key])}: số {number}</p>"
        return service.Response(
            service.page("Số thứ tự", text), 201, {"counter": key, "number": number}
        )

    def call(request):
        key = counter_of(request)
        rows = database.run(CALL, (key,))
        if not rows:
            return service.Response(
                service.page("Gọi số", "<p>Không còn ai chờ</p>"), document={"number": None}
            )
        number, citizen = rows[0]
        text = f"<p>Mời số {number}: {html.escape(citizen)}</p>"
        return service.Response(
            service.page("Gọi số", text), document={"number": number, "citizen": citizen}
        )

    onestop.route("GET", "/", home)
    onestop.route("POST", "/quay/(?P<counter>[a-z-]+)/lay-so", take)
    onestop.route("POST", "/quay/(?P<counter>[a-z-]+)/goi-so", call)
    onestop.run()


if __name__ == "__main__":
    main()
