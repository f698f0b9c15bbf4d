# SPDX-License-Identifier: MIT
"""Try out, on a client, what it may and may not reach; standard library only.

`changes.site_check` sends this file over the SSH session with a list of
trials; all run at once, and one line of JSON comes back.  Nothing is judged
here beyond what the far end answered.
"""

import base64
import http.client
import json
import random
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

PATIENCE_S = 6.0
REFUSAL_S = 1.5
"""How long to wait for an answer that should not come; a rejecting firewall answers at once."""
MOST_AT_ONCE = 32
LONGEST_BODY = 65536
NTP_PACKET = b"\x23" + 47 * b"\0"
"""Version 4, mode 3: a client's question (RFC 5905, section 7.3)."""

Trial = Mapping[str, str]
Got = dict[str, str]


def page(trial: Trial) -> Got:
    """Fetch a page; TLS is verified against the given authority and the name."""
    if trial["scheme"] == "https":
        context = ssl.create_default_context(cadata=trial["authority"])
        connection: http.client.HTTPConnection = _Tls(trial, context)
    else:
        connection = _Plain(trial)
    body = base64.b64decode(trial["body"]) if trial.get("body") else None
    kind = {"Content-Type": trial["kind"]} if trial.get("kind") else {}
    try:
        connection.request("POST" if body else "GET", trial["path"], body=body, headers=kind)
        answer = connection.getresponse()
        text = answer.read(LONGEST_BODY)
    finally:
        connection.close()
    return {"got": str(answer.status), "body": base64.b64encode(text).decode("ascii")}


def name(trial: Trial) -> Got:
    """Ask a name server for one name; the answer is the code and the addresses."""
    kind = {"A": 1, "AAAA": 28}[trial["type"]]
    number = random.randrange(65536)  # noqa: S311 tells answers apart, no secret
    labels = b"".join(bytes([len(one)]) + one.encode() for one in trial["name"].split("."))
    question = struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels
    question += b"\0" + struct.pack(">2H", kind, 1)
    if trial["protocol"] == "tcp":
        with _connect(trial) as channel:
            channel.sendall(struct.pack(">H", len(question)) + question)
            answer = _exactly(channel, struct.unpack(">H", _exactly(channel, 2))[0])
    else:
        answer = _ask(trial, question)
    if answer[:2] != question[:2]:
        return {"got": "an answer to another question"}
    code = answer[3] & 0x0F
    words = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
    return {
        "got": " ".join([words.get(code, str(code)), *sorted(_addresses(answer, len(question)))])
    }


def clock(trial: Trial) -> Got:
    """Ask a time server; the answer is the stratum and the difference to our clock in seconds."""
    asked = time.time()
    answer = _ask(trial, NTP_PACKET)
    taken = time.time() - asked
    leap, stratum = answer[0] >> 6, answer[1]
    sent = struct.unpack(">I", answer[40:44])[0] - 2_208_988_800
    if leap == 3 or not 1 <= stratum <= 15:  # noqa: PLR2004 RFC 5905, figures 9 and 11
        return {"got": f"unsynchronised, stratum {stratum}"}
    return {"got": f"stratum {stratum}", "offset_s": f"{sent - asked - taken / 2:.0f}"}


def opened(trial: Trial) -> Got:
    """Open a connection, or send a datagram and see whether anything comes back."""
    if trial["protocol"] == "tcp":
        with _connect(trial):
            return {"got": "open"}
    question = base64.b64decode(trial.get("body", "AA=="))
    return {"got": f"answered with {len(_ask(trial, question))} octets"}


TRIALS: Mapping[str, Callable[[Trial], Got]] = {
    "page": page,
    "name": name,
    "clock": clock,
    "opened": opened,
}


def attempt(trial: Trial) -> Got:
    """Run one trial; what the network refused is an answer too."""
    started = time.monotonic()
    try:
        got = TRIALS[trial["trial"]](trial)
    except ssl.SSLCertVerificationError as error:
        got = {"got": "bad certificate", "why": error.verify_message}
    except ssl.SSLError as error:
        got = {"got": "no TLS", "why": str(error.reason)}
    except TimeoutError:
        got = {"got": "no answer", "why": f"within {_patience(trial):g} s"}
    except ConnectionRefusedError:
        got = {"got": "refused", "why": "port closed"}
    except ConnectionResetError:
        got = {"got": "cut off", "why": "connection reset"}
    except OSError as error:
        got = {"got": "refused", "why": error.strerror or str(error)}
    except http.client.HTTPException as error:
        got = {"got": "no HTTP", "why": type(error).__name__}
    except (struct.error, IndexError):
        got = {"got": "an answer that makes no sense"}
    return {**got, "id": trial["id"], "seconds": f"{time.monotonic() - started:.3f}"}


def main(word: str) -> None:
    """Run the trials of a request and print one line of JSON."""
    trials = json.loads(base64.b64decode(word))
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        answers = list(pool.map(attempt, trials))
    sys.stdout.write("\n" + json.dumps({"format": 1, "answers": answers}) + "\n")


class _Plain(http.client.HTTPConnection):
    """HTTP to a given address, whatever the name resolves to."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(trial["name"], int(trial["port"]), timeout=PATIENCE_S)
        self._trial = trial

    def connect(self) -> None:
        self.sock = _connect(self._trial)


class _Tls(http.client.HTTPSConnection):
    """HTTPS to a given address; the certificate must bear the name."""

    def __init__(self, trial: Trial, context: ssl.SSLContext) -> None:
        super().__init__(trial["name"], int(trial["port"]), timeout=PATIENCE_S, context=context)
        self._trial = trial
        self._tls = context

    def connect(self) -> None:
        self.sock = self._tls.wrap_socket(_connect(self._trial), server_hostname=self.host)


def _connect(trial: Trial) -> socket.socket:
    return socket.create_connection((trial["address"], int(trial["port"])), _patience(trial))


def _patience(trial: Trial) -> float:
    return PATIENCE_S if trial["allowed"] else REFUSAL_S


def _ask(trial: Trial, question: bytes) -> bytes:
    """Send a datagram, twice at most, and return the answer."""
    family = socket.AF_INET6 if ":" in trial["address"] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as channel:
        channel.settimeout(_patience(trial) / 2)
        channel.connect((trial["address"], int(trial["port"])))
        for left in (1, 0):
            channel.send(question)
            try:
                return channel.recv(4096)
            except TimeoutError:
                if not left:
                    raise
    raise TimeoutError


def _exactly(channel: socket.socket, length: int) -> bytes:
    octets = b""
    while len(octets) < length:
        more = channel.recv(length - len(octets))
        if not more:
            raise ConnectionResetError
        octets += more
    return octets


def _addresses(answer: bytes, start: int) -> Iterator[str]:
    """Yield the addresses of the answer section; names in it are pointers (RFC 1035, 4.1.4)."""
    at = start
    for _ in range(struct.unpack(">H", answer[6:8])[0]):
        while answer[at] and answer[at] < 0xC0:  # noqa: PLR2004 a label, not a pointer
            at += answer[at] + 1
        at += 2 if answer[at] >= 0xC0 else 1  # noqa: PLR2004 as above
        kind, _, _, length = struct.unpack(">HHIH", answer[at : at + 10])
        octets = answer[at + 10 : at + 10 + length]
        if kind in (1, 28):
            yield socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, octets)
        at += 10 + length
