# SPDX-License-Identifier: MIT
"""The verbs of the lab, with validated arguments; commands and broker share them."""

import difflib
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from lab import condition, execute, keys, power, teardown
from lab.base import ensure_base
from lab.certificates import trusted_files
from lab.construct import blank_record, construct
from lab.disk import File, HostKey, host_key_files, write
from lab.keys import authorized_key
from lab.layout import Layout, make_folder
from lab.machine import explained, raise_limits, require_features
from lab.prune import build_lock, prune
from lab.record import (
    DeviceRecord,
    LinkRecord,
    Record,
    read_record,
    with_device,
    with_link,
    write_record,
)
from lab.select import only_sites
from tinhnet.errors import TinhnetError
from tinhnet.model.declared import DeclaredNetwork

# sshd reads its keys again on SIGHUP, under systemd as under a light init.
_RELOAD_SSH = ("sh", "-c", "kill -HUP $(cat /run/sshd.pid)")

Progress = Callable[[str], None]


def up(
    layout: Layout,
    *,
    inventory: Path,
    key: Path | None,
    sites: tuple[str, ...],
    progress: Progress,
) -> tuple[Record, bool]:
    """Build and boot the lab; returns it, and whether it was up already and stays as it is.

    Leftovers of an earlier run that was killed are removed first.
    """
    from tinhnet.inventory import load  # noqa: PLC0415 no other verb needs it, 0.1 s

    require_features()
    with locked(layout):
        if (layout.run / "lab.json").exists():
            record = read_record(layout)
            progress(f'lab "{layout.prefix}" is already up')
            return record, True
        network = load(inventory)
        if sites:
            network = only_sites(network, sites)
        authorized = authorized_key(layout, key)
        if teardown.teardown(layout):
            progress(f'removed what an earlier lab "{layout.prefix}" left behind')
        base = ensure_base(progress)
        raise_limits()
        record = blank_record(
            layout, network, inventory=inventory, base=base, authorized=authorized
        )
        return _construct(layout, network, record, progress), False


def _construct(
    layout: Layout, network: DeclaredNetwork, record: Record, progress: Progress
) -> Record:
    """Construct, or leave nothing: half a lab helps nobody."""
    try:
        with explained("the lab cannot be built"):
            return construct(layout, network, record, progress)
    except (TinhnetError, KeyboardInterrupt):
        teardown.teardown(layout)
        raise


def down(layout: Layout) -> bool:
    """Take the lab away; tells whether there was one."""
    with locked(layout):
        existed = teardown.teardown(layout)
        layout.lock.unlink()
    with suppress(OSError):  # other labs stand beside it
        layout.lock.parent.rmdir()
    return existed


def prune_bases(cache: Path, progress: Progress) -> tuple[Path, ...]:
    """Remove every base root that no lab stands on; returns where they stood."""
    if not cache.is_dir():
        return ()
    with build_lock(cache, progress):
        return prune(cache, None, progress)


def kill(layout: Layout, name: str) -> Record:
    """Power a device off; harmless when it is off already."""
    with locked(layout):
        record = read_record(layout)
        device = switchable(record, name)
        if device.pid is not None:
            with explained(f"{name} cannot be switched off"):
                record = with_device(record, power.switch_off(layout, device))
            write_record(layout, record)
        return record


def start(layout: Layout, name: str) -> Record:
    """Power a device on and wait until it has booted; harmless when it runs."""
    with locked(layout):
        record = read_record(layout)
        device = switchable(record, name)
        if power.is_alive(layout, device):
            return record
        if device.pid is not None:
            device = power.switch_off(layout, device)
        (device,) = power.switch_on(layout, Path(record.base), [device])
        record = with_device(record, device)
        write_record(layout, record)
        power.wait_ready([device])
        return record


def rekey(layout: Layout, name: str) -> HostKey:
    """Give a device another host key, as a swapped device has, and return it.

    `known_hosts` of the lab keeps the old one until the next `up`: whoever
    connects must notice.
    """
    with locked(layout):
        record = read_record(layout)
        device = switchable(record, name)
        key = keys.renew_host_key(layout, name)
        put(layout, device, host_key_files(key))
        if power.is_alive(layout, device):
            execute.on_device(layout, device, _RELOAD_SSH)
        return key


def trust(layout: Layout, text: str) -> tuple[str, ...]:
    """Make every PC trust the authorities of a PEM text, now and after the next `up`.

    Returns the ids of the PCs.
    """
    with locked(layout):
        record = read_record(layout)
        files = trusted_files(Path(record.base), text)
        layout.state.mkdir(parents=True, exist_ok=True)
        (layout.state / "trusted.pem").write_text(text, encoding="ascii")
        pcs = [device for device in record.devices.values() if device.role == "pc"]
        for device in pcs:
            put(layout, device, files)
    return tuple(device.id for device in pcs)


def put(layout: Layout, device: DeviceRecord, files: tuple[File, ...]) -> None:
    """Write files into a device: from inside while it runs, else onto its disk.

    The layers of an overlay must not change below a root that is in use, and
    a symbolic link of the device must not lead out of it.
    """
    if power.is_alive(layout, device):
        execute.write_inside(device, files)
        return
    for file in files:
        write(layout.disk(device.id) / "upper", file)


def change_link(layout: Layout, name: str, change: Callable[[LinkRecord], LinkRecord]) -> Record:
    """Give a circuit a new condition; TinhnetError for a patch or an unknown link."""
    with locked(layout):
        record = read_record(layout)
        if name not in record.links:
            raise unknown("link", name, record.links)
        link = record.links[name]
        condition.require_circuit(link)
        wanted = change(link)
        # Noted first: a verb that is killed half-way is finished by the next one.
        write_record(layout, with_link(record, wanted))
        record = with_link(record, condition.apply(layout, wanted))
        write_record(layout, record)
        return record


def device_of(record: Record, name: str) -> DeviceRecord:
    """Return a device of the lab; TinhnetError suggests the likely name."""
    if name not in record.devices:
        raise unknown("device", name, record.devices)
    return record.devices[name]


def switchable(record: Record, name: str) -> DeviceRecord:
    """Return a device that has a power switch: all but the controller."""
    device = device_of(record, name)
    if device.kind == "controller":
        raise TinhnetError(
            f"{name} is where the product runs; it has no power switch",
            "end the product itself instead",
        )
    return device


def unknown(what: str, name: str, known: Iterable[str]) -> TinhnetError:
    """Return the error for a name that does not exist, with the nearest that does."""
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f'did you mean "{near[0]}"?' if near else "see `tinhnet lab status`"
    return TinhnetError(f'this lab has no {what} "{name}"', hint)


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """Hold the lab's lock: verbs that change one lab run one after the other.

    `down` takes the file away while it holds it, so whoever waited for it
    looks whether the file they hold is still the one of that name.
    """
    while True:
        with _opened(layout.lock) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_at(lock.fileno(), layout.lock):
                yield
                return


def _opened(path: Path) -> TextIO:
    """Open a lock; the folder may go with the last other lab between two steps."""
    while True:
        make_folder(path.parent)
        with suppress(FileNotFoundError):
            return path.open("w")


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
