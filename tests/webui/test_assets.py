# SPDX-License-Identifier: MIT
"""What browsers load: whole, licensed, from here alone, and without anything inline."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from tests.webui.conftest import Site
from webui.assets import STATIC

TEMPLATES = STATIC.parent / "templates"
VENDOR = STATIC / "vendor"
OWN = sorted(path for path in STATIC.glob("*") if path.is_file())


def test_files_of_others_are_those_of_the_manifest_with_their_licences() -> None:
    """A changed or unlicensed file in the tree is somebody's accident or attack."""
    manifest = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
    listed = {name: one for one in manifest["packages"] for name in one["files"]}

    for name, package in listed.items():
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == package["files"][name], name
        assert (VENDOR / package["licence_file"]).stat().st_size > 200
    shipped = {
        str(path.relative_to(VENDOR))
        for path in VENDOR.rglob("*")
        if path.is_file() and path.parent.name != "licences" and path.name != "manifest.json"
    }
    assert shipped == set(listed)


@pytest.mark.parametrize("path", [*OWN, *sorted(TEMPLATES.rglob("*.html"))], ids=lambda p: p.name)
def test_nothing_is_fetched_from_elsewhere_and_nothing_is_inline(path: Path) -> None:
    """An air-gapped province has no CDN; the policy refuses inline styles and scripts."""
    text = path.read_text(encoding="utf-8")

    assert not re.search(r'(?:src|href|url\(|import)\s*=?\s*["\']?(?:https?:)?//', text)
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|hx-on", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_every_icon_that_is_named_stands_in_the_sprite() -> None:
    """A name nobody drew shows as a hole."""
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "icons.svg").read_text()))
    sources = [*TEMPLATES.rglob("*.html"), *TEMPLATES.parent.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    named = set(re.findall(r'(?:icon|empty)\("([a-z0-9-]+)"', text))

    assert named
    assert named <= drawn


def test_a_file_with_its_fingerprint_is_kept_for_ever_and_sent_compressed(site: Site) -> None:
    """The largest file is 0.6 MB; a district's line should carry 80 kB of it, once."""
    client = site.visit()
    address = re.search(r'href="(/static/vendor/tabler[^"]+)"', client.get("/login").text)
    assert address is not None

    with client.get(address[1], headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert len(answer.data) < 100_000
