# SPDX-License-Identifier: MIT
"""Claims of circuits: from when to when each was seen up or down, for the ledger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.sight import Sight
from tinhnet.alerting.ledger import Claim
from tinhnet.model.observation import State

EXTEND_S = 30.0
"""How often a claim that goes on is written on; less often is less known after a power cut."""
GAP_S = 45.0
"""A longer silence between two sights belongs to no claim: what nobody saw is not up."""
SOURCE = "observed"


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be written about claims; `ended` and `extended` say until when they were seen."""

    ended: Mapping[str, datetime] = field(default_factory=dict)
    begun: tuple[Claim, ...] = ()
    extended: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to write."""
        return not (self.ended or self.begun or self.extended)


def account(
    circuits: Iterable[str],
    claims: Mapping[str, Claim],
    sight: Sight,
    before: Sight,
    *,
    extend: bool,
) -> Changes:
    """Return what changes in the claims that go on, now that `sight` is seen after `before`."""
    ended: dict[str, datetime] = {}
    begun: list[Claim] = []
    extended: dict[str, datetime] = {}
    for circuit in circuits:
        claim, at = claims.get(circuit), sight.seen_at(circuit)
        state = State(sight.states.get(circuit, State.UNKNOWN.value))
        if at is None or state is State.UNKNOWN:
            if claim is not None:
                ended[circuit] = _last_seen(claim, circuit, sight, before)
            continue
        if claim is not None and claim.is_up == state.works and _goes_on(claim, at):
            if extend and claim.end is not None and at > claim.end:
                extended[circuit] = at
            continue
        if claim is not None:
            is_turn = claim.is_up != state.works and _goes_on(claim, at)
            ended[circuit] = at if is_turn else _last_seen(claim, circuit, before, before)
        begun.append(Claim(circuit, state.works, at, at, SOURCE))
    return Changes(ended, tuple(begun), extended)


def after(claims: Mapping[str, Claim], changes: Changes) -> dict[str, Claim]:
    """Return the claims that go on once the changes are written."""
    kept = {subject: one for subject, one in claims.items() if subject not in changes.ended}
    kept |= {subject: replace(kept[subject], end=at) for subject, at in changes.extended.items()}
    return kept | {one.subject: one for one in changes.begun}


def _goes_on(claim: Claim, at: datetime) -> bool:
    return at - (claim.end or claim.start) <= timedelta(seconds=GAP_S)


def _last_seen(claim: Claim, circuit: str, sight: Sight, before: Sight) -> datetime:
    """Return when what is claimed was last seen, as far as anybody remembers."""
    known = claim.end or claim.start
    for one in (sight, before):
        raw, at = one.raw.get(circuit), one.seen_at(circuit)
        if raw is not None and at is not None and State(raw[0]).works == claim.is_up:
            is_known = raw[0] != State.UNKNOWN.value
            if is_known and at > known and _goes_on(claim, at):
                return at
    return known
