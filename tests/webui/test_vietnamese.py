# SPDX-License-Identifier: MIT
"""Vietnamese text: searched as people type it, sorted as dictionaries do."""

from unicodedata import normalize

import pytest

from webui.vietnamese import collation_key, fold, matches


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("dien ban", "Điện Bàn"),
        ("ĐIỆN", "Điện Bàn"),
        ("so tai", "Sở Tài chính"),
        ("tam ky", "Tam Kỳ"),
    ],
)
def test_a_search_without_accents_finds_the_name(typed: str, name: str) -> None:
    """Operators type without a Vietnamese keyboard; đ is a letter, not a d with a mark."""
    assert matches(typed, name)


def test_composed_and_decomposed_letters_are_the_same_name() -> None:
    """One system exports ệ as one sign, another as three."""
    name = "Thị xã Điện Bàn"

    assert fold(normalize("NFD", name)) == fold(normalize("NFC", name)) == "thi xa dien ban"


def test_words_of_a_search_may_stand_in_any_field_but_all_must_stand() -> None:
    """Two words narrow a search down."""
    assert matches("cpe1 dien", "dien-ban-cpe1", "Điện Bàn")
    assert not matches("cpe2 dien", "dien-ban-cpe1", "Điện Bàn")


def test_names_sort_as_a_vietnamese_dictionary_does() -> None:
    """Python puts Đ behind Z and sorts by tone before letters."""
    names = ["Đông Giang", "Duy Xuyên", "Đại Lộc", "Hội An", "Bắc Trà My", "Ẩn", "An", "Ăn", "Ân"]

    assert sorted(names, key=collation_key) == [
        "An",
        "Ăn",
        "Ân",
        "Ẩn",
        "Bắc Trà My",
        "Duy Xuyên",
        "Đại Lộc",
        "Đông Giang",
        "Hội An",
    ]
