# SPDX-License-Identifier: MIT
"""A POST of JSON to a URL; signed, and with a key by which a receiver knows a repeat."""

import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from alerts.message import Delivery, Message, Notifier, Setting, delivered, refused, retry
from tinhnet import sentences

PATIENCE_S = 10.0
OK = range(200, 300)
LATER = frozenset({408, 425, 429})
"""Answers of the 4xx class that ask for another try (RFC 9110, RFC 8470, RFC 6585)."""
SERVER_ERROR = 500
LONGEST_ANSWER = 2000
LONGEST_WAIT_S = 3600.0


def deliver(message: Message, settings: Mapping[str, str]) -> Delivery:
    """POST the message once; redirects are not followed, they would lead the signature astray."""
    parts = urlsplit(settings["url"])
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return refused(sentences.NO_WEB_ADDRESS % {"address": repr(settings["url"])})
    try:
        connection = _connection(parts.scheme, parts.hostname, parts.port, settings["ca_file"])
    except (OSError, ValueError) as error:
        return refused(f"{settings['url']}: {error}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    octets = body(message)
    try:
        connection.request("POST", path, body=octets, headers=headers(message, octets, settings))
        answer = connection.getresponse()
        said = answer.read(LONGEST_ANSWER).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return retry(sentences.SILENT_AT % {"where": parts.hostname, "why": error})
    finally:
        connection.close()
    status = f"{answer.status} {answer.reason}"
    detail = sentences.ANSWERS_AT % {"where": parts.hostname, "status": status}
    if answer.status in OK:
        return delivered(detail)
    detail = f"{detail}: {said[:200]}" if said else detail
    if answer.status in LATER or answer.status >= SERVER_ERROR:
        return retry(detail, _wait(answer.headers.get("Retry-After", "")))
    return refused(detail)


def body(message: Message) -> bytes:
    """Return the JSON: key, number, at, subject, text and the facts."""
    told = {
        "key": message.key,
        "number": message.number,
        "at": message.at.isoformat(),
        "subject": message.subject,
        "text": message.text,
        "facts": dict(message.facts),
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def headers(message: Message, octets: bytes, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the headers; with a secret, `X-Tinhnet-Signature` proves who sent the octets."""
    sent = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "tinhnet",
        "Idempotency-Key": f"{quote(message.key)}/{message.number}",
    }
    if settings["secret"]:
        digest = hmac.new(settings["secret"].encode(), octets, hashlib.sha256).hexdigest()
        sent["X-Tinhnet-Signature"] = f"sha256={digest}"
    return sent


def _connection(
    scheme: str, host: str, port: int | None, ca_file: str
) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    trust = ssl.create_default_context(cafile=ca_file or None)
    return http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=trust)


def _wait(said: str) -> float | None:
    """Return the seconds of a Retry-After; a date in it is left to our own pace."""
    return min(float(said), LONGEST_WAIT_S) if said.isdecimal() else None


NOTIFIER = Notifier(
    title="Webhook",
    settings={
        "url": Setting("where to POST"),
        "secret": Setting("key of the signature, as a reference to a secret; empty: none", ""),
        "ca_file": Setting("authorities to trust; empty means those of the machine", ""),
    },
    deliver=deliver,
)
