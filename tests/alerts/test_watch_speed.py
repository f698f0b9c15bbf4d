# SPDX-License-Identifier: MIT
"""The alert worker with 2,000 devices and 13,000 alerts in the store."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.graph import Graph, Thing, build
from alerts.scene import Scene
from tests.alerts.stage import ZERO, Stage
from tinhnet.alerting.life import fingerprint
from tinhnet.model.alert import Alert, AlertRecord
from tinhnet.store import alerts

SITES, OLD = 500, 13_000


def large() -> Graph:
    """Return 2,000 devices behind 1,000 circuits behind two cores."""
    cores = ("device:core1", "device:core2")
    things = [Thing("device:fw1"), *(Thing(core, (("device:fw1",),)) for core in cores)]
    circuits = {}
    for number in range(SITES):
        site = f"site-{number}"
        building, router = f"site:{site}", f"device:{site}-cpe1"
        circuits[site] = (f"link:{site}-1", f"link:{site}-2")
        things.append(Thing(building, (), site, is_asked=False))
        things += [
            Thing(link, ((building,), (core,)), site)
            for link, core in zip(circuits[site], cores, strict=True)
        ]
        things.append(Thing(router, ((building,), circuits[site]), site))
        things += [Thing(f"device:{site}-{n}", ((router,),), site) for n in range(3)]
    return build(things, circuits)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return a large province in which everything works."""
    graph = large()
    play = Stage(Path(tmp_path_factory.mktemp("crowd")) / "var", graph)
    scene: Scene = play.worker._scene  # noqa: SLF001 a province of this size is in no inventory
    play.worker._scene = replace(scene, graph=graph)  # noqa: SLF001
    with play.context.store.writing() as connection:
        alerts.put_alerts(connection, [old(number) for number in range(OLD)])
    play.look()
    play.settle()
    yield play
    play.close()


def old(number: int) -> AlertRecord:
    """Return an alert that resolved long ago."""
    thing = f"link:old-{number}"
    alert = Alert(
        fingerprint("circuit-loss", {"link": f"old-{number}"}),
        "circuit-loss",
        thing,
        "medium",
        ZERO,
        resolved_at=ZERO,
        episode=1,
    )
    return AlertRecord(alert, "Kênh", "Circuit", "mất gói", "loses packets")


@pytest.mark.slow
def test_a_step_that_changes_nothing_takes_no_time(crowd: Stage) -> None:
    """It happens several times a second: the collector wrote, and everything is as it was."""
    spent = []
    for _ in range(20):
        crowd.clock.now += timedelta(seconds=0.1)
        crowd.look()
        began = time.process_time()
        crowd.worker.step(crowd.context)
        spent.append(time.process_time() - began)

    assert sorted(spent)[len(spent) // 2] <= 0.02


@pytest.mark.slow
def test_an_outage_of_a_thousand_devices_is_named_within_a_second(crowd: Stage) -> None:
    """Both cores die, and all 2,000 devices with them."""
    crowd.broken |= {"device:core1", "device:core2"}
    spent = 0.0
    for _ in range(4):
        crowd.clock.now += timedelta(seconds=0.5)
        crowd.look()
        began = time.process_time()
        crowd.step()
        spent += time.process_time() - began
        crowd.clock.now += timedelta(seconds=0.2)
        crowd.answer()
        began = time.process_time()
        crowd.step()
        spent += time.process_time() - began
        if crowd.firing():
            break

    assert {one.alert.thing for one in crowd.firing()} == {"device:core1", "device:core2"}
    assert spent <= 1.0
