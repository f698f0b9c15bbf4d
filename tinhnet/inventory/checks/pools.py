# SPDX-License-Identifier: MIT
"""Prefixes nest, do not overlap and are large enough for every number."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

from pydantic import BaseModel

from tinhnet.errors import Problem
from tinhnet.inventory import addressing
from tinhnet.inventory.cabling import has_cpe
from tinhnet.inventory.draft import Basics, Draft, Found
from tinhnet.inventory.schema import PoolsEntry

APART = "choose prefixes that share no address"
FIRST_HOST, LAST_HOST = 2, 254  # of a zone: 1 is the gateway
Prefix = IPv4Network | IPv6Network


def problems(draft: Draft) -> Iterator[Problem]:
    """Yield pools that overlap or lie outside, and numbers for which a pool has no prefix."""
    yield from _device_numbers(draft)
    if draft.basics is None:
        return
    sound = True
    for problem in _layout(draft, draft.basics.pools):
        sound = False
        yield problem
    if sound:
        yield from _capacity(draft, draft.basics)


def _layout(draft: Draft, pools: Found[PoolsEntry]) -> Iterator[Problem]:
    for version, lengths in ((4, addressing.LENGTHS4), (6, addressing.LENGTHS6)):
        prefixes: dict[str, Prefix] = {
            f"{name}{version}": getattr(pools.value, f"{name}{version}") for name in lengths
        }
        aggregate: Prefix = getattr(pools.value, f"aggregate{version}")
        for name, prefix in prefixes.items():
            length = lengths[name.removesuffix(str(version))]
            if not prefix.subnet_of(aggregate):  # type: ignore[arg-type] # both of one version
                text = f"{name} {prefix} lies outside aggregate{version} {aggregate}"
                yield pools.problem(name, text, "choose a part of the aggregate, or widen it")
            if prefix.prefixlen > length:
                text = f"{name} {prefix} is smaller than one /{length} cut from it"
                yield pools.problem(name, text, "choose a shorter prefix length")
        for (name, prefix), (other, taken) in combinations(prefixes.items(), 2):
            if prefix.overlaps(taken):
                yield pools.problem(other, f"{other} {taken} overlaps {name} {prefix}", APART)
        yield from _external(draft, version, aggregate)


def _external(draft: Draft, version: int, aggregate: Prefix) -> Iterator[Problem]:
    """Yield prefixes of others that overlap ours or one another."""
    key = f"prefix{version}"
    taken = [(f"aggregate{version}", aggregate)]
    for found in draft.external:
        prefix: Prefix = getattr(found.value, key)
        for name, other in taken:
            if prefix.overlaps(other):
                yield found.problem(key, f"{key} {prefix} overlaps {name} {other}", APART)
        taken.append((found.subject, prefix))


def _capacity(draft: Draft, basics: Basics) -> Iterator[Problem]:
    pools = basics.pools.value
    for site in draft.sites:
        if has_cpe(site.value):
            number = site.value.number
            for pool in ("lan", "primary", "backup"):
                yield from _exhausted(site, pools, pool, addressing.fits(pools, pool, number))
            loopbacks = addressing.loopback_fits(pools, number, of_site=True)
            yield from _exhausted(site, pools, "loopback", loopbacks)
    for zone in draft.zones:
        zones = addressing.fits(pools, "zone", zone.value.number)
        yield from _exhausted(zone, pools, "zone", zones)
    for patch in draft.patches:
        patches = addressing.fits(pools, "patch", patch.value.number)
        yield from _exhausted(patch, pools, "patch", patches)


def _exhausted(
    found: Found[BaseModel], pools: PoolsEntry, pool: str, fits: tuple[bool, bool]
) -> Iterator[Problem]:
    for version, fitting in zip((4, 6), fits, strict=True):
        if not fitting:
            name = f"{pool}{version}"
            text = f"number finds no prefix, pool {name} {getattr(pools, name)} is exhausted"
            yield found.problem("number", text, f"use a smaller number or widen {name}")


def _device_numbers(draft: Draft) -> Iterator[Problem]:
    """Yield numbers that are no loopback of the data centre, or no host of their prefix."""
    outside = {found.value.site: found.value for found in draft.external}
    for found in draft.devices:
        number, external = found.value.number, outside.get(found.value.site)
        last = LAST_HOST if found.value.zone else addressing.SITE_LOOPBACKS4 - 1
        first = FIRST_HOST if found.value.zone or external else 1
        if external:
            last = external.prefix4.num_addresses - 2
        if number is not None and not first <= number <= last:
            yield found.problem("number", f"number {number}, expected {first} to {last}")
