# SPDX-License-Identifier: MIT
"""Calls about what is declared: sites, devices, links, services, the plan's targets."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Literal, TypeAlias

from flask import Response, abort, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, Field

from tinhnet.coverage import coverage
from tinhnet.inventory.listing import (
    DeviceRow,
    LinkRow,
    Row,
    ServiceRow,
    SiteRow,
    device_rows,
    link_rows,
    plain,
    service_rows,
    site_rows,
)
from webui.answer import Page, Problem, Query, page_of
from webui.context import network
from webui.person import needs
from webui.watch import watched

StandingWord: TypeAlias = Literal["down", "degraded", "unknown", "maintenance", "up"]

TAG = Tag(name="inventory", description="What is declared.")


class SiteQuery(Query):
    """Filters of sites."""

    kind: str | None = None
    connected: bool | None = None
    state: StandingWord | None = Field(None, description="how it stands now")
    as_of: date | None = Field(None, description="the day; the model's own by default")


class DeviceQuery(Query):
    """Filters of devices."""

    site: str | None = None
    role: str | None = None
    platform: str | None = None
    managed: bool | None = None


class LinkQuery(Query):
    """Filters of links."""

    site: str | None = None
    kind: str | None = None
    role: str | None = None
    carrier: str | None = None
    state: StandingWord | None = Field(None, description="how it stands now")


class ServiceQuery(Query):
    """Filters of services."""

    owner: str | None = None
    server: str | None = None


@dataclass(frozen=True, slots=True)
class LiveSiteRow(SiteRow):
    """A site, and how it stands now.

    `since` is when it came to stand so, None where nobody wrote it down;
    `seen_at` when it was asked last, None for never; `alert` the fingerprint
    of the alert that says why.
    """

    state: StandingWord
    since: str | None
    seen_at: str | None
    alert: str | None


@dataclass(frozen=True, slots=True)
class LiveLinkRow(LinkRow):
    """A link, and how it stands now; the words are those of a site."""

    state: StandingWord
    since: str | None
    seen_at: str | None
    alert: str | None


class SitePage(Page):
    """Sites."""

    items: list[LiveSiteRow]


class DevicePage(Page):
    """Devices."""

    items: list[DeviceRow]


class LinkPage(Page):
    """Links."""

    items: list[LiveLinkRow]


class ServicePage(Page):
    """Services."""

    items: list[ServiceRow]


class Name(BaseModel):
    """The id in an address."""

    id: str


class CoverageQuery(BaseModel):
    """Which day."""

    as_of: date | None = Field(None, description="the day; the model's own by default")


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target of the plan on a day."""

    id: str
    name_vi: str
    name_en: str
    kind: str
    as_of: date
    wanted: int
    connected: int
    is_met: bool
    fraction: str
    missing: tuple[str, ...]


class CoverageAnswer(BaseModel):
    """Every target of the plan."""

    items: list[TargetRow]


def add(calls: APIBlueprint) -> None:
    """Add the calls."""

    @calls.get("/sites", tags=[TAG], summary="List sites", responses={200: SitePage})
    @needs("network.view")
    def sites(query: SiteQuery) -> Response:
        rows = _live_sites(site_rows(network(), query.as_of))
        equal = query.model_dump(include={"kind", "connected", "state"})
        return _answer(*page_of(rows, query, lambda row: (row.id, row.name_vi, row.name_en), equal))

    @calls.get("/devices", tags=[TAG], summary="List devices", responses={200: DevicePage})
    @needs("network.view")
    def devices(query: DeviceQuery) -> Response:
        equal = query.model_dump(include={"site", "role", "platform", "managed"})
        found = page_of(
            device_rows(network()),
            query,
            lambda row: (row.id, row.site, row.management4, row.description),
            equal,
        )
        return _answer(*found)

    @calls.get("/links", tags=[TAG], summary="List links", responses={200: LinkPage})
    @needs("network.view")
    def links(query: LinkQuery) -> Response:
        equal = query.model_dump(include={"site", "kind", "role", "carrier", "state"})
        found = page_of(
            _live_links(link_rows(network())),
            query,
            lambda row: (row.id, row.site, row.circuit_id, row.carrier_name, row.prefix4),
            equal,
        )
        return _answer(*found)

    @calls.get("/services", tags=[TAG], summary="List services", responses={200: ServicePage})
    @needs("network.view")
    def services(query: ServiceQuery) -> Response:
        equal = query.model_dump(include={"owner", "server"})
        found = page_of(
            service_rows(network()),
            query,
            lambda row: (row.id, row.name_vi, row.name_en, row.url),
            equal,
        )
        return _answer(*found)

    _add_single(calls)
    _add_coverage(calls)


