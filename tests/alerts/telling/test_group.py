# SPDX-License-Identifier: MIT
"""One message for what belongs together."""

from dataclasses import replace

import pytest

from alerts.telling.group import groups, leader
from tests.alerts.telling.place import START, happen, record
from tinhnet.alerting.life import Raised
from tinhnet.model.alert import AlertRecord


def grouped(*found: AlertRecord, most: int = 10) -> list[list[str]]:
    """Return the things of each message."""
    happened = [happen(one, Raised(START)) for one in found]
    records = {one.alert.fingerprint: one for one, _ in happened}
    notices = [notice for _, told in happened for notice in told]
    return [
        [records[notice.fingerprint].alert.thing for notice in mine]
        for mine in groups(notices, records, most)
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (record("link:a", site="hoi-an"), record("device:b", site="hoi-an")),
        (record("device:core1", site=None, explains=("link:a",)), record("link:a", site=None)),
        (record("service:a", site=None, cause="device:x"), record("device:x", site=None)),
        (
            record("service:a", site=None, cause="device:x"),
            record("link:b", site=None, cause="device:x"),
        ),
    ],
    ids=["site", "explained", "cause", "same-cause"],
)
def test_a_shared_site_or_cause_makes_one_message(first: AlertRecord, second: AlertRecord) -> None:
    """A district whose power fails must not send three messages."""
    assert grouped(first, second) == [[first.alert.thing, second.alert.thing]]


def test_what_has_nothing_in_common_stays_apart() -> None:
    """Two carriers' faults at two sites are two troubles for two people."""
    assert grouped(record("link:a", site="hoi-an"), record("link:b", site="dien-ban")) == [
        ["link:a"],
        ["link:b"],
    ]


def test_chains_are_one_message_in_the_order_of_what_happened() -> None:
    """The link in the middle may come last."""
    found = grouped(
        record("link:a", site="hoi-an"),
        record("link:z", site="tam-ky"),
        record("device:b", site="dien-ban"),
        record("device:c", site="hoi-an", explains=("device:b",)),
    )

    assert found == [["link:a", "device:b", "device:c"], ["link:z"]]


def test_a_storm_is_one_message() -> None:
    """Nobody reads eighty messages; the list in one of them is read."""
    storm = [record(f"link:l{n}", site=f"s{n}") for n in range(11)]

    assert len(grouped(*storm, most=10)) == 1
    assert len(grouped(*storm, most=11)) == 11


def test_a_message_is_named_after_the_worst_that_explains_most() -> None:
    """The subject is what people see on their telephones."""
    small = record("link:a", severity="high")
    wide = replace(record("device:core1", severity="high"), explains=("link:a", "link:b"))
    worst = record("site:x", severity="critical")

    assert leader([small, wide]) is wide
    assert leader([small, wide, worst]) is worst
