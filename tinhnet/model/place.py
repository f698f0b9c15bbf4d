# SPDX-License-Identifier: MIT
"""Who and where: org units, people, sites, carriers."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class OrgUnit:
    """A unit of the state, with the dates between which it exists.

    `kind` is a level of `province.yml` (data, not code): "province",
    "agency", "district", "commune" ….  `valid_to` is the first day on which
    the unit no longer exists, None while it does.  `successors` are the ids
    of the units that took over.  `invented` names the fields no source gives.
    """

    id: str
    code: str | None
    name_vi: str
    name_en: str
    kind: str
    parent: str | None
    valid_from: date
    valid_to: date | None
    successors: tuple[str, ...]
    legal_basis: str | None
    invented: tuple[str, ...] = ()

    def is_valid(self, day: date) -> bool:
        """Tell whether the unit exists on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the province calls: name, unit and how to reach them."""

    id: str
    name: str
    unit: str
    title_vi: str
    title_en: str
    phone: str | None
    email: str | None
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Carrier:
    """A telecommunications company that provides circuits."""

    id: str
    name: str
    hotline: str | None
    invented: bool


@dataclass(frozen=True, slots=True)
class Tenancy:
    """The unit that lives at a site between two dates."""

    unit: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Tile:
    """A place on the tile map, counted from the top left; `width` in tiles."""

    row: int
    column: int
    width: int


@dataclass(frozen=True, slots=True)
class Site:
    """A building on the WAN.

    `number` is typed once and never reused: prefixes, router ids and ports
    are derived from it.  `kind` is "data-centre", a level of the province,
    or "external" for a network that is not ours.  `invented` names the fields
    no source gives, "id" among them where none puts the site on the network.
    """

    id: str
    number: int
    name_vi: str
    name_en: str
    kind: str
    tenancies: tuple[Tenancy, ...]
    address: str | None
    latitude: float | None
    longitude: float | None
    tile: Tile | None
    contact: str | None
    invented: tuple[str, ...]

    def unit_at(self, day: date) -> str | None:
        """Return the id of the unit that lives here on `day`, None if nobody does."""
        for tenancy in self.tenancies:
            if tenancy.valid_from <= day and (tenancy.valid_to is None or day < tenancy.valid_to):
                return tenancy.unit
        return None
