# SPDX-License-Identifier: MIT
"""What a person without root may ask of the root broker."""

import json

import pytest

from lab.request import FORMAT, Request, decode, encode
from tinhnet.errors import TinhnetError


@pytest.mark.parametrize(
    "request_",
    [
        Request("up", "tn", options=("--site=dien-ban", "--json")),
        Request("cut", "tn", "dien-ban-1", options=("--port",)),
        Request("degrade", "tn", "dien-ban-1", options=("--loss=2.5", "--rate=2000000")),
        Request("exec", "tn", "core1", command=("ip", "-br", "address")),
        Request("status", "tn", options=("--json",)),
    ],
    ids=lambda request: request.verb,
)
def test_a_good_request_survives_the_way(request_: Request) -> None:
    """What the CLI sends is what the broker runs."""
    assert decode(encode(request_)) == request_


@pytest.mark.parametrize(
    "bad",
    [
        Request("broker", "tn"),
        Request("up", "../tn"),
        Request("up", "tn", options=("--inventory=/etc",)),
        Request("up", "tn", options=("--site=a", "--key=/etc/shadow")),
        Request("up", "tn", text="-----BEGIN OPENSSH PRIVATE KEY-----"),
        Request("cut", "tn", "--all"),
        Request("cut", "tn", "a/../b"),
        Request("cut", "tn", ""),
        Request("down", "tn", "core1"),
        Request("down", "tn", options=("--all",)),
        Request("degrade", "tn", "x-1", options=("--loss=5;reboot",)),
        Request("exec", "tn", "core1"),
        Request("exec", "tn", "core1", options=("--net-raw",), command=("id",)),
        Request("kill", "tn", "core1", command=("id",)),
        Request("exec", "tn", "core1", command=("a\0b",)),
    ],
    ids=lambda request: f"{request.verb} {request.target}{request.options}"[:40],
)
def test_a_word_of_the_wrong_form_is_refused(bad: Request) -> None:
    """Root must never read a path or an option that a person made up."""
    with pytest.raises(TinhnetError):
        decode(encode(bad))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        json.dumps({"format": FORMAT + 1, "verb": "status", "prefix": "tn"}).encode(),
        json.dumps({"format": FORMAT, "verb": "status", "prefix": "tn", "more": 1}).encode(),
        json.dumps({"format": FORMAT, "verb": ["status"], "prefix": "tn"}).encode(),
        json.dumps({"format": FORMAT, "verb": "status", "prefix": "tn", "options": "x"}).encode(),
        json.dumps({"format": FORMAT, "verb": "cut", "prefix": "tn", "options": [1]}).encode(),
        b"\xff\xfe",
        b"[" * 50_000,
    ],
    ids=range(11),
)
def test_garbage_is_refused_with_a_sentence(line: bytes) -> None:
    """The broker is root and reads what anybody of the group writes."""
    with pytest.raises(TinhnetError):
        decode(line)
