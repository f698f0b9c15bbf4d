# SPDX-License-Identifier: MIT
"""Broken inventories: every rule says where, what, what was expected and what to do."""

import os
import unicodedata
from pathlib import Path
from typing import TypedDict

import pytest
import yaml

from tinhnet.errors import ProblemsError
from tinhnet.inventory import load


class Case(TypedDict):
    """An edit of one file and the problems it must cause."""

    rule: str
    file: str
    old: str
    new: str
    problems: list[str]


CASES: list[Case] = yaml.safe_load(
    (Path(__file__).parents[1] / "cases" / "inventory_problems.yml").read_text(encoding="utf-8")
)


def problems(directory: Path) -> list[str]:
    """Return what loading complains about, with files named as in the directory."""
    with pytest.raises(ProblemsError) as caught:
        load(directory)
    return [str(problem).replace(f"{directory}/", "") for problem in caught.value.problems]


def replace(path: Path, old: str, new: str) -> None:
    """Replace the first `old` of a file, which must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_a_broken_rule_names_line_value_and_fix(directory: Path, case: Case) -> None:
    """An operator at night must find the fault without reading our code."""
    replace(directory / case["file"], case["old"], case["new"])

    assert problems(directory) == case["problems"]


def test_faults_of_all_files_are_shown_together(directory: Path) -> None:
    """Nobody wants to start ten times to learn of ten faults."""
    replace(directory / "sites.yml", "number: 107", "number: many")
    replace(directory / "links.yml", "bandwidth: 20M", "bandwidth: fast")
    replace(directory / "links.yml", "carrier: viettel", "carrier: vietel")
    replace(directory / "services.yml", "server: web1", "server: web7")
    replace(directory / "people.yml", "format: 1", "format: 9")

    assert [problem.split(": ")[0] for problem in problems(directory)] == [
        "links.yml:21",
        "links.yml:22",
        "people.yml:2",
        "services.yml:11",
        "sites.yml:24",
    ]


def test_a_faulty_entry_causes_no_second_fault(directory: Path) -> None:
    """References to an entry with a fault are not themselves wrong."""
    replace(directory / "units.yml", 'code: "507"', "code: 507")

    assert len(problems(directory)) == 1


def test_a_missing_file_is_one_problem(directory: Path) -> None:
    """Forty references into a missing file would hide that it is missing."""
    (directory / "units.yml").unlink()

    assert problems(directory) == [
        "units.yml: no such file; every inventory needs it; docs/inventory.md shows one"
    ]


def test_a_missing_directory_is_one_problem(tmp_path: Path) -> None:
    """A mistyped --inventory must not list eight missing files."""
    hint = "name the folder that holds province.yml, or run from the checkout"
    assert problems(tmp_path / "nowhere") == [f"{tmp_path}/nowhere: no such directory; {hint}"]


def test_a_list_in_place_of_sections_is_a_problem(directory: Path) -> None:
    """A file that begins with an entry has lost its sections."""
    (directory / "people.yml").write_text("- id: noc\n", encoding="utf-8")

    assert problems(directory) == [
        'people.yml:1: is not a mapping; write "key: value" lines at the top level'
    ]


@pytest.mark.parametrize("content", [b"", b"\n \n"], ids=["empty", "blank"])
def test_an_empty_file_says_how_to_begin(directory: Path, content: bytes) -> None:
    """A disk that filled up leaves empty files behind."""
    (directory / "people.yml").write_bytes(content)

    assert problems(directory) == ['people.yml: is empty; start it with "format: 1"']


def test_a_file_of_another_encoding_names_the_byte(directory: Path) -> None:
    """Old editors save Vietnamese in legacy encodings."""
    text = (directory / "sites.yml").read_text(encoding="utf-8")
    (directory / "sites.yml").write_bytes(text.replace("ữ", "u").encode("utf-16"))

    expected = "sites.yml:1: byte 0xff is not UTF-8; save the file as UTF-8"
    assert problems(directory) == [f'{expected} (in vim ":set fenc=utf-8")']


def test_a_byte_order_mark_is_no_fault(directory: Path) -> None:
    """Editors on Windows write one."""
    content = (directory / "sites.yml").read_bytes()
    (directory / "sites.yml").write_bytes(b"\xef\xbb\xbf" + content)

    assert load(directory).sites["dien-ban"].number == 107


def test_a_folder_in_place_of_a_file_is_a_problem(directory: Path) -> None:
    """Whatever the disk holds, the answer is a sentence."""
    (directory / "people.yml").unlink()
    (directory / "people.yml").mkdir()

    assert problems(directory) == [
        "people.yml: cannot be read: Is a directory; check its owner and mode"
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_problem(directory: Path) -> None:
    """The product runs unprivileged and meets files of root."""
    (directory / "people.yml").chmod(0)

    assert problems(directory) == [
        "people.yml: cannot be read: Permission denied; check its owner and mode"
    ]


def test_a_huge_file_is_refused_unread(directory: Path) -> None:
    """A log file saved under the wrong name must not fill the memory."""
    with (directory / "people.yml").open("ab") as stream:
        stream.truncate(5 * 1024 * 1024)

    assert problems(directory) == [
        "people.yml: is larger than 4194304 bytes; is it the right file?"
    ]


def test_deep_nesting_is_refused_without_a_crash(directory: Path) -> None:
    """The composer of libyaml recurses in C and takes the process with it."""
    (directory / "people.yml").write_text("format: 1\npeople: " + "[" * 20_000, encoding="utf-8")

    assert problems(directory) == ["people.yml:2: is nested deeper than 12 levels; flatten it"]


def test_an_alias_bomb_is_refused(directory: Path) -> None:
    """A kilobyte of aliases stands for gigabytes of values."""
    lines = ["format: 1", "people: &a0 [x, x]"]
    lines += [f"p{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    (directory / "people.yml").write_text("\n".join(lines), encoding="utf-8")

    assert problems(directory) == ["people.yml:3: alias *a0; write the value out; no aliases here"]


def test_decomposed_vietnamese_reads_as_composed(directory: Path) -> None:
    """Some keyboards and file systems write "ệ" as three characters; names must still be found."""
    for path in directory.iterdir():
        text = path.read_text(encoding="utf-8")
        path.write_text(unicodedata.normalize("NFD", text), encoding="utf-8")

    site = load(directory).sites["dien-ban"]

    assert site.name_vi == "Ủy ban nhân dân thị xã Điện Bàn"
    assert unicodedata.is_normalized("NFC", site.name_en)


def test_words_that_yaml_1_1_turns_into_something_else_stay_words(directory: Path) -> None:
    """`no`, `on`, `1:30` and `012` surprised every YAML user once."""
    replace(directory / "sites.yml", "address: phường Vĩnh Điện", "address: no")
    replace(directory / "people.yml", "title_en: On duty", "title_en: 1:30")
    replace(directory / "people.yml", "title_vi: Trực 24/7", "title_vi: 012")

    network = load(directory)

    assert network.sites["dien-ban"].address == "no"
    assert network.people["noc"].title_en == "1:30"
    assert network.people["noc"].title_vi == "012"
