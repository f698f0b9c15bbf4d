# SPDX-License-Identifier: MIT
"""What one file of `webui/pages/` offers, and how the files are found."""

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint
from flask_babel import LazyString, lazy_gettext

import webui.pages

GROUPS = {
    "": "",
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
    names = sorted(found.name for found in iter_modules(webui.pages.__path__))
    return tuple(import_module(f"webui.pages.{name}").PAGE for name in names)


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
