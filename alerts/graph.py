# SPDX-License-Identifier: MIT
"""What depends on what: the declared network as needs, seen from the controller.

A thing is named by its kind and id: `device:core1`, `link:dien-ban-1`,
`service:portal`, `site:dien-ban`, `network:dmz`.  What it needs is an AND of
groups, each group an OR: a CPE needs its site *and* any one of its circuits.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device
from tinhnet.model.link import Link, Network

CONTROLLER = "controller"
SEVERAL = 2  # what one thing alone shows is no sign of a broken building or LAN
Needs = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that works or does not.

    `needs`: it can only be seen working while every group has a member that
    works.  `site` is where people would drive to; None for a link between
    devices of one site.  `is_asked` False means that nobody can ask it (a
    building, a LAN): whether it is broken is concluded from what stands in it.
    """

    id: str
    needs: Needs = ()
    site: str | None = None
    is_asked: bool = True


@dataclass(frozen=True, slots=True)
class Graph:
    """All things, each after what it needs.

    `inside` maps what cannot be asked to the asked things that stand in it
    (need it alone, not one of several); `circuits` maps a site to its
    circuits; `rank` numbers the things in the order of `things`.
    """

    things: Mapping[str, Thing]
    inside: Mapping[str, tuple[str, ...]]
    circuits: Mapping[str, tuple[str, ...]]
    rank: Mapping[str, int]


def build(things: Iterable[Thing], circuits: Mapping[str, tuple[str, ...]] | None = None) -> Graph:
    """Return the graph of these things; TinhnetError on a cycle or a need that is no thing."""
    given = {thing.id: thing for thing in things}
    for thing in given.values():
        missing = [need for group in thing.needs for need in group if need not in given]
        if missing or not all(thing.needs):
            raise TinhnetError(
                f"{thing.id} needs {missing or 'one of nothing'}, which is no thing of the graph",
                "declare it or drop the need",
            )
    order = _ordered(_without_shells(given))
    return Graph(
        things=order,
        inside=_insides(order),
        circuits=dict(circuits or {}),
        rank={id_: number for number, id_ in enumerate(order)},
    )


def graph_of(network: DeclaredNetwork) -> Graph:
    """Return the dependencies of a declared network.

    Devices inside the data centre need one of their neighbours that is
    nearer to the controller by patch cables.  The controller's own site has
    no thing of its own: who would tell of its power?
    """
    here = _Viewpoint.of(network)
    things = [
        *(Thing(f"site:{site}", (), site, is_asked=False) for site in _far_sites(network, here)),
        *(_network(found, here) for found in network.networks.values() if found.kind != "external"),
        *(_device(found, network, here) for found in network.devices.values()),
        *(_link(found, network, here) for found in network.links.values()),
        *(
            Thing(
                f"service:{found.id}", ((f"device:{found.server}",),), _site(network, found.server)
            )
            for found in network.services.values()
            if network.devices[found.server].role != CONTROLLER
        ),
    ]
    circuits: dict[str, tuple[str, ...]] = {}
    for link in network.links.values():
        if link.kind == "circuit":
            site = _site(network, link.a.device)
            circuits[site] = (*circuits.get(site, ()), f"link:{link.id}")
    return build([thing for thing in things if thing is not None], circuits)


def consequences(graph: Graph, broken: Iterable[str]) -> frozenset[str]:
    """Return everything that cannot be seen working while `broken` is broken, itself included."""
    lost = set(broken) & graph.things.keys()
    for thing in graph.things.values():
        if any(all(need in lost for need in group) for group in thing.needs):
            lost.add(thing.id)
    return frozenset(lost)


@dataclass(frozen=True, slots=True)
class _Viewpoint:
    """Where the controller stands: its site, its networks, and how far away devices are."""

    sites: frozenset[str]
    networks: frozenset[str]
    distances: Mapping[str, int]

    @classmethod
    def of(cls, network: DeclaredNetwork) -> "_Viewpoint":
        controllers = [one for one in network.devices.values() if one.role == CONTROLLER]
        networks = {port.network for one in controllers for port in one.interfaces if port.network}
        gateways = [network.networks[id_].gateway for id_ in sorted(networks)]
        return cls(
            sites=frozenset(one.site for one in controllers),
            networks=frozenset(networks),
            distances=_distances(network, [end.device for end in gateways if end]),
        )


def _distances(network: DeclaredNetwork, starts: Iterable[str]) -> dict[str, int]:
    """Return how many patch cables lie between the nearest of `starts` and each device."""
    found = dict.fromkeys(starts, 0)
    waiting = deque(found)
    while waiting:
        device = waiting.popleft()
        for neighbour in _neighbours(network, device):
            if neighbour not in found:
                found[neighbour] = found[device] + 1
                waiting.append(neighbour)
    return found


