# SPDX-License-Identifier: MIT
"""The pages of what is declared."""

import re
from unicodedata import normalize

import pytest

from tests.webui.conftest import Site


def test_the_overview_counts_the_targets_and_every_number_leads_to_its_list(site: Site) -> None:
    """The figure on the wall must be the length of a list that somebody can read."""
    client = site.visit("minh")
    page = client.get("/").get_data(as_text=True)

    figures = re.findall(r'href="(/coverage/[^"]+)".*?>(\d+)<small>/(\d+)', page, re.DOTALL)
    connected = [(path, int(is_so)) for path, is_so, _ in figures if "backup" not in path]

    assert [count for _, count in connected] == [22, 18]
    for path, count in connected:
        listed = client.get(path.replace("&amp;", "&")).get_data(as_text=True)
        assert f"{count} rows" in listed


def test_the_targets_are_those_of_the_day_asked_for(site: Site) -> None:
    """Before the decree of 2014 the agencies did not exist in this form."""
    client = site.visit("minh")

    page = client.get("/?as_of=1996-01-01").get_data(as_text=True)

    assert "0<small>/22" in page


def test_the_map_has_a_tile_for_every_site_that_has_a_place(site: Site) -> None:
    """A district that is missing on the map is missing on the wall."""
    page = site.visit("minh").get("/").get_data(as_text=True)

    assert page.count('class="tile"') == 42
    assert "Tây Giang" in page


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/sites?q=dien+ban", 1),
        ("/sites?q=" + normalize("NFD", "Điện Bàn").replace(" ", "+"), 1),
        ("/sites?kind=district", 18),
        ("/sites?kind=district&circuits=two", 18),
        ("/sites?kind=nonsense", 0),
        ("/devices?role=core", 2),
        ("/devices?site=dien-ban", 2),
        ("/links?role=backup", 26),
        ("/services?server=pki1", 2),
        ("/devices?q=10.89.0.1", 1),
    ],
)
def test_search_and_filters_stand_in_the_address(site: Site, path: str, rows: int) -> None:
    """A list that was sent to a colleague shows the same rows to them."""
    page = site.visit("minh").get(path).get_data(as_text=True)

    found = re.search(r"(\d+) rows?<|(\d+) rows? ·|>(\d+) row", page)
    count = int(next(group for group in found.groups() if group)) if found else 0
    if path.endswith("10.89.0.1"):
        assert count >= rows
    else:
        assert count == rows


@pytest.mark.parametrize(
    ("path", "marks"),
    [
        ("/services/portal", 4),  # that it runs here, name, owner, level
        ("/links/dien-ban-1", 3),  # carrier, circuit id, bandwidth
        ("/links/dien-ban-2", 4),  # and that it exists
        ("/links/core1-core2", 1),  # its ends
        ("/sites/nam-tra-my", 10),  # position, contact, tenancy, and seven of its circuits
        ("/services", 39),
        ("/links?q=dien-ban-2", 4),
        ("/sites?q=bql-kcn", 1),
    ],
)
def test_pages_mark_what_no_source_says(site: Site, path: str, marks: int) -> None:
    """Who reads a level or a bandwidth aloud in a meeting must see that it is invented."""
    page = site.visit("minh").get(path).get_data(as_text=True)

    assert page.count('class="tag invented"') == marks


def test_sites_sort_by_their_vietnamese_name(site: Site) -> None:
    """Đ stands behind D and before E."""
    page = site.visit("minh", language="vi").get("/sites?kind=district&sort=name")
    names = re.findall(r'<th scope="row"><a href="/sites/([a-z-]+)"', page.get_data(as_text=True))

    cities = [name for name in names if name in {"hoi-an", "tam-ky", "dien-ban"}]
    assert cities == ["hoi-an", "tam-ky", "dien-ban"]
    assert names.index("duy-xuyen") < names.index("dai-loc") < names.index("hiep-duc")


@pytest.mark.parametrize(
    "path",
    [
        "/sites/dien-ban",
        "/sites/dc",
        "/devices/core1",
        "/devices/dien-ban-pc",
        "/links/dien-ban-1",
        "/links/core1-core2",
        "/services/portal",
        "/services/dns1",
        "/system",
        "/profile",
        "/search?q=dien",
        "/sites?page=99&sort=nonsense",
    ],
)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_opens_in_both_languages(site: Site, path: str, language: str) -> None:
    """A missing name or message shows as an error page."""
    answer = site.visit("minh", language).get(path)

    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/sites/nowhere", "/devices/x", "/links/x", "/services/x", "/jobs/J9"]
)
def test_what_does_not_exist_is_a_page_with_an_id_to_quote(site: Site, path: str) -> None:
    """An error that nobody can refer to is never fixed."""
    answer = site.visit("minh").get(path)

    assert answer.status_code == 404
    assert re.search(r"<code>[0-9a-f]{8}</code>", answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("core1", "/devices/core1"),
        ("dien-ban", "/sites/dien-ban"),
        ("10.89.0.1", "/devices/core1"),
        ("portal", "/services/portal"),
    ],
)
def test_an_exact_id_or_address_leads_straight_there(site: Site, typed: str, place: str) -> None:
    """Whoever pastes an address from a log wants the device, not a list."""
    assert site.visit("minh").get(f"/search?q={typed}").location == place
