# SPDX-License-Identifier: MIT
"""What a browser says of itself, in two words that its person recognises."""

PROGRAMS = (
    ("coc_coc_browser", "Cốc Cốc"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
"""What stands in the header and whose name it is; most of them also claim to be a later one."""
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(text: str) -> str:
    """Return program and system of a User-Agent header, its beginning where neither is known.

    >>> browser_name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox · Linux'
    """
    known = [
        next((name for sign, name in table if sign in text), "") for table in (PROGRAMS, SYSTEMS)
    ]
    return " · ".join(part for part in known if part) or text[:40] or "?"
