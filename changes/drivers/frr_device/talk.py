# SPDX-License-Identifier: MIT
"""What controller and device say to each other: one JSON request, one JSON answer."""

from typing import NotRequired, TypedDict

from .state import Routing

FORMAT = 1


class Request(TypedDict):
    """What the controller asks for.

    `mode`: "plan", "apply", "read", "report" or "routing".  `token` names the change,
    `wait_s` is how long to wait for the lock.  `bare` returns the device to
    what it boots with before it was ever provisioned.
    """

    mode: str
    who: str
    token: str
    wait_s: float
    bare: bool
    prefixes: list[str]
    sections: dict[str, str]


class Difference(TypedDict):
    """One section that differs."""

    before: str
    after: str


class Fault(TypedDict):
    """Why nothing, or not everything, was done."""

    kind: str
    section: str
    message: str


class Answer(TypedDict):
    """What the device answers; `result` is a result word of the product."""

    format: int
    result: str
    sections: dict[str, Difference]
    residue: dict[str, list[str]]
    startup: list[str]
    fault: NotRequired[Fault]
    recovered: NotRequired[str]
    routing: NotRequired[Routing]
    seconds: NotRequired[float]
