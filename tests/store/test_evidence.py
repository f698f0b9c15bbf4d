# SPDX-License-Identifier: MIT
"""Finding entries: the same on every database."""

from datetime import UTC, datetime, timedelta

import pytest

from tinhnet.model.audit import AuditEntry, EvidenceFilter
from tinhnet.store.engine import Store
from tinhnet.store.evidence import append, count_entries, list_entries, newest_entries

NOON = datetime(2016, 5, 4, 5, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("wanted", "seqs"),
    [
        (EvidenceFilter(), [4, 3, 2, 1]),
        (EvidenceFilter(actor="LAN"), [3, 1]),
        (EvidenceFilter(actor="%"), []),
        (EvidenceFilter(action="job.launch", subject="j1"), [2, 1]),
        (EvidenceFilter(action="job"), []),
        (EvidenceFilter(since=NOON + HOUR, until=NOON + 3 * HOUR), [3, 2]),
    ],
    ids=["all", "actor", "percent", "action and subject", "part of an action", "time"],
)
def test_entries_are_found_by_what_is_wanted(
    store: Store, wanted: EvidenceFilter, seqs: list[int]
) -> None:
    """One filter, one answer: an auditor must not depend on the database below."""
    made = [("lan", "job.launch", "job J1"), ("minh", "job.launch", "job J12")]
    made += [("token:lan", "job.cancel", "job J1"), ("minh", "login.accept", "user minh")]
    with store.writing() as connection:
        for seq, (actor, action, subject) in enumerate(made, start=1):
            at = NOON + (seq - 1) * HOUR
            append(
                connection, AuditEntry(seq, at, actor, "web", action, subject, {}, "0" * 64, "d")
            )

    with store.reading() as connection:
        newest = newest_entries(connection, wanted=wanted)
        oldest = list_entries(connection, wanted=wanted)
        assert [one.seq for one in newest] == seqs
        assert [one.seq for one in oldest] == seqs[::-1]
        assert count_entries(connection, wanted) == len(seqs)
        rest = newest_entries(connection, before=seqs[0] if seqs else 1, wanted=wanted)
    assert [one.seq for one in rest] == seqs[1:]
