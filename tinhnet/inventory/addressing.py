# SPDX-License-Identifier: MIT
"""Every address from a pool and a number; nothing here is typed twice.

IPv6 repeats the decimal digits of the number, so that site 107 has the LAN
`…:107::/64` and the circuit `…::107:0/127` (RFC 6164: both addresses of a
/127 are hosts).  The data centre's end of a circuit or patch is the first
host of its prefix, the site's end the second.
"""

from dataclasses import dataclass
from ipaddress import (
    IPv4Interface,
    IPv4Network,
    IPv6Interface,
    IPv6Network,
)

from tinhnet.inventory.schema import PoolsEntry

LAN4, LAN6 = 24, 64
LINK4, LINK6 = 30, 127
HOST4, HOST6 = 32, 128
GATEWAY = 1  # the first host of a LAN or zone routes for it
PC = 10  # the host number of a site's PC
SITE_LOOPBACKS4 = 256  # loopbacks below are the data centre's, by device number
SITE_LOOPBACKS6 = 1 << 16  # …::1:107 is the loopback of site 107's router

# The prefix length each pool is cut into.
LENGTHS4 = {"lan": LAN4, "primary": LINK4, "backup": LINK4, "patch": LINK4, "loopback": HOST4}
LENGTHS4 |= {"zone": LAN4}
LENGTHS6 = {"lan": LAN6, "primary": LINK6, "backup": LINK6, "patch": LINK6, "loopback": HOST6}
LENGTHS6 |= {"zone": LAN6}


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The IPv4 and IPv6 prefix of one thing."""

    prefix4: IPv4Network
    prefix6: IPv6Network

    def hosts(self, number: int) -> "Hosts":
        """Return host `number` of a LAN, zone or external prefix."""
        base4, base6 = int(self.prefix4.network_address), int(self.prefix6.network_address)
        return Hosts(
            IPv4Interface((base4 + number, self.prefix4.prefixlen)),
            IPv6Interface((base6 + digits(number), self.prefix6.prefixlen)),
        )

    def end(self, second: bool) -> "Hosts":  # noqa: FBT001 the two ends of a link
        """Return the first or the second host of a link's prefix."""
        base4, base6 = int(self.prefix4.network_address), int(self.prefix6.network_address)
        return Hosts(
            IPv4Interface((base4 + 1 + second, self.prefix4.prefixlen)),
            IPv6Interface((base6 + second, self.prefix6.prefixlen)),
        )


@dataclass(frozen=True, slots=True)
class Hosts:
    """The IPv4 and IPv6 address of one interface."""

    address4: IPv4Interface
    address6: IPv6Interface


def digits(number: int) -> int:
    """Return the number whose hexadecimal digits are the decimal ones of `number`."""
    return int(str(number), 16)


def index6(pool: str, number: int) -> int:
    """Return which of a pool's IPv6 prefixes belongs to `number`.

    A link's number stands in the last but one group of its address.
    """
    return digits(number) << 15 if LENGTHS6[pool] == LINK6 else digits(number)


def pool4(pools: PoolsEntry, pool: str) -> IPv4Network:
    """Return the IPv4 pool called `pool`."""
    by_name = {
        "lan": pools.lan4,
        "primary": pools.primary4,
        "backup": pools.backup4,
        "patch": pools.patch4,
        "loopback": pools.loopback4,
        "zone": pools.zone4,
    }
    return by_name[pool]


def pool6(pools: PoolsEntry, pool: str) -> IPv6Network:
    """Return the IPv6 pool called `pool`."""
    by_name = {
        "lan": pools.lan6,
        "primary": pools.primary6,
        "backup": pools.backup6,
        "patch": pools.patch6,
        "loopback": pools.loopback6,
        "zone": pools.zone6,
    }
    return by_name[pool]


def fits(pools: PoolsEntry, pool: str, number: int) -> tuple[bool, bool]:
    """Tell whether the IPv4 and the IPv6 pool have a prefix for `number`."""
    size4 = 1 << max(0, LENGTHS4[pool] - pool4(pools, pool).prefixlen)
    size6 = 1 << max(0, LENGTHS6[pool] - pool6(pools, pool).prefixlen)
    return number < size4, index6(pool, number) < size6


def loopback_fits(pools: PoolsEntry, number: int, *, of_site: bool) -> tuple[bool, bool]:
    """Tell whether the IPv4 and the IPv6 pool have a loopback for `number`."""
    last4 = number + (SITE_LOOPBACKS4 if of_site else 0)
    last6 = digits(number) + (SITE_LOOPBACKS6 if of_site else 0)
    return last4 < pools.loopback4.num_addresses, last6 < pools.loopback6.num_addresses


def loopback(pools: PoolsEntry, number: int, *, of_site: bool) -> Hosts:
    """Return the router id and loopback of device `number` or of site `number`'s router."""
    base4, base6 = int(pools.loopback4.network_address), int(pools.loopback6.network_address)
    return Hosts(
        IPv4Interface((base4 + number + (SITE_LOOPBACKS4 if of_site else 0), HOST4)),
        IPv6Interface((base6 + digits(number) + (SITE_LOOPBACKS6 if of_site else 0), HOST6)),
    )


def prefixes(pools: PoolsEntry, pool: str, number: int) -> Prefixes:
    """Return the prefixes that `number` has in `pool`; the checks made sure that they fit."""
    length4, length6 = LENGTHS4[pool], LENGTHS6[pool]
    base4 = int(pool4(pools, pool).network_address)
    base6 = int(pool6(pools, pool).network_address)
    return Prefixes(
        IPv4Network((base4 + (number << (32 - length4)), length4)),
        IPv6Network((base6 + (index6(pool, number) << (128 - length6)), length6)),
    )