def _add_single(calls: APIBlueprint) -> None:
    """Add the calls that answer one row."""

    @calls.get("/sites/<id>", tags=[TAG], summary="One site", responses={404: Problem})
    @needs("network.view")
    def site(path: Name) -> Response:
        return _one(_live_sites(site_rows(network())), path.id)

    @calls.get("/devices/<id>", tags=[TAG], summary="One device", responses={404: Problem})
    @needs("network.view")
    def device(path: Name) -> Response:
        return _one(device_rows(network()), path.id)

    @calls.get("/links/<id>", tags=[TAG], summary="One link", responses={404: Problem})
    @needs("network.view")
    def link(path: Name) -> Response:
        return _one(_live_links(link_rows(network())), path.id)

    @calls.get("/services/<id>", tags=[TAG], summary="One service", responses={404: Problem})
    @needs("network.view")
    def service(path: Name) -> Response:
        return _one(service_rows(network()), path.id)


def _add_coverage(calls: APIBlueprint) -> None:
    """Add the call about the plan."""

    @calls.get(
        "/coverage", tags=[TAG], summary="The plan's targets", responses={200: CoverageAnswer}
    )
    @needs("network.view")
    def targets(query: CoverageQuery) -> Response:
        rows = [
            TargetRow(
                id=found.target.id,
                name_vi=found.target.name_vi,
                name_en=found.target.name_en,
                kind=found.target.kind,
                as_of=found.day,
                wanted=found.wanted,
                connected=len(found.connected),
                is_met=found.is_met,
                fraction=found.fraction,
                missing=found.missing,
            )
            for found in coverage(network(), query.as_of)
        ]
        return jsonify(items=[asdict(row) | {"as_of": row.as_of.isoformat()} for row in rows])


def _live_sites(rows: Sequence[SiteRow]) -> list[LiveSiteRow]:
    """Return sites with how they stand."""
    return [LiveSiteRow(**_values(row), **_live("site", row.id)) for row in rows]


def _live_links(rows: Sequence[LinkRow]) -> list[LiveLinkRow]:
    """Return links with how they stand."""
    return [LiveLinkRow(**_values(row), **_live("link", row.id)) for row in rows]


def _values(row: SiteRow | LinkRow) -> dict[str, Any]:  # as mixed as a row is
    """Return the fields of a row by name."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def _live(kind: str, id_: str) -> dict[str, Any]:  # as mixed as a row is
    """Return state, since, seen_at and alert of a thing."""
    stand = watched().of(kind, id_)
    return {
        "state": stand.state.value,
        "since": stand.since.isoformat() if stand.since else None,
        "seen_at": stand.seen_at.isoformat() if stand.seen_at else None,
        "alert": stand.cause,
    }


def _answer(page: Page, rows: Sequence[Row]) -> Response:
    """Return a page of rows as JSON."""
    return jsonify(page.model_dump() | {"items": [plain(row) for row in rows]})


def _one(rows: Sequence[Row], wanted: str) -> Response:
    """Return the row with an id, 404 without one."""
    row = next((row for row in rows if row.id == wanted), None)
    if row is None:
        abort(404)
    return jsonify(plain(row))
