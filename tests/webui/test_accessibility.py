# SPDX-License-Identifier: MIT
"""axe-core over every page: both languages, light and dark, on a desk and in a hand."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.webui import watching
from tests.webui.afternoon import seed
from tests.webui.browsing import sign_in, visit
from tests.webui.conftest import (
    BROWSER_S,
    OPERATOR,
    PASSWORD,
    PATIENCE_MS,
    SIZES,
    Server,
    settings,
    write_playbooks,
)
from tinhnet import actions, entrance
from tinhnet.alerting import shift_actions
from tinhnet.context import Context, open_context
from tinhnet.model.actor import Role, User
from tinhnet.model.job import Job, JobRequest
from tinhnet.store.jobs import get_job
from tinhnet.store.wake import waking
from webui.application import create_application
from webui.page import pages

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(BROWSER_S)]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
CHECK = """(rules) => axe.run(document, {
  resultTypes: ["violations"],
  ...(rules ? { runOnly: { type: "rule", values: rules } } : {}),
}).then((found) => found.violations.map((one) =>
  `${one.impact} ${one.id}: ${one.nodes.length} × ${one.nodes[0].html.slice(0, 120)}`))"""
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose answer depends on the theme; the others need one look for both."""
THEME = "(theme) => { document.documentElement.dataset.bsTheme = theme; }"
SEVERE = ("serious", "critical", "moderate")
ALL = "chi"
"""Somebody with every role, who sees every page and every button."""
VISITOR_PATHS = ("/login", "/first-run")
PATHS = (
    "/",
    "/coverage/districts-connected",
    "/sites",
    "/sites?q=nothing+like+it",
    "/sites/dien-ban",
    "/devices?role=core",
    "/devices/core1",
    "/links?role=core",
    "/links/dien-ban-1",
    "/services",
    "/services/portal",
    "/playbooks",
    "/playbooks/change.yml",
    "/playbooks/change.yml/review?limit=dien-ban&mode=apply",
    "/jobs",
    "/jobs/{job}?device=localhost",
    "/jobs/{waiting}/cancel",
    "/search?q=dien",
    "/system",
    "/profile",
    "/people",
    "/people/users/lan",
    "/evidence",
    "/evidence?actor=nobody&since=nonsense",
    "/duty",
    "/sla",
    "/sla/circuit/dien-ban-1",
    "/alerts",
    "/alerts/{alert}",
    "/events",
    "/events?device=nobody",
    "/maintenance",
    "/maintenance/new?alert={alert}",
    "/maintenance/w00000001/lift",
    "/rules",
    "/rules/circuit-loss?span=24h",
    "/handover",
    "/handover/{shift}",
    "/wall",
    "/wall/pair",
    "/displays",
    "/weathermap",
    "/series",
    "/series?name=interface_in_bps&device=core1&range=1h",
    "/nothing-here",
)
UNSEEN = {"live", "metrics", "preferences"}
"""Page files that show people nothing: a stream, numbers for scrapers, switches of every page."""


@pytest.fixture(scope="module")
def paths(server: Server) -> tuple[str, ...]:
    """Return every address, over a state in which every page has something to show."""
    context = server.context
    everybody = User(ALL, "Lê Thị Chi", frozenset(Role), True, context.now, None)  # noqa: FBT003 a row
    actions.add_user(context, OPERATOR, everybody, PASSWORD)
    actions.create_token(context, OPERATOR, "wall", Role.VIEWER)
    ended = actions.launch_job(context, OPERATOR, JobRequest("count.yml", check=True))
    _wait_for_end(context, ended)
    names = {"job": ended.id, "waiting": ended.id}
    watching.watch_afternoon(context)
    watching.measure(context, 0.3)
    names["alert"] = seed(context.store, context.now)[1].alert.fingerprint
    names["shift"] = shift_actions.give_handover(context, OPERATOR, "Điện Bàn chờ VNPT").id
    return tuple(path.format(**names) for path in PATHS)


def _wait_for_end(context: Context, job: Job) -> None:
    ends = monotonic() + PATIENCE_MS / 1000
    with waking(context.store) as wake:
        while True:
            with context.store.reading() as connection:
                if get_job(connection, job.number).state.is_final:
                    return
            assert monotonic() < ends, "the job never ended"
            wake.wait(1)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[str]:
    """Serve an installation in which nobody exists; return its address."""
    write_playbooks(tmp_path / "playbooks")
    loaded = settings(tmp_path / "state", tmp_path / "playbooks")
    context = open_context(loaded)
    entrance.offer_first_run(context)
    listening = make_server("127.0.0.1", 0, create_application(context, loaded), threaded=True)
    thread = Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    thread.join()
    context.store.close()


def look(page: Page, *, in_dark: bool = True) -> dict[str, list[str]]:
    """Return what axe finds on the page that is open, by theme and size."""
    page.evaluate(AXE)
    found: dict[str, list[str]] = {}
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme, rules in (("light", None), ("dark", COLOURS))[: 1 + in_dark]:
            page.evaluate(THEME, theme)
            faults = page.evaluate(CHECK, rules)
            severe = [fault for fault in faults if fault.startswith(SEVERE)]
            if severe:
                found[f"{theme} {size}"] = severe
    return found


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nobody_is_kept_out_of_a_page(
    browser: Browser, server: Server, paths: tuple[str, ...], language: str
) -> None:
    """WCAG 2.1 AA as far as a machine can tell: screen readers, keyboards, weak eyes.

    Words have no colours of their own, so one language is looked at in the dark.
    """
    page, in_dark = visit(browser, server.address, language, SIZES["wide"]), language == "vi"
    page.goto("/login")
    faults = {"/login": look(page, in_dark=in_dark)}
    sign_in(page, ALL)
    for path in paths:
        page.goto(path)
        faults[path] = look(page, in_dark=in_dark)
    page.context.close()

    assert {path: found for path, found in faults.items() if found} == {}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_nobody_is_kept_out_of_the_first_run(browser: Browser, empty: str, language: str) -> None:
    """The first page of all is seen before anybody could complain."""
    page = visit(browser, empty, language, SIZES["wide"])
    page.goto("/first-run")
    found = look(page)
    page.context.close()

    assert found == {}


def test_every_page_family_is_looked_at() -> None:
    """A page that is added must be added here, or it is the one that keeps people out."""
    seen = {re.split(r"[/?]", path)[1] for path in (*PATHS, *VISITOR_PATHS)}
    families = {page.blueprint.name.replace("_", "-") for page in pages()}

    assert families - UNSEEN - {"overview"} <= seen
