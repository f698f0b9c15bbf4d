# SPDX-License-Identifier: MIT
"""What belongs into one message: alerts about one cause or one site."""

from collections.abc import Iterable, Mapping, Sequence

from tinhnet.model.alert import AlertRecord, Notice
from tinhnet.receivers import RANK


def groups(
    notices: Sequence[Notice], records: Mapping[str, AlertRecord], most: int
) -> tuple[tuple[Notice, ...], ...]:
    """Return the notices, those together that share a thing, a cause, what it explains, or a site.

    Whether they do is closed under chains: a circuit and its site, the site
    and its router.  More groups than `most` become one: nobody reads eighty
    messages.  `records` holds the alert of each notice.
    """
    found: list[tuple[set[str], list[Notice]]] = []
    for notice in notices:
        tags, together = _tags(records[notice.fingerprint]), [notice]
        apart = []
        for other in found:
            if other[0] & tags:
                tags |= other[0]
                together = [*other[1], *together]
            else:
                apart.append(other)
        found = [*apart, (tags, together)]
    if len(found) > most:
        return (tuple(notices),)
    order = {notice.key: place for place, notice in enumerate(notices)}
    sorted_ = [sorted(together, key=lambda one: order[one.key]) for _, together in found]
    return tuple(tuple(one) for one in sorted(sorted_, key=lambda one: order[one[0].key]))


def leader(records: Iterable[AlertRecord]) -> AlertRecord:
    """Return the alert that a message is named after: the worst, explaining most, oldest."""
    return min(
        records,
        key=lambda one: (
            -RANK[one.alert.severity],
            -len(one.explains) - len(one.sites_down),
            one.alert.fired_at or one.alert.at,
            one.alert.fingerprint,
        ),
    )


def _tags(record: AlertRecord) -> set[str]:
    """Return what an alert is about."""
    tags = {record.alert.thing, *record.explains}
    tags |= {record.cause} if record.cause else set()
    tags |= {f"device:{record.device}"} if record.device else set()
    tags |= {f"link:{record.link}"} if record.link else set()
    return tags | ({f"site:{record.site}"} if record.site else set())
