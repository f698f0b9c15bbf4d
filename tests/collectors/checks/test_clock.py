# SPDX-License-Identifier: MIT
"""How far a time server's clock is off, asked over real UDP."""

import pytest

from collectors.checks.clock import offset_s
from tests.collectors.checks.servers import LOCAL, Answer, answering, clock


@pytest.mark.parametrize("ahead_s", [0.0, 2.5, -2.5, 86400.0])
def test_the_offset_is_what_the_server_is_ahead(ahead_s: float) -> None:
    """Certificates, logs and Kerberos break on minutes, evidence on less."""
    with answering(clock(ahead_s)) as port:
        found = offset_s(LOCAL, port)

    assert found == pytest.approx(ahead_s, abs=0.5)


@pytest.mark.parametrize(
    "answer",
    [
        clock(2.5, first=0xE4),
        clock(2.5, stratum=0),
        clock(2.5, first=0x23),
        clock(2.5, echoes=False),
        lambda question: question[:20],
    ],
    ids=["alarm", "kiss-of-death", "no-server", "stray", "short"],
)
def test_what_is_no_answer_tells_nothing(answer: Answer) -> None:
    """A clock nobody vouches for, or an answer to somebody else, is no offset."""
    with answering(answer) as port:
        assert offset_s(LOCAL, port) is None
