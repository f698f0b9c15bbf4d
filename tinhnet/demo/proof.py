# SPDX-License-Identifier: MIT
"""What the story measures on the box: page loss, refused keys, lost sites."""

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tinhnet.demo.box import Box, CommandFailedError, Finished
from tinhnet.model.declared import DeclaredNetwork
from tinhnet.model.device import Device

MOST_S = 120.0
AFTER_S = 4.0
TRIES = 3
INTERVAL_S = 0.05
AT_ONCE = 16
AUTHORITY = "/etc/ssl/certs/ca-certificates.crt"
SCRIPT = Path(__file__).with_name("page_loss.py")


def page_loss(box: Box, device: str, url: str, fault: Callable[[], object]) -> dict[str, float]:
    """Return what a site's PC loses of a page while `fault` happens.

    Keys: attempts, failed, lost_s (seconds between the last page before and
    the first after, to one interval), the same over IPv6 as failed6 and
    lost6_s, interval_s.
    """
    program = SCRIPT.read_text(encoding="utf-8")
    arguments = [url, AUTHORITY, str(MOST_S), str(INTERVAL_S)]
    command = box.inside(device, ["python3", "-c", program, *arguments])
    with subprocess.Popen(
        command,
        env=box.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as client:
        first = client.stdout.readline() if client.stdout else ""
        if first.strip() != "ready":
            _, error = client.communicate()
            raise CommandFailedError(f"{device} did not get {url}: {first}{error[-500:]}")
        fault()
        time.sleep(AFTER_S)
        rest, error = client.communicate(timeout=MOST_S)
    if client.returncode != 0:
        raise CommandFailedError(f"the page loss on {device} was not measured: {error[-500:]}")
    figures = json.loads(rest.strip().splitlines()[-1])
    return {key: float(value) for key, value in figures.items()}


def fetches(box: Box, device: str, url: str) -> bool:
    """Tell whether the device gets the page now, in one of three tries."""
    limits = ["--connect-timeout", "3", "--max-time", "15", "--retry", str(TRIES - 1)]
    flags = ["--fail", "--retry-delay", "1", "--retry-all-errors", *limits]
    return box.run(box.inside(device, ["curl", "-sS", "-o", "/dev/null", *flags, url])).status == 0


def lost_sites(
    box: Box, network: DeclaredNetwork, url: str, among: Collection[str] | None = None
) -> list[str]:
    """Return the sites whose PC does not get the page now; of all, or only of `among`."""
    clients = [
        device
        for device in network.devices.values()
        if device.role == "pc" and (among is None or device.site in among)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        came = pool.map(lambda device: fetches(box, device.id, url), clients)
        return [device.site for device, ok in zip(clients, came, strict=True) if not ok]


def sites_without(network: DeclaredNetwork, core: str) -> list[str]:
    """Return the sites that the declared graph gives no way around a dead core."""
    lonely = []
    for site in network.sites.values():
        circuits = [
            link
            for device in network.devices_of(site.id)
            if device.role == "cpe"
            for link in network.links_of(device.id)
        ]
        if circuits and all(link.b.device == core for link in circuits):
            lonely.append(site.id)
    return lonely


def login(box: Box, device: Device, key: Path) -> Finished:
    """Try to log in to a bare device with a key, at the only address it knows."""
    target = f"tinhnet@{device.bootstrap4}"
    return box.run(box.inside("noc", [*_ssh(box, key, connect_s=5), target, "true"]))


def accepting(box: Box, devices: Sequence[Device], key: Path) -> list[str]:
    """Return the devices that let the key in; CommandFailedError when one does not answer.

    All are tried from where the product lives, `AT_ONCE` at a time.
    """
    known = {str(device.management4): device.id for device in devices}
    one = f"said=$({shlex.join(_ssh(box, key))} tinhnet@$1 true 2>&1); echo $1 $? $said"
    script = f"printf '%s\\n' {shlex.join(known)} | xargs -P {AT_ONCE} -n 1 sh -c '{one}' try"
    lines = box.must(box.inside("noc", ["sh", "-c", script])).stdout.splitlines()
    told = {words[0]: words[1:] for line in lines if (words := line.split(maxsplit=2))}
    for address, device in known.items():
        status, *said = told.get(address, ["-", "nothing was tried"])
        if status != "0" and "Permission denied" not in " ".join(said):
            message = f"{device} neither accepts nor refuses a key: {' '.join(said)}"
            raise CommandFailedError(message)
    return [device for address, device in known.items() if told[address][0] == "0"]


def _ssh(box: Box, key: Path, connect_s: int = 30) -> list[str]:
    """Return an ssh that asks nobody; `connect_s` is for many logins at once on a busy machine."""
    options = ["BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none"]
    options.append(f"ConnectTimeout={connect_s}")
    options.append(f"UserKnownHostsFile={box.known_hosts}")
    flags = [part for option in options for part in ("-o", option)]
    return ["ssh", "-n", "-F", "none", "-i", str(key), *flags]
