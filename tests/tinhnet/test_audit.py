# SPDX-License-Identifier: MIT
"""The evidence log: whoever touches it is found out, and where."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tinhnet.audit import FIRST, EvidenceLog, evidence_log
from tinhnet.model.actor import Actor
from tinhnet.secrets import SecretStore
from tinhnet.store.engine import Store, connect
from tinhnet.store.evidence import all_entries
from tinhnet.store.migrate import migrate

NOW = datetime(2016, 5, 4, 3, 2, 1, 5, tzinfo=UTC)
LAN = Actor("lan", frozenset(), "web", "10.90.99.7")


@pytest.fixture
def secrets(tmp_path: Path) -> SecretStore:
    """Return an empty secret store."""
    return SecretStore(tmp_path / "secrets")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty state."""
    made = connect("", tmp_path)
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def log(store: Store, secrets: SecretStore) -> EvidenceLog:
    """Return a log with five entries."""
    made = evidence_log(secrets)
    for number in range(1, 6):
        with store.writing() as connection:
            made.record(connection, LAN, "job.launch", f"job J{number}", {"lý do": "thử"}, NOW)
    return made


def test_a_whole_log_verifies_and_tells_its_head(store: Store, log: EvidenceLog) -> None:
    """The head, written down elsewhere, later proves that nothing was cut off."""
    with store.reading() as connection:
        found = log.verify(connection)
        entries = list(all_entries(connection))

    assert (found.entries, found.broken) == (5, None)
    assert found.head == entries[-1].digest
    assert entries[0].previous == FIRST
    assert entries[0].details == {"lý do": "thử", "address": "10.90.99.7"}
    assert entries[0].at == NOW


@pytest.mark.parametrize(
    ("damage", "seq", "reason"),
    [
        ("UPDATE evidence SET actor = 'minh' WHERE seq = 3", 3, "content was changed"),
        ("UPDATE evidence SET at = at + 1 WHERE seq = 2", 2, "content was changed"),
        ("UPDATE evidence SET details = '{}' WHERE seq = 4", 4, "content was changed"),
        ("DELETE FROM evidence WHERE seq = 3", 4, "the entry before it is missing"),
        ("DELETE FROM evidence WHERE seq = 1", 2, "the entry before it is missing"),
        ("DELETE FROM evidence WHERE seq = 5", 5, "the entry is missing"),
        ("UPDATE evidence SET previous = digest WHERE seq = 2", 2, "does not follow"),
        ("DELETE FROM evidence_checkpoints WHERE seq = 4", 4, "checkpoint is missing"),
    ],
    ids=["actor", "time", "details", "middle", "first", "last", "chain", "checkpoint"],
)
def test_the_first_broken_entry_is_named(
    store: Store, log: EvidenceLog, damage: str, seq: int, reason: str
) -> None:
    """Somebody with the database open can change rows, but not unnoticed."""
    with store.writing() as connection:
        connection.execute(text(damage))
    with store.reading() as connection:
        found = log.verify(connection)

    assert found.broken is not None
    assert found.broken.seq == seq
    assert reason in found.broken.reason


def test_a_chain_rewritten_without_the_key_is_found(
    store: Store, log: EvidenceLog, tmp_path: Path
) -> None:
    """Whoever rewrites every row with fitting digests still lacks the key."""
    forger = evidence_log(SecretStore(tmp_path / "other"))
    with store.writing() as connection:
        connection.execute(text("DELETE FROM evidence"))
        connection.execute(text("DELETE FROM evidence_checkpoints"))
        forger.record(connection, LAN, "job.launch", "job J1", {}, NOW)
    with store.reading() as connection:
        found = log.verify(connection)

    assert found.broken is not None
    assert (found.broken.seq, found.broken.reason) == (
        1,
        "its checkpoint was not made with our key",
    )


def test_entries_of_before_a_key_rotation_still_verify(
    store: Store, log: EvidenceLog, secrets: SecretStore
) -> None:
    """A rotated key must not make yesterday's evidence worthless."""
    del log
    secrets.stage("audit/key", lambda: "ab" * 32)
    secrets.promote("audit/key")
    after = evidence_log(secrets)
    with store.writing() as connection:
        after.record(connection, LAN, "logout", "user lan", {}, NOW)
    with store.reading() as connection:
        assert after.verify(connection).broken is None


def test_an_entry_falls_with_its_action(store: Store, log: EvidenceLog) -> None:
    """Evidence of something that did not happen would be a lie."""

    def act_and_fail() -> None:
        with store.writing() as connection:
            log.record(connection, LAN, "user.add", "user x", {}, NOW)
            raise KeyError

    with pytest.raises(KeyError):
        act_and_fail()
    with store.reading() as connection:
        assert log.verify(connection).entries == 5


def test_secrets_do_not_enter_the_log(store: Store, secrets: SecretStore) -> None:
    """The log is kept for years and shown to many."""
    secrets.ensure("db/portal", lambda: "canary-value-1")
    log = evidence_log(secrets)
    with store.writing() as connection:
        entry = log.record(connection, LAN, "x", "canary-value-1", {"a": "canary-value-1"}, NOW)

    assert entry.subject == entry.details["a"] == "<secret db/portal v1>"
