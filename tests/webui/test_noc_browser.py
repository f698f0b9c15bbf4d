# SPDX-License-Identifier: MIT
"""The NOC's pages in a real browser: by keyboard, live, with nothing lost on a refresh.

`TINHNET_SCREENSHOTS=DIRECTORY` keeps pictures of every screen, in both themes and sizes.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.webui.afternoon import seed
from tests.webui.browsing import CONTRAST, OVERFLOWING, UNNAMED, keep, sign_in, visit
from tests.webui.conftest import BROWSER_S, Server
from tinhnet.alerting import shift_actions
from tinhnet.model.actor import Actor, Role
from tinhnet.model.alert import AlertEntry, AlertRecord
from tinhnet.store import alerts
from tinhnet.store.alerts import find_alert

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(BROWSER_S)]

SIZES = {"desk": (1366, 768), "phone": (390, 844)}
PATHS = {
    "inbox": "/alerts",
    "inbox-filtered": "/alerts?state=resolved",
    "inbox-none": "/alerts?site=nowhere",
    "alert": "/alerts/{circuit}",
    "cause": "/alerts/{core}",
    "maintenance": "/maintenance",
    "window": "/maintenance/new?alert={circuit}",
    "rules": "/rules",
    "rule": "/rules/circuit-loss?span=24h",
    "handover": "/handover",
    "shift": "/handover/{shift}",
}


@pytest.fixture(scope="module")
def noc(server: Server) -> tuple[Server, list[AlertRecord], str]:
    """Return a server with an afternoon of alerts and a handover that waits."""
    context = server.context
    found = seed(context.store, context.now)
    tuan = Actor("tuan", frozenset({Role.OPERATOR}), "web")
    given = shift_actions.give_handover(context, tuan, "Điện Bàn chờ VNPT, phiếu SC-2211.")
    return server, found, given.id


@pytest.fixture
def page(browser: Browser, noc: tuple[Server, list[AlertRecord], str]) -> Iterator[Page]:
    """Return a signed-in page in English on a desk."""
    opened = _open(browser, noc[0], "desk", "en")
    yield opened
    assert opened.evaluate("() => window.refused") == []
    opened.context.close()


def _open(browser: Browser, server: Server, size: str, language: str) -> Page:
    return sign_in(visit(browser, server.address, language, SIZES[size]), "lan")


def _put(server: Server, *found: AlertRecord) -> None:
    """Write alerts with a line of their timelines, as the worker does."""
    with server.context.store.writing() as connection:
        alerts.put_alerts(connection, found)
        lines = [
            AlertEntry(one.alert.fingerprint, 1, one.alert.at, "firing", one.sentence_vi)
            for one in found
        ]
        alerts.add_entries(connection, lines)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_every_page_of_the_noc_is_whole_and_readable(
    browser: Browser,
    noc: tuple[Server, list[AlertRecord], str],
    size: str,
    theme: str,
    language: str,
) -> None:
    """No line too wide, no control without a name, no text too faint, nothing refused."""
    server, found, shift = noc
    page = _open(browser, server, size, language)
    page.context.add_cookies([{"name": "tinhnet_theme", "value": theme, "url": server.address}])
    names = {
        "core": found[0].alert.fingerprint,
        "circuit": found[1].alert.fingerprint,
        "shift": shift,
    }
    faults: dict[str, object] = {}
    for name, path in PATHS.items():
        page.goto(path.format(**names), wait_until="load")
        seen = (
            page.evaluate("() => window.refused"),
            page.evaluate(UNNAMED),
            max(0, page.evaluate(OVERFLOWING)),
            page.evaluate(CONTRAST),
        )
        if any(seen) or page.locator("h1").count() != 1:
            faults[path] = seen
        keep(page, f"{name}-{size}-{theme}-{language}")
    page.context.close()

    assert faults == {}


def test_an_alert_is_found_ticked_and_acknowledged_by_keyboard(
    page: Page, noc: tuple[Server, list[AlertRecord], str]
) -> None:
    """Two hands on the keyboard at three in the morning."""
    server, found, _ = noc
    page.goto("/alerts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(f"#o-{found[1].alert.fingerprint}")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(f"#o-{found[0].alert.fingerprint}")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#act")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("#act-reason")).to_be_focused()
    page.keyboard.type("jkaso gọi VNPT")
    page.keyboard.press("Enter")

    row = page.locator(f"#a-{found[1].alert.fingerprint}")
    expect(row).to_contain_text("jkaso gọi VNPT")
    expect(page.locator("#said")).to_contain_text("1 alert acknowledged.")
    expect(page.locator("#act")).to_be_hidden()
    _put(server, found[1])


def test_what_comes_appears_by_itself_and_nothing_ticked_is_lost(
    page: Page, noc: tuple[Server, list[AlertRecord], str]
) -> None:
    """A refresh that unticks or folds what somebody works on is worse than none."""
    server, found, _ = noc
    page.goto("/alerts")
    core, circuit = (one.alert.fingerprint for one in found[:2])
    page.check(f"#t-{circuit}")
    page.locator(f"#f-{core} summary").click()
    page.fill("#act-reason", "đang gõ dở")
    new = replace(
        found[1],
        alert=replace(found[1].alert, fingerprint="c" * 16, thing="link:hoi-an-1"),
        title_en="Another circuit down",
    )
    _put(server, new)

    expect(page.locator("#rows")).to_contain_text("Another circuit down")
    expect(page.locator(f"#t-{circuit}")).to_be_checked()
    expect(page.locator(f"#f-{core}")).to_have_attribute("open", "")
    expect(page.locator("#act-reason")).to_have_value("đang gõ dở")
    expect(page.locator("#act-reason")).to_be_focused()
    over = replace(new, alert=replace(new.alert, since=None, resolved_at=new.alert.at))
    _put(server, over)
    expect(page.locator("#rows")).not_to_contain_text("Another circuit down")


def test_the_help_says_the_keys_and_turns_them_off(page: Page) -> None:
    """WCAG 2.1, 2.1.4: single keys can be turned off, for those who speak to their computer."""
    page.goto("/alerts")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("j")

    assert page.evaluate("() => document.activeElement.classList.contains('open')") is False
    page.keyboard.press("?")
    page.check("#keys-on")


@pytest.mark.usefixtures("noc")
def test_silencing_by_keyboard_counts_what_it_hides(page: Page) -> None:
    """From the row to the form that is filled in, with its count that follows the form."""
    page.goto("/alerts")
    page.keyboard.press("j")
    page.keyboard.press("s")
    page.wait_for_url("**/maintenance/new?**")
    expect(page.locator("#preview")).to_contain_text("This mutes 1 alert now")
    page.fill("#about-rule", "circuit-loss")
    page.keyboard.press("Tab")

    expect(page.locator("#preview")).to_contain_text("This mutes 0 alerts now")
    page.select_option("#again", "weekly")
    expect(page.locator("[data-again=weekly]")).to_be_visible()


def test_a_ticket_is_kept_and_the_row_tells(
    page: Page, noc: tuple[Server, list[AlertRecord], str]
) -> None:
    """The number that the carrier said is one form away from its text."""
    server, found, _ = noc
    key = found[1].alert.fingerprint
    page.goto(f"/alerts/{key}#call")
    page.fill("#ticket-number", "SC-2211")
    page.click("#call button.btn-primary")
    expect(page.locator("#call")).to_contain_text("SC-2211")
    with server.context.store.reading() as connection:
        assert find_alert(connection, key) is not None
    page.goto("/alerts")

    expect(page.locator(f"#a-{key}")).to_contain_text("SC-2211")


def test_a_dry_run_is_shown_without_leaving_the_page(page: Page) -> None:
    """The answer stands beside the rule."""
    page.goto("/rules/circuit-loss")
    page.click("form.row-flex button.btn-primary")

    expect(page.locator("#trial-said")).to_contain_text("nothing can be said")
