# SPDX-License-Identifier: MIT
"""The page Events in a real browser: it moves by itself, and is whole at every width.

`TINHNET_SCREENSHOTS=DIRECTORY` keeps pictures.
"""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.webui.browsing import CONTRAST, OVERFLOWING, UNNAMED, keep, sign_in, visit
from tests.webui.conftest import BROWSER_S, SIZES, Server
from tinhnet.model.event import Event, Severity, Source
from tinhnet.store.events import append

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(BROWSER_S)]


def _put(server: Server, key: str, text: str, severity: Severity = Severity.HIGH) -> None:
    now = server.context.now
    event = Event(
        key=key,
        at=now,
        seen_at=now,
        source=Source.TRAP,
        kind="interface_down",
        severity=severity,
        text=text,
        device="core1",
        interface="c107",
        link="dien-ban-1",
        site="dien-ban",
    )
    with server.context.store.writing() as connection:
        append(connection, [event])


def _open(browser: Browser, server: Server, size: str, language: str) -> Page:
    return sign_in(visit(browser, server.address, language, SIZES[size]), "minh")


def test_an_event_appears_without_anybody_touching_the_page(
    browser: Browser, server: Server
) -> None:
    """The list is looked at during a storm, when nobody has a hand free."""
    page = _open(browser, server, "wide", "vi")
    page.goto("/events?device=core1")
    _put(server, "live", "linkDown: interface c107, hiện ra ngay")

    expect(page.get_by_text("hiện ra ngay")).to_be_visible()
    expect(page.get_by_role("cell", name="cổng xuống")).to_be_visible()
    assert page.evaluate("() => window.refused") == []
    page.context.close()


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", list(SIZES))
def test_the_page_is_whole_and_readable(
    browser: Browser, server: Server, size: str, language: str
) -> None:
    """No line too wide, no control without a name, no text too faint, nothing refused."""
    _put(server, f"{size}-{language}", f"một dòng dài của {'x' * 300}", Severity.LOW)
    page = _open(browser, server, size, language)
    for name, path in (("events", "/events"), ("events-none", "/events?device=nobody")):
        page.goto(path)
        faults = (page.evaluate(OVERFLOWING), page.evaluate(UNNAMED), page.evaluate(CONTRAST))
        keep(page, f"{name}-{size}-{language}")

        assert faults == (0, [], [])
    assert page.evaluate("() => window.refused") == []
    page.context.close()
