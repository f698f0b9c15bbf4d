# SPDX-License-Identifier: MIT
"""What a client's answers mean: None when one is as expected, else the likely cause."""

import base64
from collections.abc import Callable, Mapping

CLOSED = ("refused", "no answer", "cut off")
CLOSED_PORT = "port closed"
"""Why a machine itself refuses (changes.drivers.site_client); a firewall between says more."""
LARGEST_OFFSET_S = 2.0

Answer = Mapping[str, str]
Judge = Callable[[Answer], str | None]


def exactly(expected: str, cause: str) -> Judge:
    """Expect just this answer; `cause` is what another one means, if the way is open."""

    def judge(answer: Answer) -> str | None:
        if answer["got"] == expected:
            return None
        return _closed_cause(answer["got"]) if answer["got"] in CLOSED else cause

    return judge


def page_with(text: str) -> Judge:
    """Expect a page that holds a text."""

    def judge(answer: Answer) -> str | None:
        if answer["got"] != "200":
            return _page_cause(answer["got"])
        page = base64.b64decode(answer["body"]).decode(errors="replace")
        return None if text in page else "the page is there but not its text: a wrong page"

    return judge


def good(status_of: Callable[[bytes], str], who: str) -> Judge:
    """Expect a page whose signed octets say that a certificate is good."""

    def judge(answer: Answer) -> str | None:
        if answer["got"] != "200":
            return _page_cause(answer["got"])
        status = status_of(base64.b64decode(answer["body"]))
        return None if status == "good" else f"{who} says: {status}"

    return judge


def synchronised(answer: Answer) -> str | None:
    """Expect a clock that is synchronised and close to the client's."""
    if not answer["got"].startswith("stratum"):
        return _closed_cause(answer["got"])
    far = abs(float(answer["offset_s"])) > LARGEST_OFFSET_S
    return f"its clock differs by {answer['offset_s']} s" if far else None


def opened(answer: Answer) -> str | None:
    """Expect an open port."""
    return None if answer["got"] == "open" else _closed_cause(answer["got"])


def reached(*, is_silent: bool) -> Judge:
    """Expect a way to a machine, whatever its port says; `is_silent` is one that never answers.

    A firewall of ours refuses with other words than a closed port.
    """

    def judge(answer: Answer) -> str | None:
        closed = (answer["got"], answer.get("why")) == ("refused", CLOSED_PORT)
        silent = is_silent and answer["got"] == "no answer"
        return None if closed or silent else opened(answer)

    return judge


def refused(answer: Answer) -> str | None:
    """Expect that nothing gets through."""
    if answer["got"] in CLOSED:
        return None
    return "a rule lets it through: compare the permits with the firewall's and site's rules"


def _closed_cause(got: str) -> str:
    return {
        "no answer": "no route, a firewall that drops, or the server is down",
        "refused": "a firewall refuses it, or nothing listens on the server",
        "cut off": "the server accepts and hangs up: look at its journal",
    }.get(got, "the answer is not what this service gives")


def _page_cause(got: str) -> str:
    causes = {
        "bad certificate": "the certificate is expired, for another name, or of another CA",
        "no TLS": "what listens there speaks no TLS we accept",
        "502": "nginx runs but the service behind it does not",
        "503": "the service runs but what it depends on (database) does not answer",
        "504": "the service behind nginx does not answer in time",
    }
    return causes.get(got, _closed_cause(got))
