# SPDX-License-Identifier: MIT
"""What people read on their telephones at night."""

from datetime import timedelta

import pytest

from alerts.telling.schedule import Item, Order
from alerts.telling.wording import Setting, duration, facts, worded
from tests.alerts.telling.place import SMALL, START, record
from tinhnet.inventory import load

SETTING = Setting(load(SMALL), "https://noc.test")


def order(reason: str = "firing", **more: object) -> Order:
    """Return a message about one circuit."""
    found = record(sites_degraded=("dien-ban",), explains=("device:dien-ban-cpe1",), **more)
    until = START + timedelta(minutes=5) if reason == "resolved" else None
    item = Item(found, 1, START, until)
    return Order(f"{found.alert.fingerprint}/1", {"first": 1}, reason, 2, (item,), START)


def test_the_subject_says_how_bad_where_and_what() -> None:
    """Nobody opens a mail whose subject says nothing."""
    assert worded(order(), SETTING, "vi").subject == (
        "[CAO] Ủy ban nhân dân thị xã Điện Bàn · dien-ban-1: Kênh truyền đứt"
    )
    assert worded(order("resolved"), SETTING, "en").subject == (
        "[RESOLVED] Điện Bàn Town People's Committee · dien-ban-1: Circuit down"
    )
    assert worded(order("escalated"), SETTING, "vi").subject.startswith("[CHUYỂN CẤP 2][CAO] ")


def test_the_text_says_all_that_is_needed_in_both_languages() -> None:
    """What, since when, whom it hurts, what it explains, whom to call, where to look."""
    text = worded(order(), SETTING, "vi").text
    first, second = text.split("\n\n--\n\n")

    assert first.splitlines()[0] == "dien-ban-1 không còn trả lời"
    for part in (
        "Từ lúc: 18:30:00 28/11/2026 (giờ Việt Nam)",
        "Chạy trên kênh dự phòng: Ủy ban nhân dân thị xã Điện Bàn",
        "Hệ quả: dien-ban-cpe1",
        "V-107",
        "dien-ban-cpe1 ↔ core1",
        "Nhà mạng: VNPT, chưa khai báo tổng đài",
        "https://noc.test/alerts/",
    ):
        assert part in first
    assert "does not answer any more" in second
    assert worded(order(), SETTING, "en").text.startswith("dien-ban-1 does not answer any more")


def test_a_recovery_says_how_long_it_lasted() -> None:
    """The figure goes into somebody's report."""
    assert "Khôi phục lúc: 18:35:00 28/11/2026, kéo dài 5 phút" in (
        worded(order("resolved"), SETTING, "vi").text
    )


def test_while_no_inventory_loads_ids_stand_for_names() -> None:
    """A typing error in a file must not keep an alert from being told."""
    said = worded(order(), Setting(None, "https://noc.test"), "vi")

    assert said.subject == "[CAO] dien-ban · dien-ban-1: Kênh truyền đứt"


def test_a_storm_lists_twenty_and_counts_the_rest() -> None:
    """A message of a thousand lines is cut by somebody else."""
    items = tuple(Item(record(f"link:l{n}", site=None), 1, START) for n in range(25))
    said = worded(Order("k", {}, "firing", 1, items, START), SETTING, "en")

    assert said.subject.endswith("(+24)")
    assert "and 5 more alerts" in said.text


def test_a_machine_reads_the_same() -> None:
    """A chat room's bot builds its own card."""
    told = facts(order(), SETTING)
    (alert,) = told["alerts"]  # type: ignore[misc]  # one alert

    assert (told["reason"], told["severity"]) == ("firing", "high")
    assert (alert["link"], alert["circuit_id"], alert["carrier"]) == ("dien-ban-1", "V-107", "vnpt")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90061, "1 d 1 h")],
)
def test_durations_have_two_units(seconds: float, shown: str) -> None:
    """Seconds of a day-long outage are noise."""
    assert duration(seconds, "en") == shown
