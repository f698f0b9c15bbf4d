# SPDX-License-Identifier: MIT
"""Rules over stored samples, live: each fault alerts once, and hides behind a cause."""

from datetime import timedelta

import pytest

from tests.alerts.stage import ZERO, Stage
from tinhnet.model.alert import AlertRecord, AlertState
from tinhnet.store.heartbeats import Heartbeat, beat

pytestmark = pytest.mark.patient

CIRCUIT = "link:dien-ban-1"
DAY = 86_400.0


def of_rule(play: Stage, rule: str, *states: AlertState) -> list[AlertRecord]:
    """Return the alerts of a rule."""
    return [one for one in play.alerts(*states) if one.alert.rule == rule]


def test_a_disk_that_fills_is_one_alert(play: Stage) -> None:
    """It says how full, in both languages, and ends when there is room again."""
    for _ in range(12):
        play.measure("storage_used_ratio", 0.95, device="doc1", mount="/var")
        play.pass_time(10, every=5)
    (fired,) = play.firing()
    for _ in range(3):
        play.measure("storage_used_ratio", 0.5, device="doc1", mount="/var")
        play.pass_time(10, every=5)

    assert (fired.alert.rule, fired.device) == ("storage-full", "doc1")
    assert "/var" in fired.sentence_vi
    assert "95 %" in fired.sentence_en
    assert fired.value == 0.95
    assert [one.alert.state for one in play.alerts()] == [AlertState.RESOLVED]
    assert play.told() == [("firing", "device:doc1"), ("resolved", "device:doc1")]


def test_a_certificate_about_to_expire_is_one_alert_whoever_looks(play: Stage) -> None:
    """Forty site PCs see the same certificate as the data centre."""
    for seen_from in ("datacentre", "dien-ban", "hoi-an"):
        play.measure("certificate_expires_s", 5 * DAY, service="portal", **{"from": seen_from})
    play.pass_time(12, every=4)

    (fired,) = play.firing()
    assert (fired.alert.rule, fired.alert.thing) == ("certificate-expiring", "service:portal")
    assert "5 days" in fired.sentence_en
    assert "5 ngày" in fired.sentence_vi


def test_a_clock_that_drifts_is_one_alert(play: Stage) -> None:
    """It must drift for two minutes: one bad answer of NTP is nobody's concern."""
    for number in range(15):
        play.measure("clock_offset_s", 2.0, device="ns1")
        play.pass_time(10, every=5)
        if number == 3:
            assert of_rule(play, "clock-drift", AlertState.FIRING) == []

    (fired,) = play.firing()
    assert fired.alert.rule == "clock-drift"


def test_an_interface_that_fell_with_its_circuit_hides_behind_it(play: Stage) -> None:
    """One cut is one alert, though the router's interface is down, too."""
    play.breaks(CIRCUIT)
    for _ in range(3):
        play.measure("interface_up", 0.0, device="core1", interface="c107", link="dien-ban-1")
        play.pass_time(10, every=5)
    (hidden,) = of_rule(play, "interface-down")
    play.mends(CIRCUIT)
    play.pass_time(8, every=2)
    not_yet = of_rule(play, "interface-down", AlertState.FIRING)
    play.measure("interface_up", 1.0, device="core1", interface="c107", link="dien-ban-1")
    play.pass_time(12, every=4)

    assert hidden.alert.state is AlertState.SILENCED
    assert hidden.alert.silences == (f"cause:{CIRCUIT}",)
    assert hidden.cause == CIRCUIT
    assert not_yet == []
    assert [one.alert.state for one in of_rule(play, "interface-down")] == [AlertState.RESOLVED]
    assert play.told() == [("firing", CIRCUIT), ("resolved", CIRCUIT)]


def test_a_service_that_one_site_cannot_reach_is_an_alert_of_that_site(play: Stage) -> None:
    """It works at the centre and the site's circuits are up: somebody's firewall or DNS."""
    for _ in range(6):
        for seen_from, value in (("datacentre", 1.0), ("hoi-an", 1.0), ("dien-ban", 0.0)):
            play.measure("service_up", value, service="portal", **{"from": seen_from})
        play.pass_time(10, every=5)

    (fired,) = play.firing()
    assert (fired.alert.rule, fired.site) == ("service-unreachable-from-site", "dien-ban")
    assert fired.alert.thing == "service:portal"


def test_a_site_that_is_cut_off_says_nothing_of_services(play: Stage) -> None:
    """Its PC reaches nothing at all; that is told already."""
    play.breaks("site:dien-ban")
    for _ in range(6):
        for seen_from, value in (("datacentre", 1.0), ("dien-ban", 0.0)):
            play.measure("service_up", value, service="portal", **{"from": seen_from})
        play.pass_time(10, every=5)

    assert [one.alert.rule for one in play.firing()] == ["site-down"]


def test_what_a_rule_held_survives_a_restart(play: Stage) -> None:
    """The value is between limit and calm: only memory knows that the alert still holds."""
    for value in (0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.95, 0.88):
        play.measure("storage_used_ratio", value, device="doc1", mount="/")
        play.pass_time(10, every=5)
    play.restart()
    play.measure("storage_used_ratio", 0.88, device="doc1", mount="/")
    play.pass_time(12, every=4)

    assert [one.alert.rule for one in play.firing()] == ["storage-full"]
    assert play.told() == [("firing", "device:doc1")]


