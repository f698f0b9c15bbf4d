# SPDX-License-Identifier: MIT
"""The API: the rows of the command line, behind a token, described by a contract."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from tests.webui.conftest import OPERATOR, ROOT, Site
from tinhnet import actions
from tinhnet.inventory.listing import (
    device_rows,
    link_rows,
    plain,
    service_rows,
    site_rows,
)
from tinhnet.inventory.loader import load
from tinhnet.model.actor import Role

CONTRACTS = ROOT / "docs" / "contracts"
LISTS = {
    "sites": site_rows,
    "devices": device_rows,
    "links": link_rows,
    "services": service_rows,
}


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a token of one role."""

    site: Site
    token: str

    def get(self, path: str) -> TestResponse:
        """Ask for something."""
        return self.site.app.test_client().get(path, headers=self._headers)

    def post(self, path: str, body: object) -> TestResponse:
        """Ask to do something."""
        return self.site.app.test_client().post(path, json=body, headers=self._headers)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def program(site: Site) -> Callable[[Role], Program]:
    """Return what gives a program of a role."""

    def make(role: Role) -> Program:
        return Program(site, actions.create_token(site.context, OPERATOR, role.value, role)[1])

    return make


@pytest.mark.parametrize("name", list(LISTS))
def test_a_list_holds_the_rows_of_the_command_line(
    site: Site, program: Callable[[Role], Program], name: str
) -> None:
    """One row, one shape: whoever learned `--json` knows the API."""
    answer = program(Role.VIEWER).get(f"/api/v1/{name}?size=1000").json
    network = load(site.context.config.inventory)
    expected = [json.loads(json.dumps(plain(row))) for row in LISTS[name](network)]
    schema = json.loads((CONTRACTS / f"{name}.schema.json").read_text(encoding="utf-8"))

    assert answer is not None
    declared = set(expected[0])
    assert [{key: row[key] for key in declared} for row in answer["items"]] == expected
    assert answer["total"] == len(expected)
    Draft202012Validator(schema).validate(answer["items"])


def test_the_contract_is_the_one_the_application_serves(site: Site) -> None:
    """Regenerate it with `python -m webui.contract` when a call changes on purpose."""
    written = json.loads((CONTRACTS / "openapi.json").read_text(encoding="utf-8"))

    assert site.app.test_client().get("/api/v1/openapi.json").json == written


@pytest.mark.parametrize(
    ("header", "detail"),
    [("", "no token"), ("Bearer tinhnet_nonsense", "unknown"), ("Basic bGFu", "no token")],
)
def test_without_a_good_token_nothing_is_answered(site: Site, header: str, detail: str) -> None:
    """The answer says what to send, as problem+json."""
    answer = site.app.test_client().get("/api/v1/sites", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert detail in json.loads(answer.data)["detail"]
    assert "WWW-Authenticate" in answer.headers


def test_a_session_of_a_browser_is_no_token(site: Site) -> None:
    """Otherwise another site's page could call the API with somebody's cookie."""
    assert site.visit("lan").get("/api/v1/sites").status_code == 401


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("/api/v1/sites?colour=red", 422, "colour"),
        ("/api/v1/sites?size=0", 422, "size"),
        ("/api/v1/sites/nowhere", 404, "nothing here"),
        ("/api/v1/jobs/J999", 404, "nothing here"),
        ("/api/v1/jobs/12", 422, "pattern"),
        ("/api/v1/nothing", 404, "nothing here"),
    ],
)
def test_what_does_not_fit_is_answered_with_a_hint(
    program: Callable[[Role], Program], path: str, status: int, part: str
) -> None:
    """A typo in a parameter must not silently mean "everything"."""
    answer = program(Role.VIEWER).get(path)
    body = json.loads(answer.data)

    assert answer.status_code == body["status"] == status
    assert part in body["detail"]
    assert body["hint"]
    assert len(body["id"]) == 8


def test_pages_cover_every_row_once(program: Callable[[Role], Program]) -> None:
    """A program that walks the pages must see each device once."""
    viewer = program(Role.VIEWER)
    seen = []
    for page in range(1, 6):
        answer = viewer.get(f"/api/v1/devices?size=25&page={page}").json
        assert answer is not None
        seen += [row["id"] for row in answer["items"]]

    assert len(seen) == len(set(seen)) == 95


def test_only_the_right_role_launches_and_check_mode_is_the_default(
    program: Callable[[Role], Program],
) -> None:
    """The API is no way around the roles."""
    body = {"playbook": "change.yml", "limit": "dien-ban"}

    assert program(Role.VIEWER).post("/api/v1/jobs", body).status_code == 403
    assert program(Role.OPERATOR).post("/api/v1/jobs", body | {"check": False}).status_code == 403
    made = program(Role.ENGINEER).post("/api/v1/jobs", body)
    assert made.status_code == 201
    assert made.json is not None
    assert made.json["check"] is True
    assert made.headers["Location"] == f"/api/v1/jobs/{made.json['id']}"


