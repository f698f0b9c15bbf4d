# SPDX-License-Identifier: MIT
"""Wall, weathermap and graphs in a real browser: live, large enough, reachable by keyboard.

`TINHNET_SCREENSHOTS=DIRECTORY` keeps a picture of the wall.
"""

import os
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.webui import watching
from tests.webui.browsing import OVERFLOWING, UNNAMED, keep, sign_in, visit
from tests.webui.conftest import BROWSER_S, PATIENCE_MS, Server
from tests.webui.test_accessibility import look
from tinhnet.model.observation import State

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(BROWSER_S)]

SCREENS = {"1080p": (1920, 1080, 24.0), "4K": (3840, 2160, 48.0)}
SMALLEST = """() => Math.min(...[...document.querySelectorAll("#board *")]
  .filter((one) => !one.closest(".sr") && one.checkVisibility())
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((one) => {
    const size = parseFloat(getComputedStyle(one).fontSize);
    const svg = one.closest("svg.map");
    return svg ? size * Math.min(svg.getScreenCTM().a, svg.getScreenCTM().d) : size;
  }))"""
HIDDEN = """() => [...document.querySelectorAll("#board section, #board header")]
  .filter((one) => one.getBoundingClientRect().bottom > innerHeight + 1).length"""
PATHS = ("/", "/sites/dien-ban", "/links/dien-ban-1", "/devices/core1", "/weathermap", "/displays")


@pytest.fixture(scope="module")
def watched(server: Server) -> Server:
    """Return a server over an afternoon that was watched and measured."""
    watching.watch_afternoon(server.context)
    watching.measure(server.context, 0.5)
    return server


@pytest.fixture
def page(browser: Browser, watched: Server) -> Iterator[Page]:
    """Return a page of the operator that keeps the policy."""
    opened = sign_in(visit(browser, watched.address, "en", (1366, 768)), "tuan")
    yield opened
    assert opened.evaluate("() => window.refused") == []
    opened.context.close()


@pytest.mark.parametrize("screen", list(SCREENS))
def test_the_wall_is_readable_from_afar_and_whole(page: Page, watched: Server, screen: str) -> None:
    """24 pixels of 1080 lines is what eyes read at four metres; nobody can scroll a wall."""
    width, height, least = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    watching.look(watched.context, watched.context.now, **watching.CUT_NOW)
    page.goto("/wall")
    page.evaluate("() => document.fonts.ready.then(() => null)")
    if screen == "1080p":
        keep(page, "wall", (width, height))

    assert page.evaluate(SMALLEST) >= least - 0.5
    assert page.evaluate(HIDDEN) == 0
    assert page.evaluate(OVERFLOWING) == 0


def test_the_wall_shows_a_written_row_within_a_second(page: Page, watched: Server) -> None:
    """From the row to the eyes, without anybody touching anything."""
    watching.look(watched.context, watched.context.now)
    page.goto("/wall")
    tile = page.locator('#board [role="listitem"][aria-label*="Hội An"]')
    expect(tile).to_have_attribute("aria-label", re.compile("up$"))
    page.wait_for_timeout(1500)
    down = {"link__hoi_an_1": State.DOWN, "link__hoi_an_2": State.DOWN}
    watching.look(watched.context, watched.context.now, **down)
    began = time.monotonic()
    expect(tile).to_have_attribute("aria-label", re.compile("down"))
    spent = time.monotonic() - began

    assert spent < 1.0 + 1.5 * (os.getloadavg()[0] > 4)


def test_the_wall_says_when_nothing_comes_any_more(page: Page, watched: Server) -> None:
    """Data that stop turn grey by themselves within seconds."""
    watching.look(watched.context, watched.context.now)
    page.goto("/wall")

    expect(page.locator("#board.stale .alarm")).to_contain_text("No collector has written")


def test_a_display_is_paired_by_its_code_and_then_shows_the_wall(
    browser: Browser, page: Page, watched: Server
) -> None:
    """One types, the other changes by itself."""
    context = browser.new_context(base_url=watched.address)
    context.set_default_timeout(PATIENCE_MS)
    screen = context.new_page()
    screen.goto("/wall")
    code = screen.locator("#code").inner_text()
    page.goto("/displays")
    page.fill("#code", code)
    page.fill("#name", "Phòng trực")
    page.click("form .btn-primary")
    screen.wait_for_url("**/wall")

    expect(screen.locator("#board")).to_be_visible()
    expect(page.locator("table")).to_contain_text("Phòng trực")
    context.close()


def test_a_thing_is_dragged_and_stays_where_it_was_dropped(page: Page, watched: Server) -> None:
    """The next reload, on any screen, shows it there."""
    del watched
    page.set_viewport_size({"width": 1366, "height": 1200})
    page.goto("/weathermap")
    page.check("#drag")
    node = page.locator('.node[data-thing="device:edge1"]')
    box = node.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 40, steps=5)
    with page.expect_response("**/weathermap/places") as kept:
        page.mouse.up()
    place = node.get_attribute("transform")
    page.reload()

    assert kept.value.status == 204
    assert page.locator('.node[data-thing="device:edge1"]').get_attribute("transform") == place


def test_values_are_read_with_the_pointer_and_with_arrow_keys(page: Page, watched: Server) -> None:
    """What a mouse reads, a keyboard reads."""
    del watched
    page.goto("/series?name=interface_in_bps&device=core1&link=tam-ky-1&range=1h")
    plot, readout = page.locator("svg.plot").first, page.locator(".readout").first
    plot.hover(position={"x": 500, "y": 100})
    expect(readout).to_contain_text("Mbit/s")
    plot.focus()
    page.keyboard.press("Home")
    first = readout.inner_text()
    page.keyboard.press("ArrowRight")

    assert readout.inner_text() != first
    assert "in " in first
    assert "out " in first


def test_pages_of_state_are_whole_and_open_to_everybody(page: Page, watched: Server) -> None:
    """axe, names and widths, on a desk and in a hand, light and dark."""
    watching.look(watched.context, watched.context.now, **watching.CUT_NOW)
    faults: dict[str, object] = {}
    for path in (*PATHS, "/wall", "/series?name=interface_in_bps&device=core1&link=tam-ky-1"):
        page.set_viewport_size({"width": 1366, "height": 768})
        page.goto(path)
        wide = page.evaluate(OVERFLOWING)
        page.set_viewport_size({"width": 390, "height": 844})
        found = (page.evaluate(UNNAMED), wide, page.evaluate(OVERFLOWING), look(page))
        if found != ([], 0, 0, {}):
            faults[path] = found

    assert faults == {}
