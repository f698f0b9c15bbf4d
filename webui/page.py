# SPDX-License-Identifier: MIT
"""What one file of `webui/pages/` offers, and how the files are found."""

from dataclasses import dataclass

from flask import Blueprint
from flask_babel import LazyString, lazy_gettext

from tinhnet.plugins import load_all

GROUPS = {
    "": "",
    "watch": lazy_gettext("Watch"),
    "inventory": lazy_gettext("Inventory"),
    "automation": lazy_gettext("Automation"),
    "assurance": lazy_gettext("Assurance"),
    "admin": lazy_gettext("Administration"),
}
"""Headings of the navigation, in order; a page without a group comes first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation; `action` is the right a person needs to see it."""

    endpoint: str
    label: LazyString
    icon: str
    group: str
    order: int
    action: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its addresses and, where it has one, its line of the navigation.

    `public` addresses need no login: the login itself, and the switches of
    language and theme.
    """

    blueprint: Blueprint
    entry: Entry | None = None
    public: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of the navigation with its entries."""

    label: LazyString | str
    entries: tuple[Entry, ...]


def pages() -> tuple[Page, ...]:
    """Return the `PAGE` of every file in `webui/pages/`, by file name."""
    return tuple(load_all("webui.pages", "PAGE", Page).values())


def navigation(found: tuple[Page, ...]) -> tuple[Group, ...]:
    """Return the navigation's groups in order, empty ones left out."""
    entries = sorted(
        (page.entry for page in found if page.entry is not None), key=lambda entry: entry.order
    )
    grouped = (
        Group(label, tuple(entry for entry in entries if entry.group == name))
        for name, label in GROUPS.items()
    )
    return tuple(group for group in grouped if group.entries)
