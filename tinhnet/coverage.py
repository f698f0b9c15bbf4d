# SPDX-License-Identifier: MIT
"""The plan's targets as of a day: how many units are connected, and which are not."""

from dataclasses import dataclass
from datetime import date

from tinhnet.model.declared import DeclaredNetwork, Target
from tinhnet.model.link import Link
from tinhnet.model.place import OrgUnit


@dataclass(frozen=True, slots=True)
class Connection:
    """How a unit is connected: where it lives and over which circuits.

    What is observed joins by these ids: a unit is reachable while the
    primary or the backup circuit of one of its connections is up.
    """

    unit: str
    site: str
    primary: str
    backup: str | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """A target on a day.

    `wanted` is the denominator: what the plan typed, or every unit of the
    kind that exists that day.  `missing` are units that exist and are not
    connected.  `connections` holds one entry per site of a connected unit.
    """

    target: Target
    day: date
    wanted: int
    units: tuple[str, ...]
    connected: tuple[str, ...]
    missing: tuple[str, ...]
    connections: tuple[Connection, ...]

    @property
    def is_met(self) -> bool:
        """Tell whether as many units are connected as the plan wants."""
        return len(self.connected) >= self.wanted

    @property
    def fraction(self) -> str:
        """The figure people quote: "22/22"."""
        return f"{len(self.connected)}/{self.wanted}"


def coverage(network: DeclaredNetwork, day: date | None = None) -> tuple[Coverage, ...]:
    """Return the targets the plan has on `day` (None: the day the model describes).

    A unit is connected on a day when it lives at a site that day and a
    primary circuit is declared for that site.
    """
    on = day or network.province.as_of
    primary = _circuits_by_site(network, "primary")
    backup = _circuits_by_site(network, "backup")
    connections = tuple(
        Connection(unit, site.id, primary[site.id], backup.get(site.id))
        for site in network.sites.values()
        if (unit := site.unit_at(on)) is not None and site.id in primary
    )
    return tuple(
        _coverage(target, on, tuple(network.units.values()), connections)
        for target in network.province.targets
        if target.is_valid(on)
    )


def _coverage(
    target: Target, day: date, units: tuple[OrgUnit, ...], connections: tuple[Connection, ...]
) -> Coverage:
    valid = tuple(unit.id for unit in units if unit.kind == target.kind and unit.is_valid(day))
    ours = tuple(connection for connection in connections if connection.unit in valid)
    reached = {connection.unit for connection in ours}
    return Coverage(
        target=target,
        day=day,
        wanted=len(valid) if target.wanted is None else target.wanted,
        units=valid,
        connected=tuple(unit for unit in valid if unit in reached),
        missing=tuple(unit for unit in valid if unit not in reached),
        connections=ours,
    )


def _circuits_by_site(network: DeclaredNetwork, role: str) -> dict[str, str]:
    """Return the circuit of a role per site; the site's end of a link is `a`."""
    return {
        _site_of(network, link): link.id for link in network.links.values() if link.role == role
    }


def _site_of(network: DeclaredNetwork, link: Link) -> str:
    return network.devices[link.a.device].site
