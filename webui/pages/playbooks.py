# SPDX-License-Identifier: MIT
"""The catalogue of playbooks, and the two steps before a job: choose, then review."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext, lazy_gettext

from tinhnet import actions
from tinhnet.access import may as actor_may
from tinhnet.catalogue import catalogue, find_playbook
from tinhnet.inventory.ansible import hosts
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.job import Job, Playbook, Risk
from tinhnet.purpose import LONGEST
from tinhnet.store.jobs import list_jobs
from tinhnet.targets import Target
from webui.context import index, web
from webui.index import Index
from webui.jobview import FINAL
from webui.limits import REVIEWS, limiter
from webui.page import Entry, Page
from webui.person import actor, needs
from webui.request import Asked, asked_from
from webui.target import command_of, target_of

_pages = Blueprint("playbooks", __name__, url_prefix="/playbooks")
PAGE = Page(
    _pages,
    Entry(
        "playbooks.browse",
        lazy_gettext("Playbooks"),
        "book-open",
        "automation",
        order=50,
        action="job.run.read",
    ),
)
LOOKED_AT = 300
"""Newest jobs among which the last one of each playbook is sought."""


@dataclass(frozen=True, slots=True)
class Card:
    """One playbook of the catalogue.

    `devices` are as many as its groups have, None where the card names none.
    `last` is the newest job of it that ended.
    """

    playbook: Playbook
    devices: int | None
    last: Job | None
    may_apply: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The devices of a target at one site."""

    site: str
    name_vi: str
    name_en: str
    devices: tuple[str, ...]


@_pages.get("")
@needs("job.run.read")
def browse() -> str:
    """Show the catalogue."""
    with web().store.reading() as connection:
        ended = list_jobs(connection, states=FINAL, limit=LOOKED_AT)
    last: dict[str, Job] = {}
    for job in ended:
        last.setdefault(job.playbook, job)
    members = _members(index().network)
    cards = [
        Card(
            playbook,
            _count(playbook, members),
            last.get(playbook.name),
            _may_apply(playbook),
        )
        for playbook in catalogue(web().context.config.jobs.playbooks)
    ]
    return render_template("playbooks.html", cards=cards, limit=request.args.get("limit", ""))


@_pages.get("/<name>")
@needs("job.run.read")
def prepare(name: str) -> str:
    """Show the form of a new job."""
    return _form(_playbook(name), asked_from(request.args))


@_pages.get("/<name>/review")
@needs("job.run.read")
@limiter.limit(REVIEWS)
def review(name: str) -> str | tuple[str, int]:
    """Show what exactly would run, and on what, before anything does."""
    playbook = _playbook(name)
    asked = asked_from(request.args)
    faults = asked.faults(playbook)
    if faults:
        return _form(playbook, asked, faults), 422
    wanted = asked.request(playbook)
    target = target_of(web().context, wanted)
    is_risky = not wanted.check and playbook.risk is not Risk.READ
    return render_template(
        "review.html",
        playbook=playbook,
        asked=asked,
        wanted=wanted,
        target=target,
        places=_places(index(), target),
        command=command_of(web().context, wanted),
        back=asked.address(url_for("playbooks.prepare", name=playbook.name)),
        may_run=wanted.check or _may_apply(playbook),
        is_risky=is_risky,
        dry_run=actions.dry_run_of(web().context, wanted) if is_risky else None,
        longest=LONGEST,
    )


def _playbook(name: str) -> Playbook:
    return find_playbook(web().context.config.jobs.playbooks, name)


def _members(network: DeclaredNetwork) -> dict[str, set[str]]:
    """Return the devices of every group that Ansible gets to know."""
    members: dict[str, set[str]] = {}
    for host in hosts(network):
        for group in host.groups:
            members.setdefault(group, set()).add(host.name)
    return members


def _count(playbook: Playbook, members: Mapping[str, set[str]]) -> int | None:
    """Return how many devices the groups of a playbook have."""
    if not playbook.groups:
        return None
    return len(set[str]().union(*(members.get(group, set()) for group in playbook.groups)))


def _may_apply(playbook: Playbook) -> bool:
    return actor_may(actor(), f"job.run.{playbook.risk.value}")


def _form(playbook: Playbook, asked: Asked, faults: dict[str, str] | None = None) -> str:
    """Return the form, with what was wrong."""
    network = index().network
    managed = {device.site for device in network.devices.values() if device.managed}
    return render_template(
        "prepare.html",
        playbook=playbook,
        asked=asked,
        faults=faults or {},
        sites=[site for site in network.sites.values() if site.id in managed],
        may_apply=_may_apply(playbook),
    )


def _places(found: Index, target: Target) -> tuple[Place, ...]:
    """Return the target by site, in declared order; unknown devices come last."""
    by_site: dict[str, list[str]] = {}
    for device in target.devices:
        known = found.network.devices.get(device)
        by_site.setdefault(known.site if known else "", []).append(device)
    places = []
    for site, devices in by_site.items():
        place = found.network.sites.get(site)
        other = str(gettext("not in the inventory"))
        names = (place.name_vi, place.name_en) if place else (other, other)
        places.append(Place(site, *names, tuple(devices)))
    return tuple(places)
