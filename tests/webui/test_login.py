# SPDX-License-Identifier: MIT
"""Signing in: who comes in, who does not, and where one may be sent."""

import re
from collections.abc import Generator

import pytest

from tests.webui.conftest import OPERATOR, PASSWORD, Site, post
from tinhnet import actions
from webui.protection import safe_target
from webui.stream import event_stream


def test_a_visitor_is_sent_to_the_login_and_back_to_the_page_asked_for(site: Site) -> None:
    """A link that a colleague sent must open after signing in."""
    client = site.visit()

    asked = client.get("/devices?role=core")

    assert asked.status_code == 302
    assert asked.location == "/login?next=/devices?role%3Dcore"
    fields = {"name": "lan", "password": PASSWORD, "next": "/devices?role=core"}
    assert post(client, "/login", fields, page="/login").location == "/devices?role=core"


@pytest.mark.parametrize(
    "target",
    ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/\tx", "", None],
)
def test_nobody_is_sent_to_another_site(target: str | None) -> None:
    """An address in ?next= must not carry a person, fresh from the login, to a stranger's page."""
    assert safe_target(target, "/") == "/"


def test_a_wrong_password_says_nothing_about_the_name(site: Site) -> None:
    """An attacker must not learn which names exist."""
    client = site.visit()

    known = post(client, "/login", {"name": "minh", "password": "x" * 12}, page="/login")
    unknown = post(client, "/login", {"name": "nobody", "password": "x" * 12}, page="/login")

    assert known.status_code == unknown.status_code == 401
    assert "Name or password is wrong." in known.get_data(as_text=True)
    assert "Name or password is wrong." in unknown.get_data(as_text=True)


def test_many_wrong_passwords_pause_the_login_even_for_the_right_one(site: Site) -> None:
    """Guessing must not pay."""
    client = site.visit(language="vi")
    for _ in range(5):
        post(client, "/login", {"name": "tuan", "password": "x" * 12}, page="/login")

    answer = post(client, "/login", {"name": "tuan", "password": PASSWORD}, page="/login")

    assert answer.status_code == 401
    assert "tạm dừng" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("language", "said"),
    [("vi", "không có kịch bản nothing.yml"), ("en", "there is no playbook nothing.yml")],
)
def test_an_error_of_the_floor_is_told_in_the_readers_language(
    site: Site, language: str, said: str
) -> None:
    """An operator who reads no English must learn what went wrong too."""
    answer = site.visit("lan", language).get("/playbooks/nothing.yml")

    assert answer.status_code == 404
    assert said in answer.get_data(as_text=True)


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    """Another site's page must not act for somebody who is signed in here."""
    client = site.visit("lan")

    answer = client.post("/jobs", data={"playbook": "count.yml"})

    assert answer.status_code == 400
    assert site.visit("lan").get("/jobs").status_code == 200


def test_a_new_password_ends_every_other_session(site: Site) -> None:
    """Whoever stole a session loses it with the password change."""
    stolen, own = site.visit("huong"), site.visit("huong")
    fields: dict[str, str | list[str]] = {
        "current": PASSWORD,
        "new": "mat-khau-moi-hon",
        "again": "mat-khau-moi-hon",
    }

    assert post(own, "/profile/password", fields).status_code == 303

    assert own.get("/profile").status_code == 200
    assert stolen.get("/profile").status_code == 302
    actions.set_password(site.context, OPERATOR, "huong", PASSWORD)
    site.sessions.pop("huong")


def test_a_person_sees_and_ends_their_sessions(site: Site) -> None:
    """Whoever left a browser open in a district signs it out from the desk."""
    own, forgotten = site.visit("minh"), site.visit()
    forgotten.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
    forgotten.environ_base["REMOTE_ADDR"] = "10.64.7.10"
    post(forgotten, "/login", {"name": "minh", "password": PASSWORD}, page="/login")

    page = own.get("/profile").get_data(as_text=True)
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]
    there = next(row for row in rows if "10.64.7.10" in row)
    here = next(row for row in rows if "this session" in row)

    assert "Firefox · Windows" in there
    assert there is not here
    ending = re.search(r'action="(/profile/sessions/[0-9a-f]+/end)"', there)
    assert ending is not None
    assert post(own, ending[1], {}).status_code == 303
    assert forgotten.get("/profile").status_code == 302
    assert own.get("/profile").status_code == 200


def test_only_an_admin_ends_the_sessions_of_others(site: Site) -> None:
    """An engineer must not be able to throw the operator out."""
    victim, admin, engineer = site.visit("huong"), site.visit("binh"), site.visit("lan")
    page = admin.get("/people/users/huong").get_data(as_text=True)
    found = re.search(r"/people/sessions/([0-9a-f]+)/end", page)
    assert found is not None

    assert post(engineer, f"/profile/sessions/{found[1]}/end", {}).status_code == 403
    assert engineer.get("/people/users/huong").status_code == 403
    assert victim.get("/profile").status_code == 200
    path = "/people/users/huong/sessions/end"
    assert post(admin, path, {}, page="/people/users/huong").status_code == 303
    assert victim.get("/profile").status_code == 302
    site.sessions.pop("huong")


