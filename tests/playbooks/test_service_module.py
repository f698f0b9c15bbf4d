# SPDX-License-Identifier: MIT
"""The module that the province's small services share."""

import importlib.util
import unicodedata
from pathlib import Path
from types import ModuleType
from urllib.parse import urlencode

import pytest

SOURCE = Path(__file__).parents[2] / "playbooks/roles/application/files/service.py"
NAME = "Nguyễn Thị Hồng Đào"


@pytest.fixture(scope="module")
def service() -> ModuleType:
    """Load the module as the servers do: by its path."""
    spec = importlib.util.spec_from_file_location("service", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("kind", ["form", "json"])
def test_a_name_is_kept_composed_whatever_form_was_sent(
    service: ModuleType, form: str, kind: str
) -> None:
    """A name typed on a Mac is found again by one typed on Windows."""
    sent = unicodedata.normalize(form, NAME)
    if kind == "form":
        body, content = urlencode({"applicant": sent}), "application/x-www-form-urlencoded"
    else:
        body, content = f'{{"applicant": "{sent}"}}', "application/json"

    request = service.Request("POST", "/", "", body.encode(), {"Content-Type": content})

    assert request.field("applicant") == NAME


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "Thiếu thông tin"),
        ("   ", "Thiếu thông tin"),
        ("x" * 200, "dài 200 ký tự, tối đa 120"),
        ("a\x00b", "ký tự điều khiển"),
    ],
    ids=["missing", "blank", "too long", "control character"],
)
def test_a_bad_field_is_refused_in_words(service: ModuleType, value: str, sentence: str) -> None:
    """The person reads in Vietnamese what to correct; nothing odd reaches the database."""
    body = urlencode({"applicant": value}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = service.Request("POST", "/", "", body, headers)

    with pytest.raises(service.FaultError, match=sentence) as caught:
        request.field("applicant", longest=120)

    assert caught.value.status == 400


def test_what_people_typed_is_escaped_in_pages(service: ModuleType) -> None:
    """A document's title cannot carry a script to the next reader."""
    text = service.table(("Trích yếu",), [("<script>alert(1)</script>",)])

    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_json_that_is_no_object_is_refused(service: ModuleType) -> None:
    """A list is not a form."""
    with pytest.raises(service.FaultError, match="JSON phải là một đối tượng"):
        service.Request("POST", "/", "", b"[1]", {"Content-Type": "application/json"})
