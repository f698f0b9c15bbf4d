# SPDX-License-Identifier: MIT
"""Measure how long a page is lost; runs on a site's PC, with the standard library alone.

Every `interval` seconds fresh TLS connections fetch the page, one over IPv4 and
one over IPv6, whatever the earlier ones do, so that the loss is known to one
interval.  Arguments: URL, CA file, most seconds, interval.  The first line
printed is `ready` (the page came ten times over both); it goes on until its
standard input ends, and the last line is JSON: attempts, failed, lost_s, and
the same for IPv6 as failed6, lost6_s.
"""

import itertools
import json
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_S = 0.5
READY_AFTER = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fetch: when it began (monotonic seconds) and whether the page came."""

    began: float
    came: bool


def fetch(address: str, port: int, host: str, path: str, context: ssl.SSLContext) -> bool:
    """Fetch the page over one fresh connection; tell whether a 200 came."""
    try:
        with (
            socket.create_connection((address, port), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            request = f"GET {path or '/'} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            secure.sendall(request.encode())
            return b" 200 " in secure.recv(64)
    except OSError:
        return False


def longest_gap(attempts: list[Attempt]) -> float:
    """Return the longest time between the starts of two successful fetches, in seconds."""
    came = sorted(attempt.began for attempt in attempts if attempt.came)
    return max((later - earlier for earlier, later in itertools.pairwise(came)), default=0.0)


def lost(attempts: list[Attempt], interval: float) -> float:
    """Return how long the page was away, in seconds; 0 where every fetch came."""
    if all(one.came for one in attempts):
        return 0.0
    return round(longest_gap(attempts) - interval, 3)


def wait_for_end(told: threading.Event) -> None:
    """Set the event once standard input ends."""
    sys.stdin.read()
    told.set()


def measure(url: str, authority: str, seconds: float, interval: float) -> dict[str, float]:
    """Fetch `url` every `interval` seconds until told to end; return the figures."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    context = ssl.create_default_context(cafile=authority)
    tried: dict[socket.AddressFamily, list[Attempt]] = {
        socket.AF_INET: [],
        socket.AF_INET6: [],
    }
    addresses = {
        family: str(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0][4][0])
        for family in tried
    }

    def attempt(family: socket.AddressFamily) -> None:
        began = time.monotonic()
        came = fetch(addresses[family], port, host, parts.path, context)
        tried[family].append(Attempt(began, came))

    threads: list[threading.Thread] = []
    start = time.monotonic()
    announced = False
    told = threading.Event()
    threading.Thread(target=wait_for_end, args=(told,), daemon=True).start()
    for number in range(int(seconds / interval)):
        if told.is_set():
            break
        time.sleep(max(0.0, start + number * interval - time.monotonic()))
        begun = [threading.Thread(target=attempt, args=(family,)) for family in tried]
        for thread in begun:
            thread.start()
        threads += begun
        if not announced and all(
            sum(one.came for one in attempts) >= READY_AFTER for attempts in tried.values()
        ):
            announced = True
            print("ready", flush=True)  # noqa: T201 the reader waits for this line
    for thread in threads:
        thread.join()
    four, six = tried.values()
    return {
        "attempts": len(four),
        "failed": sum(not one.came for one in four),
        "lost_s": lost(four, interval),
        "failed6": sum(not one.came for one in six),
        "lost6_s": lost(six, interval),
        "interval_s": interval,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))))  # noqa: T201 the result
