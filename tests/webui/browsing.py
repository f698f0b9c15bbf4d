# SPDX-License-Identifier: MIT
"""Somebody at a browser: opens pages, signs in, keeps pictures; scripts that look at a page.

`TINHNET_SCREENSHOTS=DIRECTORY` keeps the pictures.
"""

import os
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.webui.conftest import PASSWORD, PATIENCE_MS

WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
UNNAMED = """
() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !(one.labels?.length || one.textContent.trim() || one.ariaLabel || one.title))
  .map((one) => one.outerHTML.slice(0, 120))
"""
OVERFLOWING = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !node.checkVisibility() || node.closest("svg, .sr, .skip, script")) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.add(`${ratio.toFixed(2)} ${text.slice(0, 40)} <${node.className}>`);
  }
  return [...faint].slice(0, 10);
}
"""


def visit(
    browser: Browser,
    address: str,
    language: str,
    size: tuple[int, int],
    *,
    locale: str | None = None,
) -> Page:
    """Return a page of a visitor who is not signed in; it notes what the policy refuses.

    It keeps still: colours that fade are measured half-way.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        base_url=address,
        locale=locale,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(WATCH)
    context.add_cookies([{"name": "tinhnet_language", "value": language, "url": address}])
    return context.new_page()


def sign_in(page: Page, name: str) -> Page:
    """Sign in by the form, and return the page."""
    page.goto("/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("button.btn-primary")
    page.wait_for_url("**/")
    return page


def keep(page: Page, name: str, view: tuple[int, int] | None = None) -> None:
    """Keep a picture where somebody asked for pictures.

    It shows the whole page, or what a window of the size `view` shows of it.
    """
    directory = os.environ.get("TINHNET_SCREENSHOTS")
    if not directory:
        return
    Path(directory).mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    if view is not None:
        page.set_viewport_size({"width": view[0], "height": view[1]})
    page.evaluate("() => document.fonts.ready.then(() => null)")
    page.screenshot(path=Path(directory) / f"{name}.png", full_page=view is None)
    if size is not None:
        page.set_viewport_size(size)
