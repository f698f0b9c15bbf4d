# SPDX-License-Identifier: MIT
"""From the spool to the server: every sample arrives once, or is counted as refused.

Prometheus 2.42 drops a whole request for one sample it does not like, and
says 400 or, for one that is too old, 500; such a parcel is split until the
sample stands alone.
"""

from collections import Counter
from collections.abc import Iterable

from tinhnet.errors import message_id
from tinhnet.store.series.errors import SeriesUnreachableError
from tinhnet.store.series.keep import Entry
from tinhnet.store.series.promql import Answer, Client, Row, matchers, matchers_of_names, steady
from tinhnet.store.series.sample import Refusal, Selector, Series
from tinhnet.store.series.spool import Parcel, Spool
from tinhnet.store.series.wire import labels_of, write_request

PARCELS_PER_CALL = 64
FEW = 32
SHORT_MS = 600_000
"""More series than a few, in a time this short, are asked about all at once."""
_BAD_REQUEST, _TOO_LARGE = 400, 413
_TOO_OLD = ("out of bounds", "too old")
_REFUSALS = (*_TOO_OLD, "out of order", "duplicate sample")


class Delivery:
    """The one that sends; counts what arrived and what was refused since it was made."""

    def __init__(self, client: Client, spool: Spool) -> None:
        self._client = client
        self._spool = spool
        self._labels: dict[Series, bytes] = {}
        # What was sent without an answer, before we started or just now, may have arrived.
        self._is_unsure = True
        self.delivered = 0
        self.refused: Counter[Refusal] = Counter()

    def deliver(self) -> None:
        """Send a bounded number of parcels; SeriesUnreachableError when there is no answer."""
        for _ in range(PARCELS_PER_CALL):
            parcel = self._spool.first()
            if parcel is None:
                self._is_unsure = False
                return
            self._deliver(parcel)

    def _deliver(self, parcel: Parcel) -> None:
        samples = parcel.samples
        repeated: list[Entry] = []
        if parcel.is_late or self._is_unsure:
            stored = self._stored(samples)
            repeated = [one for one in samples if one[:2] in stored]
            if self._is_unsure:
                repeated = [one for one in repeated if stored[one[:2]] != one[2]]
            samples = tuple(one for one in samples if one[:2] not in stored)
        self._is_unsure = True
        answer = self._write(samples)
        self._is_unsure = False
        if answer.is_accepted:
            self._spool.drop(parcel)
            self.delivered += len(samples)
            self.refused.update({Refusal.DUPLICATE: len(repeated)} if repeated else {})
        elif len(parcel.samples) > 1:
            self._spool.split(parcel)
        else:
            reason = self._reason(samples[0], answer)
            self._spool.drop(parcel)
            self.refused.update([reason] if reason else [])

    def _write(self, samples: Iterable[Entry]) -> Answer:
        """Send samples; the answer is yes, or no for one of them and for good."""
        placed = [(self._labels_of(series), at, value) for series, at, value in samples]
        if not placed:
            return Answer(204, "")
        answer = self._client.write(write_request(placed))
        is_refusal = answer.status in (_BAD_REQUEST, _TOO_LARGE) or (
            answer.status // 100 == 5  # noqa: PLR2004
            and any(text in answer.text for text in _REFUSALS)
        )
        if answer.is_accepted or is_refusal:
            return answer
        raise SeriesUnreachableError(
            message_id("%(where)s: the server of samples says %(status)s: %(said)s"),
            message_id("does it accept remote writes (--web.enable-remote-write-receiver)?"),
            where=self._client.where,
            status=answer.status,
            said=answer.text.strip()[:200],
        )

    def _reason(self, sample: Entry, answer: Answer) -> Refusal | None:
        """Return why a single sample was refused, None when the server has it after all."""
        stored = self._stored([sample])
        if sample[:2] in stored:
            return None if stored[sample[:2]] == sample[2] else Refusal.DUPLICATE
        if any(text in answer.text for text in _TOO_OLD):
            return Refusal.TOO_OLD
        return Refusal.SERVER

    def _stored(self, samples: Iterable[Entry]) -> dict[tuple[Series, int], float]:
        """Return which of these moments the server has, and with which values."""
        times: dict[Series, list[int]] = {}
        for series, at, _ in samples:
            times.setdefault(series, []).append(at)
        moments = [at for held in times.values() for at in held]
        if len(times) > FEW and max(moments) - min(moments) <= SHORT_MS:
            names = {series.name for series in times}
            spans = [(matchers_of_names(names), moments)]
        else:
            spans = [
                (matchers(Selector(series.name, series.labels)), held)
                for series, held in times.items()
            ]
        found: dict[tuple[Series, int], float] = {}
        for meant, held in spans:
            for row in self._samples(meant, min(held), max(held)):
                if row.series in times:
                    found.update({(row.series, at): value for at, value in row.values})
        return found

    def _samples(self, meant: str, first: int, last: int) -> list[Row]:
        expression = f"{meant}[{last - first + 1}ms]"
        return steady(lambda: self._client.query(expression, last))

    def _labels_of(self, series: Series) -> bytes:
        known = self._labels.get(series)
        if known is None:
            known = self._labels[series] = labels_of(series)
        return known
