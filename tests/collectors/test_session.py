# SPDX-License-Identifier: MIT
"""Conversations with real agents, over ways that lose, repeat, delay and bend packets."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
from pysnmp.proto import rfc1902

from collectors.snmp import ber, pdu
from collectors.snmp.errors import (
    AgentError,
    CredentialsError,
    NoAnswerError,
    RefusedError,
    SnmpError,
)
from collectors.snmp.security import Community, Security
from collectors.snmp.session import Patience, Session, Target
from collectors.snmp.value import Absent
from tests.collectors.agent import USERS, Made, Snmpd, serving, tree_of
from tests.collectors.talk import SHORT, relayed, run, session, user

pytestmark = pytest.mark.patient

NAME = ber.oid("1.3.6.1.2.1.1.5.0")
DESCRIPTION = ber.oid("1.3.6.1.2.1.1.1.0")
NOTHING = ber.oid("1.3.6.1.2.1.1.77.0")


@pytest.mark.parametrize("who", ["community", *USERS])
def test_snmpd_answers_all_kinds_of_question(snmpd: Snmpd, who: str) -> None:
    """Debian's snmpd by SNMPv2c and by SNMPv3 with every hash."""

    async def work() -> tuple[list[object], pdu.Answer, pdu.Answer]:
        security = Community("public") if who == "community" else user(who)
        async with session(snmpd.port, security) as agent:
            return (
                list(await agent.get((NAME, NOTHING))),
                await agent.get_next((ber.oid("1.3.6.1.2.1.1.5"), ber.oid("1.3.6.1.2.1.1.6"))),
                await agent.get_bulk((ber.oid("1.3.6.1.2.1.1"),), lambda _tried: 4),
            )

    got, following, bulk = run(work)

    assert got[0] == b"core1"
    assert isinstance(got[1], Absent)
    assert list(following.values) == [b"core1", "Tam Kỳ".encode()]
    assert len(bulk.names) == 4
    assert bulk.values[0] == b"tinhnet core"


def test_one_session_introduces_itself_once(snmpd: Snmpd) -> None:
    """Discovery is one round trip for a session, not one for each question."""

    async def work() -> int:
        async with session(snmpd.port, user()) as agent:
            for _ in range(5):
                await agent.get((NAME,))
            return agent.traffic.sent

    assert run(work) in (6, 7)  # one more when a start of snmpd fell into the same second


@pytest.mark.parametrize(
    ("security", "told"),
    [
        (lambda: user(name="nobody"), "knows no user nobody"),
        (lambda: user(auth="a wrong passphrase"), "does not accept the authentication of user"),
        (lambda: user("sha512", "sha256"), "does not accept the authentication of user sha256"),
        (lambda: user(name="plain"), "does not allow user plain|authorization|no access"),
    ],
    ids=["unknown-user", "wrong-passphrase", "wrong-hash", "too-low"],
)
def test_snmpd_refuses_and_we_say_why(
    snmpd: Snmpd, security: Callable[[], Security], told: str
) -> None:
    """An operator must be told which of name, passphrase and right is wrong."""

    async def work() -> None:
        async with session(snmpd.port, security()) as agent:
            await agent.get((NAME,))

    with pytest.raises(SnmpError, match=told) as caught:
        run(work)
    assert caught.value.hint


def test_a_wrong_privacy_passphrase_is_suspected(snmpd: Snmpd) -> None:
    """Real snmpd stays silent then; silence after an introduction says what it is about."""
    security = user(priv="a wrong passphrase")

    async def work() -> None:
        while not security.is_ready:  # a loaded machine may need more than one introduction
            async with session(snmpd.port, security, SHORT) as agent:
                with suppress(SnmpError):
                    await agent.get((NAME,))
        async with session(snmpd.port, security, SHORT) as agent:
            await agent.get((NAME,))

    with pytest.raises((NoAnswerError, CredentialsError)) as caught:
        run(work)
    assert "privacy passphrase" in caught.value.hint


def test_a_wrong_community_is_suspected(snmpd: Snmpd) -> None:
    """An agent never says that a community is wrong."""

    async def work() -> None:
        async with session(snmpd.port, Community("wrong"), SHORT) as agent:
            await agent.get((NAME,))

    with pytest.raises(NoAnswerError, match="did not answer") as caught:
        run(work)
    assert "community" in caught.value.hint


