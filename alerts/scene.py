# SPDX-License-Identifier: MIT
"""What does not change from one instant to the next: the declared network, its graph, the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.evidence import Patience
from alerts.graph import Graph, graph_of
from alerts.sight import Limits
from tinhnet.alerting.life import Habits
from tinhnet.alerting.rules import Rule, load_rules
from tinhnet.alerting.trial import habits_of
from tinhnet.inventory import load
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.settings import AlertsConfig


@dataclass(frozen=True, slots=True)
class Scene:
    """The declared side of a judgement; `stamp` is what its files looked like."""

    network: DeclaredNetwork
    graph: Graph
    rules: Mapping[str, Rule]
    habits: Mapping[str, Habits]
    patience: Patience
    limits: Limits
    stamp: tuple[tuple[str, int], ...] = ()

    @property
    def circuits(self) -> list[str]:
        """Return the circuits of all sites."""
        return [one for found in self.graph.circuits.values() for one in found]


def scene_of(network: DeclaredNetwork, rules: Mapping[str, Rule], settings: AlertsConfig) -> Scene:
    """Return the scene of a declared network."""
    return Scene(
        network=network,
        graph=graph_of(network),
        rules=rules,
        habits={id_: habits_of(rule) for id_, rule in rules.items()},
        patience=Patience(settings.parents_s, settings.again_s, settings.together_s),
        limits=Limits(settings.stale_s, settings.stale_service_s),
    )


def read_scene(inventory: Path, rules: Path, settings: AlertsConfig) -> Scene:
    """Return the scene that the files tell of; ProblemsError names every mistake in them."""
    stamp = stamp_of(inventory, rules)
    found = scene_of(load(inventory), load_rules(rules), settings)
    return Scene(
        found.network,
        found.graph,
        found.rules,
        found.habits,
        found.patience,
        found.limits,
        stamp,
    )


def stamp_of(*directories: Path) -> tuple[tuple[str, int], ...]:
    """Return what the files of some folders look like from outside: their names and times."""
    return tuple(
        (str(path), path.stat().st_mtime_ns)
        for directory in directories
        for path in sorted(directory.glob("*.yml"))
    )
