# SPDX-License-Identifier: MIT
"""The product itself: its workers, its settings, its versions and licences."""

import json
import platform
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution, requires
from re import match

from flask import Blueprint, render_template
from flask_babel import lazy_gettext

from tinhnet.config import redacted
from tinhnet.store.heartbeats import Heartbeat, list_heartbeats
from tinhnet.store.migrate import current
from webui.assets import STATIC
from webui.context import declared, web
from webui.page import Entry, Page
from webui.person import may

_pages = Blueprint("system", __name__, url_prefix="/system")
PAGE = Page(_pages, Entry("system.show", lazy_gettext("System"), "settings", "admin", order=90))
MISSED = 3
"""Signs of life that a worker may miss before it counts as silent."""


@dataclass(frozen=True, slots=True)
class Part:
    """A worker with its last sign of life."""

    heartbeat: Heartbeat | None
    name: str
    is_alive: bool
    silent_s: float | None


@dataclass(frozen=True, slots=True)
class Component:
    """Something of others that the product ships or needs."""

    name: str
    version: str
    licence: str


@_pages.get("")
def show() -> str:
    """Show the state of the product."""
    context = web().context
    with context.store.reading() as connection:
        beats = list_heartbeats(connection)
    sees_settings = may("job.run.change") or may("user.manage")
    return render_template(
        "system.html",
        parts=_parts(beats),
        settings=web().loaded.settings if sees_settings else None,
        redacted=redacted,
        inventory=declared(),
        store=context.store.where,
        schema=current(context.store),
        python=platform.python_version(),
        shipped=_shipped(),
        needed=_needed(),
    )


def _parts(beats: tuple[Heartbeat, ...]) -> list[Part]:
    """Return every worker that should run or gave a sign of life."""
    now = web().now()
    found = {one.worker: one for one in beats}
    names = dict.fromkeys([*web().context.config.supervisor.workers, *found])
    parts = []
    for name in names:
        one = found.get(name)
        silent_s = (now - one.at).total_seconds() if one else None
        is_alive = one is not None and silent_s is not None and silent_s < MISSED * one.interval_s
        parts.append(Part(one, name, is_alive, silent_s))
    return parts


@lru_cache(maxsize=1)
def _shipped() -> tuple[Component, ...]:
    """Return the browser files of others, from the manifest beside them."""
    manifest = json.loads((STATIC / "vendor" / "manifest.json").read_text(encoding="utf-8"))
    return tuple(
        Component(one["package"], one["version"], one["licence"]) for one in manifest["packages"]
    )


@lru_cache(maxsize=1)
def _needed() -> tuple[Component, ...]:
    """Return the Python packages that the product asks for, as installed."""
    found = []
    for line in requires("tinhnet") or ():
        if "extra ==" in line:
            continue
        name = match(r"[A-Za-z0-9._-]+", line)
        if name is None:
            continue
        try:
            known = distribution(name[0])
        except PackageNotFoundError:
            continue
        found.append(Component(known.name, known.version, _licence(known.metadata.json)))
    return tuple(sorted(found, key=lambda one: one.name.lower()))


def _licence(metadata: dict[str, str | list[str]]) -> str:
    """Return the licence a package states, the short form where it has one."""
    stated = metadata.get("license_expression") or metadata.get("license") or ""
    if isinstance(stated, str) and stated and len(stated) < 60:  # noqa: PLR2004 a name, not the text
        return stated
    classifiers = [one for one in metadata.get("classifier", []) if one.startswith("License ::")]
    return classifiers[0].rsplit(" :: ", 1)[-1] if classifiers else "—"
