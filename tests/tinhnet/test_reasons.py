# SPDX-License-Identifier: MIT
"""Our sentences about how something ended, found again by their templates."""

import pytest

from tinhnet import reasons
from tinhnet.reasons import TEMPLATES, taken_apart


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_sentence_is_found_again(template: str) -> None:
    """A page says in its reader's language what the row keeps in English."""
    fields = {name: f"{name} 1" for name in reasons.fields_of(template)}

    said = taken_apart(template % fields)

    assert said is not None
    assert (said.template, said.fields) == (template, fields)


def test_a_sentence_inside_a_sentence_is_whole() -> None:
    """A cancelled device says why twice over."""
    why = reasons.CANCELLED % {"actor": "lan"}
    said = taken_apart(reasons.UNKNOWN % {"why": why, "task": "Đẩy cấu hình"})

    assert said is not None
    assert said.template == reasons.UNKNOWN
    assert said.fields == {"why": "cancelled by lan", "task": "Đẩy cấu hình"}


def test_what_others_said_is_none_of_ours() -> None:
    """Ansible's and a device's own words are shown as they came."""
    assert taken_apart("ERROR! the role 'x' was not found") is None
    assert taken_apart("") is None