def test_a_session_that_was_ended_gets_no_further_line(site: Site) -> None:
    """A page that is open on the wall must fall silent, not only refuse the next click."""
    stands = [True]

    def events() -> Generator[str]:
        yield from ("one", "two", "three")

    with site.app.test_request_context():
        answer = event_stream(events(), lambda: stands[0])
        lines = iter(answer.response)
        assert (next(lines), next(lines)) == ("one", "two")
        stands[0] = False
        assert list(lines) == []


def test_a_disabled_person_is_out_with_the_next_click(site: Site) -> None:
    """Somebody who left the agency must not keep an open page."""
    client = site.visit("huong")
    actions.set_enabled(site.context, OPERATOR, "huong", is_enabled=False)

    after = client.get("/sites")

    actions.set_enabled(site.context, OPERATOR, "huong", is_enabled=True)
    assert after.status_code == 302
    assert client.get("/sites").status_code == 302, "the old session is not the new one"
    site.sessions.pop("huong")


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    """A cookie that scripts can read is a cookie that leaks."""
    client = site.visit()

    answer = post(client, "/login", {"name": "lan", "password": PASSWORD}, page="/login")

    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if "tinhnet_session" in one)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_every_answer_carries_the_strict_policy(site: Site) -> None:
    """One page without the policy is the one that gets attacked."""
    client = site.visit("lan")

    for path in ("/", "/login", "/static/noc.css", "/nothing", "/api/v1/sites"):
        with client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_a_viewer_sees_everything_declared_and_launches_nothing(site: Site) -> None:
    """The role is checked by the server; a hidden button alone stops nobody."""
    client = site.visit("minh")

    assert client.get("/sites").status_code == 200
    assert client.get("/playbooks").status_code == 403
    assert post(client, "/jobs", {"playbook": "count.yml"}).status_code == 403
    assert client.get("/people").status_code == 403
    assert client.get("/evidence").status_code == 403


def test_an_admin_adds_a_user_who_can_sign_in(site: Site) -> None:
    """The page does what the command line does."""
    admin = site.visit("binh")
    fields: dict[str, str | list[str]] = {
        "name": "moi",
        "full_name": "Người Mới",
        "role": "viewer",
        "password": PASSWORD,
    }

    added = post(admin, "/people/users", fields, page="/people")

    assert added.status_code == 303
    assert site.visit("moi").get("/sites").status_code == 200


def test_the_last_administrator_stays_and_the_page_says_what_to_do(site: Site) -> None:
    """Nobody may lock everybody out with two clicks."""
    admin = site.visit("binh", language="vi")

    demoted = post(admin, "/people/users/binh/roles", {"role": "viewer"}, page="/people")
    disabled = post(admin, "/people/users/binh/enabled", {"enabled": "no"}, page="/people")

    assert demoted.status_code == disabled.status_code == 422
    assert "quản trị viên cuối cùng" in demoted.get_data(as_text=True)
    assert admin.get("/people").status_code == 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Viết Hoa"}, "A user name begins with"),
        ({"role": []}, "Tick at least one role"),
        ({"password": "ngan"}, "at least 12 are needed"),
        ({"name": "lan"}, "exists already"),
    ],
    ids=["name", "no role", "short password", "taken"],
)
def test_a_wrong_user_is_refused_with_the_reason(
    site: Site, change: dict[str, str | list[str]], said: str
) -> None:
    """Wrong input gets a sentence, not a stack of Python."""
    admin = site.visit("binh")
    fields: dict[str, str | list[str]] = {"name": "ai-do", "role": "viewer", "password": PASSWORD}

    answer = post(admin, "/people/users", fields | change, page="/people")

    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)


def test_a_token_is_shown_once_and_works_until_it_is_revoked(site: Site) -> None:
    """A token that can be read again later would be a password in the open."""
    admin = site.visit("binh")
    made = post(
        admin,
        "/people/tokens",
        {"name": "bang tin", "role": "viewer", "days": "30"},
        page="/people",
    ).get_data(as_text=True)
    token = made.split('<code id="token">')[1].split("<")[0]
    program = site.app.test_client()
    headers = {"Authorization": f"Bearer {token}"}

    assert program.get("/api/v1/sites", headers=headers).status_code == 200
    page = admin.get("/people").get_data(as_text=True)
    assert token not in page
    identity = page.split("/people/tokens/")[1].split("/revoke")[0]
    post(admin, f"/people/tokens/{identity}/revoke", {}, page="/people")
    assert program.get("/api/v1/sites", headers=headers).status_code == 401