def test_a_port_where_nobody_listens_is_told_at_once() -> None:
    """The kernel says so; nobody needs to wait for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        held.connect(("127.0.0.1", 1))  # deaf to all others, and nobody else gets the port
        port = held.getsockname()[1]

        async def work() -> None:
            async with session(port, Community("public")) as agent:
                await agent.get((NAME,))

        with pytest.raises(RefusedError, match=f"nobody listens on 127.0.0.1:{port}"):
            run(work)


def test_an_address_without_a_route_is_told() -> None:
    """A typing error in an address is no silent agent."""

    async def work() -> None:
        target = Target("255.255.255.255", 161)
        async with Session(target, Community("public"), lambda: 1) as agent:
            await agent.get((NAME,))

    with pytest.raises(RefusedError, match=r"255\.255\.255\.255:161 cannot be reached"):
        run(work)


@pytest.mark.parametrize("security", [lambda: Community("public"), user], ids=["v2c", "v3"])
def test_a_restarted_agent_is_followed(own_snmpd: Snmpd, security: Callable[[], Security]) -> None:
    """After a reboot an SNMPv3 engine counts anew; the session asks again by itself."""

    async def work() -> list[object]:
        async with (
            relayed(own_snmpd.port, lambda _at, data: [data]) as (port, relay),
            session(port, security()) as agent,
        ):
            before = await agent.get((NAME,))
            own_snmpd.stop()
            own_snmpd.port = 0  # somebody else may have taken the old one
            own_snmpd.start()
            relay.port = own_snmpd.port
            return [before, await agent.get((NAME,)), await agent.get((NAME,))]

    assert run(work) == [[b"core1"]] * 3


@pytest.mark.parametrize("security", [lambda: Community("public"), user], ids=["v2c", "v3"])
def test_a_lost_answer_is_asked_for_again(snmpd: Snmpd, security: Callable[[], Security]) -> None:
    """Each try bears a number of its own, and the question is repeated."""

    async def work() -> tuple[object, int, set[bytes]]:
        lost = {1, 3}
        async with (
            relayed(snmpd.port, lambda at, data: [] if at in lost else [data]) as (port, relay),
            session(port, security(), Patience(first_s=0.2, tries=9)) as agent,
        ):
            value = (await agent.get((NAME,)))[0]
            return value, agent.traffic.repeated, set(relay.asked)

    value, repeated, asked = run(work)

    assert value == b"core1"
    assert repeated >= 1
    assert len(asked) >= 2


def test_an_answer_to_an_earlier_try_counts(snmpd: Snmpd) -> None:
    """A slow agent answers the first try while we wait for the second."""
    held: list[bytes] = []

    def only_the_first(at: int, data: bytes) -> list[bytes]:
        held.append(data)
        return [held[0]] if at == 2 else []

    async def work() -> object:
        async with (
            relayed(snmpd.port, only_the_first) as (port, _),
            session(port, Community("public"), Patience(first_s=0.2, tries=9)) as agent,
        ):
            return (await agent.get((NAME,)))[0]

    assert run(work) == b"core1"


def test_what_is_no_answer_to_an_open_question_is_dropped(snmpd: Snmpd) -> None:
    """Noise, bent packets, echoes of yesterday: counted, and the true answer is taken."""
    old: list[bytes] = []

    def spoil(_at: int, data: bytes) -> list[bytes]:
        old.append(data)
        return [b"", b"\x30", b"noise" * 9, data[:-1], old[0], data, data]

    async def work() -> tuple[list[object], int]:
        async with (
            relayed(snmpd.port, spoil) as (port, _),
            session(port, Community("public")) as agent,
        ):
            first = await agent.get((NAME,))
            second = await agent.get((DESCRIPTION,))
            return [first, second], agent.traffic.dropped

    values, dropped = run(work)

    assert values == [[b"core1"], [b"tinhnet core"]]
    assert dropped >= 8


def test_answers_find_their_questions(snmpd: Snmpd) -> None:
    """Twenty questions at once over one socket: no answer is taken for another's."""
    names = [ber.oid(f"1.3.6.1.2.1.1.{1 + at % 6}.0") for at in range(20)]

    async def work() -> tuple[list[object], list[object]]:
        async with session(snmpd.port, user()) as agent:
            one_by_one = [await agent.get((name,)) for name in names]
            together = await asyncio.gather(*(agent.get((name,)) for name in names))
            return [list(one) for one in one_by_one], [list(one) for one in together]

    alone, together = run(work)
    steady = [at for at in range(20) if at % 6 != 2]  # 1.3.6.1.2.1.1.3 is a clock

    assert [alone[at] for at in steady] == [together[at] for at in steady]