def _neighbours(network: DeclaredNetwork, device: str) -> list[str]:
    ends = [(one.a.device, one.b.device) for one in network.links_of(device) if one.kind == "patch"]
    return [b if a == device else a for a, b in ends]


def _far_sites(network: DeclaredNetwork, here: _Viewpoint) -> list[str]:
    sites = dict.fromkeys(device.site for device in network.devices.values())
    return [site for site in sites if site not in here.sites]


def _site(network: DeclaredNetwork, device: str) -> str:
    return network.devices[device].site


def _building(site: str, here: _Viewpoint) -> Needs:
    return () if site in here.sites else ((f"site:{site}",),)


def _network(network: Network, here: _Viewpoint) -> Thing:
    """Let a LAN or zone need the device that routes for it, but not where the controller is."""
    is_ours = network.id in here.networks
    needs = ((f"device:{network.gateway.device}",),) if network.gateway and not is_ours else ()
    return Thing(f"network:{network.id}", needs, network.site, is_asked=False)


def _device(device: Device, network: DeclaredNetwork, here: _Viewpoint) -> Thing | None:
    if device.role == CONTROLLER:
        return None
    lans = [port.network for port in device.interfaces if port.kind == "lan" and port.network]
    routed = {one.id for one in network.networks.values() if _routes(one, device)}
    circuits = [
        link.id
        for link in network.links_of(device.id)
        if link.kind == "circuit" and link.a.device == device.id
    ]
    distance = here.distances.get(device.id, 0)
    nearer = [
        one for one in _neighbours(network, device.id) if here.distances.get(one, 0) < distance
    ]
    reached = tuple(f"network:{id_}" for id_ in lans if id_ not in routed)
    if reached:  # it stands in a LAN: whatever is before the LAN is the LAN's need
        return Thing(f"device:{device.id}", (reached,), device.site)
    groups = (
        *_building(device.site, here),
        tuple(f"link:{id_}" for id_ in circuits),
        tuple(f"device:{id_}" for id_ in nearer),
    )
    return Thing(f"device:{device.id}", tuple(group for group in groups if group), device.site)


def _routes(network: Network, device: Device) -> bool:
    return network.gateway is not None and network.gateway.device == device.id


def _link(link: Link, network: DeclaredNetwork, here: _Viewpoint) -> Thing:
    """Let a circuit need the device that asks it (its data-centre end), a patch cable both ends."""
    if link.kind == "circuit":
        site = _site(network, link.a.device)
        needs: Needs = (*_building(site, here), (f"device:{link.b.device}",))
        return Thing(f"link:{link.id}", needs, site)
    return Thing(f"link:{link.id}", ((f"device:{link.a.device}",), (f"device:{link.b.device}",)))


def _without_shells(things: Mapping[str, Thing]) -> dict[str, Thing]:
    """Put the needs of a LAN in the place of the LAN where fewer than two things stand in it.

    One PC in a LAN cannot tell a broken LAN from a broken PC; the nearest
    thing that was asked is named then.
    """
    counts = {id_: len(found) for id_, found in _insides(things).items()}
    shells = {
        one.id: one.needs
        for one in things.values()
        if not one.is_asked and counts[one.id] < SEVERAL
    }
    kept = {}
    for thing in things.values():
        if thing.id not in shells:
            kept[thing.id] = replace(thing, needs=_lifted(thing.needs, shells))
    return kept


def _lifted(needs: Needs, shells: Mapping[str, Needs]) -> Needs:
    lifted: list[tuple[str, ...]] = []
    for group in needs:
        if not any(need in shells for need in group):
            lifted.append(group)
        elif len(group) == 1:
            lifted += _lifted(shells[group[0]], shells)
        # one of several that nobody can ask says nothing about the others
    return tuple(dict.fromkeys(lifted))


def _insides(things: Mapping[str, Thing]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {one.id: [] for one in things.values() if not one.is_asked}
    for thing in things.values():
        for group in thing.needs:
            if len(group) == 1 and group[0] in found and thing.is_asked:
                found[group[0]].append(thing.id)
    return {id_: tuple(ids) for id_, ids in found.items()}


def _ordered(things: Mapping[str, Thing]) -> dict[str, Thing]:
    sorter = TopologicalSorter(
        {one.id: [need for group in one.needs for need in group] for one in things.values()}
    )
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise TinhnetError(f"things need each other in a circle: {circle}", "cut it") from error
    return {id_: things[id_] for id_ in order}