def test_a_worker_that_is_silent_is_an_alert_about_ourselves(play: Stage) -> None:
    """Nobody else would tell that the product does not look any more."""
    play.pass_time(10)
    with play.context.store.writing() as connection:
        beat(connection, Heartbeat("listen", "test", 7, ZERO, play.clock.now, 2))
    play.pass_time(20)

    (fired,) = play.firing()
    assert (fired.alert.rule, fired.alert.thing) == ("worker-silent", "worker:listen")


def test_silence_of_one_circuit_is_told_and_silence_of_all_is_the_collectors(play: Stage) -> None:
    """Forty alerts that nothing was measured would hide the one about the collector."""
    for link in ("dien-ban-1", "hoi-an-1", "tam-ky-1"):
        play.measure("circuit_up", 1.0, link=link, site=link[:-2])
    play.pass_time(10, every=5)
    for _ in range(15):
        for link in ("hoi-an-1", "tam-ky-1"):
            play.measure("circuit_up", 1.0, link=link, site=link[:-2])
        play.pass_time(10, every=5)
    one = of_rule(play, "circuit-unmeasured", AlertState.FIRING)
    play.pass_time(400, every=10)
    later = of_rule(play, "circuit-unmeasured", AlertState.FIRING)

    assert [each.alert.thing for each in one] == [CIRCUIT]
    assert [each.alert.thing for each in later] == [CIRCUIT]


def test_a_value_that_moves_on_is_not_written_every_time(play: Stage) -> None:
    """A firing alert that is written every ten seconds keeps every page loading."""
    for number in range(20):
        play.measure("storage_used_ratio", 0.95 + number / 1000, device="doc1", mount="/")
        play.pass_time(10, every=5)
    (fired,) = play.firing()

    assert fired.value is not None
    assert fired.value > 0.95
    assert play.clock.now - fired.alert.at < timedelta(seconds=80)


def test_a_restart_is_told_only_of_a_device_that_ran_before(play: Stage) -> None:
    """A province that is switched on is no restart of forty routers."""
    for number in range(12):
        play.measure("device_uptime_s", 10.0 + 30 * number, device="core1")
        play.measure("device_uptime_s", 9000.0 + 30 * number, device="core2")
        play.pass_time(30, every=10)
    before = play.firing()
    for number in range(2):
        play.measure("device_uptime_s", 400.0 + 30 * number, device="core1")
        play.measure("device_uptime_s", 20.0 + 30 * number, device="core2")
        play.pass_time(30, every=10)

    (fired,) = play.firing()
    assert before == ()
    assert (fired.alert.rule, fired.device) == ("device-restarted", "core2")


def test_what_is_not_declared_raises_nothing(play: Stage) -> None:
    """Every router has unused ports, and they are down for ever."""
    for _ in range(4):
        play.measure("interface_up", 0.0, device="core1", interface="unused")
        play.measure("interface_up", 0.0, device="somebody-elses", interface="eth0")
        play.pass_time(10, every=5)

    assert play.alerts() == ()


def test_what_a_silent_agent_does_not_measure_is_one_alert(play: Stage) -> None:
    """The agent of core1 died: forty circuits are not measured, and it is one thing to mend."""
    for _ in range(2):
        for link in ("dien-ban-1", "hoi-an-1", "tam-ky-1", "hoi-an-2"):
            play.measure("circuit_up", 1.0, link=link, site=link[:-2])
        play.pass_time(10, every=5)
    for _ in range(15):
        play.measure("circuit_up", 1.0, link="hoi-an-2", site="hoi-an")
        play.pass_time(10, every=5)
    (fired,) = play.firing()
    for link in ("dien-ban-1", "hoi-an-1", "tam-ky-1", "hoi-an-2"):
        play.measure("circuit_up", 1.0, link=link, site=link[:-2])
    play.pass_time(12, every=4)

    assert (fired.alert.rule, fired.alert.thing) == ("circuit-unmeasured", "device:core1")
    assert play.firing() == ()
    assert [kind for kind, _ in play.told()] == ["firing", "resolved"]


def test_a_service_that_dies_is_not_out_of_reach_of_every_site(play: Stage) -> None:
    """The PCs of the sites are asked before the data centre is: what they saw is explained."""
    sites = ("hoi-an", "dien-ban", "tam-ky")
    for at_centre, at_sites in ((1.0, 1.0), (1.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)):
        play.measure("service_up", at_centre, service="portal", **{"from": "datacentre"})
        for seen_from in sites:
            play.measure("service_up", at_sites, service="portal", **{"from": seen_from})
        play.pass_time(10, every=5)

    assert play.firing() == ()


def test_what_a_pc_saw_before_a_service_came_back_is_no_alert(play: Stage) -> None:
    """It asks every 30 s, so that its last word may be that old when the data centre is glad."""

    def measure(seen_from: str, value: float) -> None:
        play.measure("service_up", value, service="portal", **{"from": seen_from})

    measure("datacentre", 0.0)
    measure("dien-ban", 0.0)
    for second in range(5, 80, 5):
        play.pass_time(5)
        measure("datacentre", 1.0)
        if second % 30 == 0:
            measure("dien-ban", 1.0)

    assert play.told() == []


def test_the_last_word_of_a_pc_that_fell_silent_does_not_count(play: Stage) -> None:
    """Who starts to look 80 s later does not know what the PC would see now."""
    play.measure("service_up", 0.0, service="portal", **{"from": "dien-ban"})
    play.worker.close(play.context)
    play.clock.now += timedelta(seconds=80)
    play.worker = play.start()
    for _ in range(5):
        play.measure("service_up", 1.0, service="portal", **{"from": "datacentre"})
        play.pass_time(10, every=5)

    assert play.told() == []
