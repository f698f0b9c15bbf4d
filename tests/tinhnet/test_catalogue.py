# SPDX-License-Identifier: MIT
"""The catalogue of playbooks: cards in comments."""

from pathlib import Path

import pytest

from tinhnet.catalogue import catalogue, find_playbook
from tinhnet.errors import ProblemsError
from tinhnet.model.job import Argument, Risk

ROOT = Path(__file__).parents[2]


def test_a_card_says_what_a_playbook_is(tmp_path: Path) -> None:
    """Titles, risk and arguments come from the file itself; there is no second list."""
    (tmp_path / "b.yml").write_text(
        "---\n# tinhnet: {title_vi: Gỡ, title_en: Remove, risk: danger, order: 2,\n"
        '#   arguments: {site: {label_vi: Điểm, label_en: Site, pattern: "[a-z-]+",\n'
        "#   required: true}}}\n# Free text.\n- hosts: all\n"
    )
    (tmp_path / "a.yml").write_text("# tinhnet: {title_vi: A, title_en: A, risk: read, order: 9}\n")
    (tmp_path / "no.yml").write_text("---\n- hosts: all\n")
    found = catalogue(tmp_path)

    assert [(one.name, one.risk) for one in found] == [("b.yml", Risk.DANGER), ("a.yml", Risk.READ)]
    assert found[0].title_vi == "Gỡ"
    assert found[0].arguments == (Argument("site", "Điểm", "Site", "[a-z-]+", is_required=True),)
    assert find_playbook(tmp_path, "b") == find_playbook(tmp_path, "b.yml")


def test_every_wrong_card_is_named_with_its_line(tmp_path: Path) -> None:
    """A playbook that vanished from the list would be searched for in vain."""
    (tmp_path / "a.yml").write_text("---\n# tinhnet: {title_vi: A, risk: high}\n")
    (tmp_path / "b.yml").write_text("# tinhnet: {title_vi: [\n")
    (tmp_path / "c.yml").write_text(
        "# tinhnet: {title_vi: C, title_en: C, risk: read,\n"
        '#   arguments: {x: {label_vi: X, label_en: X, pattern: "("}}}\n'
    )
    with pytest.raises(ProblemsError) as caught:
        catalogue(tmp_path)

    shown = str(caught.value)
    assert f"{tmp_path}/a.yml:2: the card is wrong: title_en: field required" in shown
    assert f"{tmp_path}/b.yml:1" in shown
    assert f"{tmp_path}/c.yml:1" in shown


def test_a_playbook_in_another_encoding_is_named_with_its_byte(tmp_path: Path) -> None:
    """An editor on an old machine saved Vietnamese as Windows-1258."""
    (tmp_path / "a.yml").write_bytes("# tinhnet: {title_vi: Chào".encode("cp1258"))

    with pytest.raises(ProblemsError, match=r"a\.yml: byte 24 is no UTF-8"):
        catalogue(tmp_path)


def test_the_cards_of_our_own_playbooks_are_right() -> None:
    """What is shipped can be launched, in both languages."""
    found = catalogue(ROOT / "playbooks")

    assert {"wan.yml", "datacentre.yml", "verify.yml", "backup.yml"} <= {one.name for one in found}
    assert all(one.title_vi and one.title_en for one in found)
