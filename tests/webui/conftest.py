# SPDX-License-Identifier: MIT
"""A web application over a real state, with one person for every role."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.test import TestResponse

from tinhnet import actions
from tinhnet.config import Loaded, load_config
from tinhnet.context import Context, open_context
from tinhnet.model.actor import Actor, Role, User
from webui.application import create_application

ROOT = Path(__file__).parents[2]
PASSWORD = "mat-khau-thu-nghiem"  # noqa: S105 of a state that lives for one test session
PEOPLE = {
    "lan": Role.ENGINEER,
    "minh": Role.VIEWER,
    "tuan": Role.OPERATOR,
    "huong": Role.APPROVER,
    "binh": Role.ADMIN,
}
SESSION = "tinhnet_session"  # name of the cookie
OPERATOR = Actor("local:test", frozenset(Role), "cli")
PLAYBOOKS = {
    "count.yml": """\
---
# tinhnet: {title_vi: Đếm, title_en: Count, risk: read, order: 1}
- name: Count
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Say many lines
      ansible.builtin.debug:
        msg: "{{ range(1, 40) | map('string') | map('regex_replace', '^', 'dòng ') | list }}"
    - name: Wait for the page
      ansible.builtin.wait_for:
        timeout: 2
    - name: Say the last word
      ansible.builtin.debug:
        msg: xong ở Điện Bàn
""",
    "change.yml": """\
---
# tinhnet: {title_vi: Thay đổi, title_en: Change, risk: change, order: 2,
#   does_vi: Không thay đổi gì., does_en: Changes nothing at all., groups: [cpe],
#   arguments: {device: {label_vi: Thiết bị, label_en: Device, pattern: "[a-z0-9-]+"}}}
- name: Change
  hosts: cpe
  gather_facts: false
  tasks: []
""",
}


CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZES = {"wide": (1280, 800), "phone": (390, 844)}
READY_S = 240
PATIENCE_MS = 240_000
"""Two cores that run a whole lab beside the browser are slow; nothing waits this long alone."""
BROWSER_S = 900
"""What a browser test gets as a whole, its server and its Chromium included."""


@dataclass(frozen=True, slots=True)
class Site:
    """One web application with the context it stands on."""

    app: Flask
    context: Context
    loaded: Loaded
    sessions: dict[str, str] = field(default_factory=dict)

    def visit(self, name: str | None = None, language: str = "en") -> FlaskClient:
        """Return a browser, signed in when a name is given; the login is done once a name."""
        client = self.app.test_client()
        client.set_cookie("tinhnet_language", language)
        if name is not None:
            if name not in self.sessions:
                self.sessions[name] = self.enter(name)
            client.set_cookie(SESSION, self.sessions[name])
        return client

    def enter(self, name: str) -> str:
        """Sign in and return the session's cookie."""
        client = self.app.test_client()
        fields: dict[str, str | list[str]] = {"name": name, "password": PASSWORD}
        assert post(client, "/login", fields, page="/login").status_code == 303
        cookie = client.get_cookie(SESSION)
        assert cookie is not None
        return cookie.value


def post(
    client: FlaskClient, path: str, fields: dict[str, str | list[str]], page: str = "/profile"
) -> TestResponse:
    """Post a form with the token of a page, as a browser does."""
    text = client.get(page).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found, f"{page} has no form"
    return client.post(path, data={"csrf_token": found[1], **fields})


def settings(state: Path, playbooks: Path, **more: str) -> Loaded:
    """Return settings of a state in a directory of its own."""
    environment = {
        "TINHNET_STATE": str(state),
        "TINHNET__JOBS__PLAYBOOKS": str(playbooks),
        "TINHNET__ACCESS__PAUSE_S": "600",
        **more,
    }
    return load_config(environment, ROOT)


def add_people(context: Context) -> None:
    """Add one person for every role."""
    for name, role in PEOPLE.items():
        user = User(name, name.title(), frozenset({role}), True, context.now, None)  # noqa: FBT003 a row
        actions.add_user(context, OPERATOR, user, PASSWORD)


def write_playbooks(directory: Path) -> None:
    """Write playbooks that need no network."""
    directory.mkdir(exist_ok=True)
    for name, text in PLAYBOOKS.items():
        (directory / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Server:
    """A web server of our own with the context of its state."""

    address: str
    context: Context
    environment: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return an application over a state of its own, shared by the tests of a file."""
    directory = tmp_path_factory.mktemp("web")
    write_playbooks(directory / "playbooks")
    loaded = settings(directory / "state", directory / "playbooks")
    context = open_context(loaded)
    add_people(context)
    app = create_application(context, loaded)
    yield Site(app, context, loaded)
    context.store.close()


@pytest.fixture
def visit(site: Site) -> Callable[..., FlaskClient]:
    """Return what opens a browser."""
    return site.visit


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the real server on an inherited socket, and a change worker beside it.

    Each file has its own: what one writes is not there for another, whatever the order.
    """
    directory = tmp_path_factory.mktemp("browser")
    write_playbooks(directory / "playbooks")
    loaded = settings(directory / "state", directory / "playbooks")
    context = open_context(loaded)
    add_people(context)
    environment = os.environ | {
        "TINHNET_STATE": str(directory / "state"),
        "TINHNET__JOBS__PLAYBOOKS": str(directory / "playbooks"),
    }
    with socket.socket() as listener, (directory / "log").open("wb") as log:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        host, port = listener.getsockname()
        commands = [["-m", "webui.server", "--fd", str(listener.fileno())], _worker()]
        running = [
            subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment,
                pass_fds=[listener.fileno()],
                stderr=log,
            )
            for command in commands
        ]
        try:
            _wait_for(host, port)
            yield Server(f"http://{host}:{port}", context, environment)
        finally:
            for one in running:
                one.terminate()
            try:
                for one in running:
                    one.wait(READY_S)
            finally:
                for one in running:
                    one.kill()
                context.store.close()


def _worker() -> list[str]:
    return ["-c", "from tinhnet.cli import main; main()", "worker", "change"]


def _wait_for(host: str, port: int) -> None:
    """Wait until a page answers; the connection itself waits in the socket's queue."""
    connection = HTTPConnection(host, port, timeout=READY_S)
    try:
        connection.request("GET", "/login")
        assert connection.getresponse().status == 200
    except HTTPException as error:
        pytest.fail(f"the server does not answer: {error}")
    finally:
        connection.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one Chromium for all tests."""
    if not Path(CHROMIUM).exists():
        pytest.fail("Chromium is missing: apt-get install chromium (make setup does)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
