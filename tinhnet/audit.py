# SPDX-License-Identifier: MIT
"""The evidence log: every entry carries the digest of the one before.

Whoever changes, removes or inserts an entry breaks the chain; whoever can
rewrite the whole table still lacks the key of the checkpoints.  A log cut
off at its end is told by comparing `head` with a copy kept elsewhere.
"""

import hmac
import json
import secrets as randomness
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from tinhnet.errors import message_id
from tinhnet.model.actor import Actor
from tinhnet.model.audit import AuditEntry, Broken, Verification
from tinhnet.secrets import SecretStore
from tinhnet.store import evidence
from tinhnet.store.engine import Transaction

FIRST = "0" * 64
KEY_NAME = "audit/key"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class EvidenceLog:
    """Writes and verifies entries; `keys` are all known keys, the newest last."""

    keys: tuple[bytes, ...] = field(repr=False)
    mask: Callable[[str], str]

    def record(
        self,
        connection: Transaction,
        actor: Actor,
        action: str,
        subject: str,
        details: Mapping[str, str],
        now: datetime,
    ) -> AuditEntry:
        """Append an entry in the caller's transaction: action and entry stand or fall together.

        `connection` must be of `Store.writing`, which lets one appender in at
        a time.
        """
        last = evidence.last_entry(connection)
        entry = AuditEntry(
            seq=last.seq + 1 if last else 1,
            at=now,
            actor=actor.name,
            via=actor.via,
            action=action,
            subject=self.mask(subject),
            details={key: self.mask(value) for key, value in sorted(details.items())}
            | ({"address": actor.address} if actor.address else {}),
            previous=last.digest if last else FIRST,
            digest="",
        )
        sealed = _with_digest(entry)
        evidence.append(connection, sealed)
        evidence.add_checkpoint(connection, self.checkpoint(sealed))
        return sealed

    def checkpoint(self, entry: AuditEntry) -> evidence.Checkpoint:
        """Return the keyed seal of an entry."""
        return evidence.Checkpoint(entry.seq, entry.digest, _mac(self.keys[-1], entry))

    def verify(self, connection: Transaction) -> Verification:
        """Read the whole log and name the first entry that does not hold."""
        sealed = evidence.checkpoints(connection)
        previous, count = FIRST, 0
        for entry in evidence.all_entries(connection):
            reason = self._fault(entry, count + 1, previous, sealed.get(entry.seq))
            if reason is not None:
                return Verification(count, len(sealed), previous, Broken(entry.seq, reason))
            previous, count = entry.digest, count + 1
        beyond = [seq for seq in sealed if seq > count]
        if beyond:
            broken = Broken(
                min(beyond), message_id("the entry is missing, its checkpoint is there")
            )
            return Verification(count, len(sealed), previous, broken)
        return Verification(count, len(sealed), previous, None)

    def _fault(
        self, entry: AuditEntry, seq: int, previous: str, sealed: evidence.Checkpoint | None
    ) -> str | None:
        if entry.seq != seq:
            return message_id("the entry before it is missing")
        if entry.previous != previous:
            return message_id("it does not follow the entry before")
        if digest_of(entry) != entry.digest:
            return message_id("its content was changed")
        if sealed is None:
            return message_id("its checkpoint is missing")
        if not any(hmac.compare_digest(_mac(key, entry), sealed.mac) for key in self.keys):
            return message_id("its checkpoint was not made with our key")
        return None


def evidence_log(store: SecretStore) -> EvidenceLog:
    """Return the log of an installation; its key is made at the first use."""
    store.ensure(KEY_NAME, lambda: randomness.token_hex(KEY_BYTES))
    keys = tuple(bytes.fromhex(one.value) for one in store.versions(KEY_NAME))
    return EvidenceLog(keys, store.mask)


def digest_of(entry: AuditEntry) -> str:
    """Return the SHA-256, in hex, of an entry in canonical JSON with its predecessor's digest."""
    canonical = json.dumps(
        {
            "seq": entry.seq,
            "at": entry.at.isoformat(timespec="microseconds"),
            "actor": entry.actor,
            "via": entry.via,
            "action": entry.action,
            "subject": entry.subject,
            "details": dict(entry.details),
            "previous": entry.previous,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return sha256(canonical.encode("utf-8")).hexdigest()


def _with_digest(entry: AuditEntry) -> AuditEntry:
    return AuditEntry(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        via=entry.via,
        action=entry.action,
        subject=entry.subject,
        details=entry.details,
        previous=entry.previous,
        digest=digest_of(entry),
    )


def _mac(key: bytes, entry: AuditEntry) -> str:
    return hmac.new(key, f"{entry.seq}:{entry.digest}".encode(), sha256).hexdigest()
