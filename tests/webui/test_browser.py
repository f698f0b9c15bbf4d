# SPDX-License-Identifier: MIT
"""The pages in a real browser: nothing refused by the policy, nothing fetched from elsewhere.

`TINHNET_SCREENSHOTS=DIRECTORY` keeps pictures of what was seen; the README's
are written to docs/images/ with `TINHNET_SCREENSHOTS=docs/images`.
"""

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.webui.browsing import CONTRAST, OVERFLOWING, UNNAMED, keep, sign_in, visit
from tests.webui.conftest import BROWSER_S, SIZES, Server

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(BROWSER_S)]

PICTURE = (1120, 780)
"""Pixels of the pictures in the README."""
PATHS = (
    "/",
    "/coverage/districts-connected",
    "/sites",
    "/sites?q=dien+ban",
    "/sites/dien-ban",
    "/devices",
    "/devices/core1",
    "/links",
    "/links/dien-ban-1",
    "/services",
    "/services/portal",
    "/playbooks",
    "/playbooks/change.yml",
    "/playbooks/change.yml/review?limit=dien-ban&mode=apply",
    "/jobs",
    "/search?q=so",
    "/system",
    "/profile",
    "/nothing-here",
)


@dataclass(slots=True)
class Watch:
    """What a browser did that it should not have done."""

    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def _open(
    browser: Browser, server: Server, size: str, language: str, name: str = "lan"
) -> tuple[Page, Watch]:
    """Return a signed-in page that writes down what it should not do."""
    page = visit(browser, server.address, language, SIZES[size], locale="vi-VN")
    watch = Watch()
    page.on("request", lambda request: _note_foreign(watch, server, request.url))
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    page.on(
        "console",
        lambda message: watch.errors.append(message.text) if _is_fault(message.text) else None,
    )
    sign_in(page, name)
    return page, watch


def _note_foreign(watch: Watch, server: Server, url: str) -> None:
    if not url.startswith((server.address, "data:")):
        watch.foreign.append(url)


def _is_fault(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", list(SIZES))
def test_every_page_keeps_the_policy_and_stays_at_home(
    browser: Browser, server: Server, size: str, language: str
) -> None:
    """An air-gapped office sees every page whole, on a desk and in a hand, in both languages."""
    page, watch = _open(browser, server, size, language)
    faults: dict[str, object] = {}
    for path in PATHS:
        page.goto(path, wait_until="load")
        refused = page.evaluate("() => window.refused")
        unnamed = page.evaluate(UNNAMED)
        wider = page.evaluate(OVERFLOWING)
        has_heading = page.locator("h1").count() == 1
        if refused or unnamed or wider > 0 or not has_heading:
            faults[path] = (refused, unnamed, wider, has_heading)
        if size == "wide" and language == "vi" and path in {"/", "/sites"}:
            keep(page, {"/": "overview", "/sites": "sites"}[path], PICTURE)

    assert faults == {}
    assert watch.foreign == []
    assert watch.errors == []
    page.context.close()


def test_a_job_is_launched_and_followed_to_its_end_and_survives_a_reload(
    browser: Browser, server: Server
) -> None:
    """The live page shows every line once, in order, without anybody touching it."""
    page, watch = _open(browser, server, "wide", "vi")
    page.goto("/playbooks/count.yml")
    page.click("button.btn-primary")
    page.wait_for_url("**/review?**")
    page.click("form button.btn-primary")
    page.wait_for_url(re.compile(r"/jobs/J\d+"))

    log = page.locator("#log")
    expect(log).to_contain_text("dòng 39")
    expect(page.locator("#job-devices tbody tr")).to_have_count(1)
    keep(page, "job-live", PICTURE)
    page.reload()
    expect(log).to_contain_text("xong ở Điện Bàn")
    expect(page.locator("#job-status .state.good").first).to_be_visible()
    expect(log).to_contain_text(re.compile(r"J\d+ succeeded"))
    numbers = [int(text) for text in log.locator("a.n").all_inner_texts()]

    assert numbers == list(range(1, len(numbers) + 1))
    page.click("#job-devices tbody a")
    expect(page.locator("#device-tasks")).to_contain_text("Say the last word")
    page.click("#device-tasks [data-close]")
    expect(page.locator("#device-tasks")).to_be_hidden()
    page.goto(page.url.split("#")[0] + "#L7")
    page.reload()
    expect(page.locator("#L7")).to_have_class(re.compile("here"))
    assert watch.errors == []
    assert watch.foreign == []
    page.context.close()


def test_typing_narrows_the_list_without_losing_the_place(browser: Browser, server: Server) -> None:
    """The table follows the typing, the address follows the table, the cursor stays."""
    page, watch = _open(browser, server, "wide", "vi")
    page.goto("/sites")

    page.locator("#filter-q").press_sequentially("dien ban", delay=20)

    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#filter-q")).to_be_focused()
    expect(page).to_have_url(re.compile(r"/sites\?q=dien(\+|%20)ban"))
    assert watch.errors == []
    page.context.close()


def test_keyboard_users_reach_the_content_at_once(browser: Browser, server: Server) -> None:
    """The first Tab offers to skip the navigation, and the focus can be seen."""
    page, _ = _open(browser, server, "wide", "en")
    page.goto("/sites")

    page.keyboard.press("Tab")

    expect(page.locator(".skip")).to_be_focused()
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_against_its_ground(browser: Browser, server: Server, theme: str) -> None:
    """WCAG 2.1, 1.4.3: 4.5 to 1 for small text, in both themes."""
    page, _ = _open(browser, server, "wide", "vi")
    page.context.add_cookies([{"name": "tinhnet_theme", "value": theme, "url": server.address}])
    faint: dict[str, object] = {}
    for path in ("/", "/sites", "/devices/core1", "/jobs", "/system"):
        page.goto(path)
        found = page.evaluate(CONTRAST)
        if found:
            faint[path] = found

    assert faint == {}
    page.context.close()