def test_a_change_says_what_it_is_for(program: Callable[[Role], Program]) -> None:
    """The same rule at every door; the refusal says what to send."""
    engineer = program(Role.ENGINEER)
    body = {"playbook": "change.yml", "limit": "hoi-an", "check": False}

    silent = engineer.post("/api/v1/jobs", body)
    wrong = engineer.post("/api/v1/jobs", body | {"purpose": "hai\ndòng"})
    made = engineer.post("/api/v1/jobs", body | {"purpose": "Hội An"})

    assert silent.status_code == wrong.status_code == 400
    assert silent.json is not None
    assert "nobody said what for" in silent.json["detail"]
    assert "purpose" in silent.json["hint"]
    assert wrong.json is not None
    assert "U+000A" in wrong.json["detail"]
    assert made.json is not None
    assert (made.json["purpose"], made.json["dry_run"]) == ("Hội An", None)


def test_half_a_character_as_purpose_is_told_as_such(site: Site) -> None:
    """JSON can carry a lone surrogate, a database cannot."""
    _, token = actions.create_token(site.context, OPERATOR, "half", Role.ENGINEER)
    answer = site.app.test_client().post(
        "/api/v1/jobs",
        data=r'{"playbook": "change.yml", "check": false, "purpose": "a\udcff"}',
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert answer.status_code in {400, 422}
    assert "purpose" in answer.get_data(as_text=True)


def test_a_job_can_be_read_and_cancelled(program: Callable[[Role], Program]) -> None:
    """Launch, look, think again, cancel: a whole life over the API."""
    engineer = program(Role.ENGINEER)
    made = engineer.post("/api/v1/jobs", {"playbook": "count.yml"}).json
    assert made is not None

    cancelled = engineer.post(f"/api/v1/jobs/{made['id']}/cancel", {})
    detail = engineer.get(f"/api/v1/jobs/{made['id']}").json
    lines = engineer.get(f"/api/v1/jobs/{made['id']}/events?after=0").json

    assert cancelled.status_code == 200
    assert detail is not None
    assert detail["state"] == "cancelled"
    assert lines is not None
    assert lines["is_final"] is True


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"playbook": "nothing.yml"}, 404),
        ({"playbook": "change.yml", "limit": "a b"}, 400),
        ({"playbook": "change.yml", "extra": {"x": "1"}}, 400),
        ({"playbook": "change.yml", "shell": "id"}, 422),
        ({}, 422),
    ],
    ids=["no such playbook", "limit", "argument", "unknown field", "empty"],
)
def test_a_wrong_job_is_refused(
    program: Callable[[Role], Program], body: dict[str, object], status: int
) -> None:
    """Nothing runs that was not understood."""
    assert program(Role.ENGINEER).post("/api/v1/jobs", body).status_code == status


def test_the_evidence_log_is_read_and_verified_by_those_who_may(
    program: Callable[[Role], Program],
) -> None:
    """The security officer exports it; an engineer does not."""
    officer = program(Role.SECURITY)
    entries = officer.get("/api/v1/evidence?size=2").json
    verified = officer.get("/api/v1/evidence/verification").json

    assert program(Role.ENGINEER).get("/api/v1/evidence").status_code == 403
    assert entries is not None
    assert entries["items"][1]["previous"] == entries["items"][0]["digest"]
    assert verified is not None
    assert verified["is_whole"] is True


def test_the_evidence_log_is_searched_like_the_page(
    program: Callable[[Role], Program],
) -> None:
    """The same filters everywhere; a moment without its zone is refused, not guessed."""
    officer = program(Role.SECURITY)
    found = officer.get("/api/v1/evidence?action=user.add&subject=LAN&actor=local").json
    none = officer.get("/api/v1/evidence?until=2016-01-01T00:00:00Z").json

    assert found is not None
    assert [one["subject"] for one in found["items"]] == ["user lan"]
    assert found["total"] == 1
    assert none is not None
    assert none["items"] == []
    assert officer.get("/api/v1/evidence?since=2016-01-01T00:00:00").status_code == 422


def test_coverage_says_the_figures_of_the_plan(program: Callable[[Role], Program]) -> None:
    """The figure in the report is the figure on the page."""
    answer = program(Role.VIEWER).get("/api/v1/coverage").json

    assert answer is not None
    assert [row["fraction"] for row in answer["items"]] == ["22/22", "18/18"]
