# SPDX-License-Identifier: MIT
"""Our own sentences in the reader's language, found again by their templates.

A row keeps English; what others said, devices and systems we do not know,
matches no template and is shown as it is.
"""

from collections.abc import Iterable

from tinhnet import reasons, sentences
from tinhnet.model.event import Event, Source
from webui.language import catalogue, language

OURS = frozenset({Source.PROBE, Source.TRAP, Source.PRODUCT})
"""Whose events say sentences of ours; a log line is its device's own."""
NESTED = "why"
"""The field that holds another sentence of ours."""
LISTED = "askers"
"""The field that holds several, with commas between them."""


def told_reason(text: str) -> str | None:
    """Return why something ended in the reader's language, None where it is no sentence of ours."""
    return _told(text, reasons.TEMPLATES, language())


def told_sentence(text: str, locale: str | None = None) -> str | None:
    """Return what collectors or messengers said, None where it is no sentence of ours.

    `locale` is for texts that speak one language whoever reads them.
    """
    return _told(text, sentences.TEMPLATES, locale or language())


def event_text(event: Event, locale: str | None = None) -> str:
    """Return what an event says: what the product itself said of it in the reader's language."""
    told = told_sentence(event.text, locale) if event.source in OURS else None
    return told or event.text


def _told(text: str, templates: Iterable[str], locale: str) -> str | None:
    said = reasons.taken_apart(text, templates)
    if said is None:
        return None
    fields = {}
    for name, value in said.fields.items():
        parts = value.split(", ") if name == LISTED else [value]
        if name in {NESTED, LISTED}:
            parts = [_told(part, templates, locale) or part for part in parts]
        fields[name] = ", ".join(parts)
    return catalogue(locale).gettext(said.template) % fields