def test_dropped_packets_are_told_with_the_silence(snmpd: Snmpd) -> None:
    """An agent whose answers cannot be read looks dead otherwise."""

    async def work() -> None:
        async with (
            relayed(snmpd.port, lambda _at, data: [data[:-3]]) as (port, _),
            session(port, Community("public"), SHORT) as agent,
        ):
            while not agent.traffic.dropped:  # a loaded machine may need more than one question
                with suppress(NoAnswerError):
                    await agent.get((NAME,))
            await agent.get((NAME,))

    with pytest.raises(NoAnswerError, match=r"packets were dropped, last: .*announced"):
        run(work)


@pytest.mark.parametrize("too_big", [1, 3, 6])
def test_a_question_too_big_is_asked_in_halves(too_big: int) -> None:
    """Small agents refuse large answers; that is no reason to know nothing of them."""
    rows = {f"1.3.6.1.2.1.1.{at}.0": rfc1902.Integer32(at) for at in range(1, 8)}
    names = tuple(ber.oid(name) for name in rows)

    async def work() -> list[object]:
        async with (
            serving(Made(tree_of(rows), too_big=too_big)) as made,
            session(made.port, Community("public")) as agent,
        ):
            return list(await agent.get(names))

    assert run(work) == [1, 2, 3, 4, 5, 6, 7]


def test_an_error_of_the_agent_is_told() -> None:
    """One name alone can still be too big; then the agent's own words are passed on."""

    async def work() -> None:
        made = Made(tree_of({"1.3.6.1.2.1.1.1.0": rfc1902.Integer32(1)}), too_big=0)
        async with serving(made), session(made.port, Community("public")) as agent:
            await agent.get((DESCRIPTION,))

    with pytest.raises(AgentError, match="the answer would be too big"):
        run(work)


def test_an_answer_for_other_names_is_no_answer() -> None:
    """Values belong to the names in the packet, and those were not asked for."""

    async def work() -> None:
        made = Made(tree_of({"1.3.6.1.2.1.1.1.0": rfc1902.Integer32(1)}), most=0)
        async with serving(made), session(made.port, Community("public")) as agent:
            await agent.get((DESCRIPTION,))

    with pytest.raises(AgentError, match="other names"):
        run(work)


def test_a_session_forgets_its_questions(snmpd: Snmpd) -> None:
    """A poller lives for months: what is answered or given up must not be kept."""

    async def work() -> int:
        async with session(snmpd.port, Community("public")) as agent:
            await agent.get((NAME,))
        async with session(snmpd.port, Community("wrong"), SHORT) as other:
            with pytest.raises(NoAnswerError):
                await other.get((NAME,))
            return len(agent._waiting) + len(other._waiting)  # noqa: SLF001 what must not grow has no other sign

    assert run(work) == 0


def test_a_cancelled_question_leaves_nothing(snmpd: Snmpd) -> None:
    """Whoever runs out of patience may stop waiting; later answers are dropped."""

    async def work() -> object:
        async with (
            relayed(snmpd.port, lambda at, data: [data] if at > 1 else []) as (port, relay),
            session(port, Community("public")) as agent,
        ):
            waiting = asyncio.ensure_future(agent.get((NAME,)))
            while not relay.answered:  # noqa: ASYNC110 the relay is no product code to hang an event on
                await asyncio.sleep(0.01)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return (await agent.get((DESCRIPTION,)))[0]

    assert run(work) == b"tinhnet core"


def test_a_target_is_written_as_people_write_it() -> None:
    """Messages name it; an IPv6 address needs brackets before a port."""
    assert str(Target("10.0.0.1")) == "10.0.0.1:161"
    assert str(Target("fd00::1", 1161)) == "[fd00::1]:1161"
