# SPDX-License-Identifier: MIT
"""E-mail over SMTP (RFC 5321); messages about one thing form one thread (RFC 5322, 3.6.4)."""

import hashlib
import smtplib
import ssl
from collections.abc import Collection, Mapping
from email.message import EmailMessage
from email.utils import format_datetime

from alerts.message import Delivery, Message, Notifier, Setting, delivered, refused, retry
from tinhnet import sentences

PATIENCE_S = 10.0
PERMANENT = 500
"""Replies from here on say no for good (RFC 5321, 4.2.1)."""
FACTS = "X-Tinhnet-Alert"


def deliver(message: Message, settings: Mapping[str, str]) -> Delivery:
    """Hand the message to the mail server; one refused receiver does not keep it from others."""
    try:
        mail = compose(message, settings)
    except ValueError as error:
        return refused(sentences.NO_MAIL % {"error": error})
    try:
        left_out = _hand_over(mail, settings)
    except (OSError, smtplib.SMTPException) as error:
        return _judged(error, f"{settings['host']}:{settings['port']}")
    if left_out:
        some = {"host": settings["host"], "names": ", ".join(sorted(left_out))}
        return delivered(sentences.TAKEN_BY_SOME % some)
    return delivered(sentences.TAKEN % {"host": settings["host"]})


def compose(message: Message, settings: Mapping[str, str]) -> EmailMessage:
    """Return the message as mail: its own id, and in one thread with all about the same thing."""
    domain = settings["from"].rpartition("@")[2] or "tinhnet"
    mail = EmailMessage()
    mail["From"] = settings["from"]
    mail["To"] = settings["to"]
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = _id(f"{message.key}/{message.number}", domain)
    if message.number > 1:
        mail["In-Reply-To"] = mail["References"] = _id(f"{message.key}/1", domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail[FACTS] = _id(message.key, domain).strip("<>").partition("@")[0]
    mail.set_content(message.text)
    return mail


def _hand_over(mail: EmailMessage, settings: Mapping[str, str]) -> Collection[str]:
    """Send the mail; return the receivers that the server did not take it for."""
    with _connect(settings) as server:
        if settings["user"]:
            server.login(settings["user"], settings["password"])
        return server.send_message(mail)


def _connect(settings: Mapping[str, str]) -> smtplib.SMTP:
    host, port = settings["host"], int(settings["port"])
    trust = ssl.create_default_context(cafile=settings["ca_file"] or None)
    if settings["security"] == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=PATIENCE_S, context=trust)
    server = smtplib.SMTP(host, port, timeout=PATIENCE_S)
    if settings["security"] == "starttls":
        try:
            server.starttls(context=trust)
        except BaseException:
            server.close()
            raise
    return server


def _id(what: str, domain: str) -> str:
    return f"<{hashlib.sha256(what.encode()).hexdigest()[:32]}@{domain}>"


def _judged(error: OSError | smtplib.SMTPException, where: str) -> Delivery:
    """Tell a refusal from what may go better later."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _best(error.recipients)
    if isinstance(error, smtplib.SMTPResponseException):
        status = f"{error.smtp_code} {_words(error.smtp_error)}"
        said = sentences.ANSWERS_AT % {"where": where, "status": status}
        return refused(said) if error.smtp_code >= PERMANENT else retry(said)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return refused(f"{where}: {error}")
    if isinstance(error, ssl.SSLError):
        return retry(sentences.NO_TLS_WITH % {"where": where, "error": error.reason or error})
    return retry(sentences.SILENT_AT % {"where": where, "why": error})


def _best(answers: Mapping[str, tuple[int, bytes]]) -> Delivery:
    """Judge by the best answer: while one receiver may take it later, try again."""
    said = "; ".join(f"{name}: {code} {_words(text)}" for name, (code, text) in answers.items())
    if all(code >= PERMANENT for code, _ in answers.values()):
        return refused(said)
    return retry(said)


def _words(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said


NOTIFIER = Notifier(
    title="E-mail",
    settings={
        "host": Setting("name or address of the mail server"),
        "port": Setting("its port", "25"),
        "security": Setting("plain, starttls or tls", "starttls"),
        "ca_file": Setting("authorities to trust; empty means those of the machine", ""),
        "user": Setting("account on the mail server; empty means none", ""),
        "password": Setting("its password, as a reference to a secret", ""),
        "from": Setting("address of the sender"),
        "to": Setting("addresses of the receivers, separated by commas"),
    },
    deliver=deliver,
)
