# SPDX-License-Identifier: MIT
"""Mail is handed to a real SMTP server, which takes it, refuses it or is not there."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from alerts.message import Fate, Message, settings_of
from alerts.notifiers.email import NOTIFIER
from tests.conftest import free_port
from tinhnet.pki import Distribution, Pki
from tinhnet.secrets import SecretStore

AT = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)
SUBJECT = "Đường truyền dien-ban-1 mất tín hiệu"


class Post:
    """What the server does with a message, and what it has taken."""

    def __init__(self, answers: dict[str, str] | None = None) -> None:
        self.answers = answers or {}
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse one receiver."""
        del server, session, options
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take the message, unless told otherwise."""
        del server, session
        if "data" in self.answers:
            return self.answers["data"]
        self.taken.append(envelope)
        return "250 taken"


Serve = Callable[..., AbstractContextManager[dict[str, str]]]


@contextmanager
def serving(post: Post, **options: object) -> Iterator[dict[str, str]]:
    """Run a mail server; the settings that lead to it."""
    port = free_port()
    server = Controller(post, hostname="127.0.0.1", port=port, **options)
    server.start()
    try:
        yield {"host": "127.0.0.1", "port": str(port), "security": "plain"}
    finally:
        server.stop()


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS context and the authority that its clients trust."""
    folder = tmp_path_factory.mktemp("pki")
    where = Distribution("http://pki.test/crl", "http://pki.test/ocsp")
    pki = Pki(folder, SecretStore(folder / "secrets"), where, "Tỉnh")
    issued = pki.server("mail", ["localhost"], [ip_address("127.0.0.1")])
    authority = folder / "authority.pem"
    authority.write_text(pki.authority(), encoding="ascii")
    both = folder / "mail.pem"
    both.write_text(issued.certificate_pem + issued.key.value, encoding="ascii")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(both)
    return context, authority


def send(number: int = 1, subject: str = SUBJECT, **given: str) -> tuple[Fate, str]:
    """Try to deliver one message."""
    message = Message("link/dien-ban-1", number, AT, subject, "Ảnh hưởng: 1 điểm\n", {})
    whole, faults = settings_of(NOTIFIER, {"from": "noc@qn.test", "to": "an@qn.test"} | given)
    assert faults == []
    done = NOTIFIER.deliver(message, whole)
    return done.fate, done.detail


def test_a_message_arrives_whole_in_vietnamese() -> None:
    """Subject, text, date and receivers are those of the message."""
    post = Post()
    with serving(post) as settings:
        fate, _ = send(**settings | {"to": "an@qn.test, binh@qn.test"})

    assert fate is Fate.DELIVERED
    assert post.taken[0].rcpt_tos == ["an@qn.test", "binh@qn.test"]
    mail = message_from_bytes(bytes(post.taken[0].content or b""), policy=default)
    assert mail["Subject"] == SUBJECT
    assert mail.get_content().strip() == "Ảnh hưởng: 1 điểm"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == AT


def test_messages_about_one_thing_form_a_thread_and_a_repeat_is_the_same_message() -> None:
    """A mail program shows fault and recovery together; a repeat has the same id."""
    post = Post()
    with serving(post) as settings:
        for number in (1, 2, 2):
            send(number, **settings)

    first, second, again = (
        message_from_bytes(bytes(one.content or b""), policy=default) for one in post.taken
    )
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Message-ID"] == again["Message-ID"] != first["Message-ID"]
    assert "In-Reply-To" not in first


@pytest.mark.parametrize(
    ("answers", "fate", "says"),
    [
        ({"an@qn.test": "550 no such user"}, Fate.REFUSED, "550 no such user"),
        ({"an@qn.test": "450 try later"}, Fate.RETRY, "450 try later"),
        ({"data": "554 looks like spam"}, Fate.REFUSED, "554 looks like spam"),
        ({"data": "451 disk full"}, Fate.RETRY, "451 disk full"),
    ],
)
def test_only_what_may_go_better_later_is_tried_again(
    answers: dict[str, str], fate: Fate, says: str
) -> None:
    """The server's code decides (RFC 5321, 4.2.1), and its words are kept."""
    with serving(Post(answers)) as settings:
        found, detail = send(**settings)

    assert found is fate
    assert says in detail


def test_a_receiver_who_is_refused_does_not_keep_it_from_the_others() -> None:
    """The message counts as delivered, and the record says for whom not."""
    post = Post({"an@qn.test": "550 no such user"})
    with serving(post) as settings:
        fate, detail = send(**settings | {"to": "an@qn.test, binh@qn.test"})

    assert fate is Fate.DELIVERED
    assert "not for an@qn.test" in detail
    assert post.taken[0].rcpt_tos == ["binh@qn.test"]


def test_a_server_that_is_not_there_is_tried_again() -> None:
    """Nobody listens: the detail names where."""
    port = str(free_port())
    fate, detail = send(host="127.0.0.1", port=port, security="plain")

    assert fate is Fate.RETRY
    assert f"127.0.0.1:{port} does not answer" in detail


def test_starttls_trusts_the_given_authority_alone(trust: tuple[ssl.SSLContext, Path]) -> None:
    """With our authority the message goes; without it nothing is said to the server."""
    context, authority = trust
    post = Post()
    with serving(post, tls_context=context, require_starttls=True) as settings:
        trusted = settings | {"security": "starttls", "ca_file": str(authority)}
        assert send(**trusted)[0] is Fate.DELIVERED
        fate, detail = send(**settings | {"security": "starttls"})
        plain = send(**settings)

    assert fate is Fate.RETRY
    assert "no TLS with 127.0.0.1" in detail
    assert plain[0] is Fate.REFUSED
    assert len(post.taken) == 1


def test_a_wrong_password_is_a_refusal(trust: tuple[ssl.SSLContext, Path]) -> None:
    """Trying again would lock the account."""
    context, authority = trust

    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"right", handled=False)

    post = Post()
    with serving(post, tls_context=context, authenticator=check, auth_required=True) as settings:
        known = settings | {"security": "starttls", "ca_file": str(authority), "user": "noc"}
        wrong = send(**known | {"password": "wrong"})
        right = send(**known | {"password": "right"})

    assert wrong[0] is Fate.REFUSED
    assert "535" in wrong[1]
    assert right[0] is Fate.DELIVERED


def test_a_subject_cannot_add_headers() -> None:
    """A device's text stands in subjects; a line break in it opens no header."""
    post = Post()
    with serving(post) as settings:
        fate, _ = send(subject="down\r\nBcc: eve@example.com", **settings)

    assert fate is Fate.DELIVERED
    mail = message_from_bytes(bytes(post.taken[0].content or b""), policy=default)
    assert mail["Subject"] == "down Bcc: eve@example.com"
    assert "Bcc" not in mail
    assert post.taken[0].rcpt_tos == ["an@qn.test"]


def test_settings_are_named_when_they_are_missing_or_unknown() -> None:
    """All at once, with what they mean."""
    _, faults = settings_of(NOTIFIER, {"host": "mail", "too": "an@qn.test"})

    assert faults == [
        "there is no setting too",
        "from is missing: address of the sender",
        "to is missing: addresses of the receivers, separated by commas",
    ]
