# SPDX-License-Identifier: MIT
"""Install the on-device program; the controller appends the call."""

import os
import shutil
from pathlib import Path

UNIT = """[Unit]
Description=Restore the configuration of a change that power interrupted
DefaultDependencies=no
ConditionPathExists=/var/lib/tinhnet/device/journal.json
After=local-fs.target
Before=sysinit.target systemd-sysctl.service frr.service nftables.service tinhnet-boot.service

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -ISc 'import sys; sys.path.insert(0, "{place}"); \
from frr_device.change import recover_at_boot; recover_at_boot()'

[Install]
WantedBy=sysinit.target
"""


def install(home: Path, digest: str, files: dict[str, str]) -> None:
    """Write the program beside the older ones, switch the boot unit to it, drop the older."""
    os.umask(0o022)
    place = home / digest
    draft = home / f".{digest}"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "frr_device").mkdir(parents=True)
    for name, text in files.items():
        (draft / "frr_device" / name).write_text(text, encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    draft.rename(place)
    unit = Path("/etc/systemd/system/tinhnet-restore.service")
    unit.write_text(UNIT.format(place=place), encoding="utf-8")
    wanted = Path("/etc/systemd/system/sysinit.target.wants/tinhnet-restore.service")
    wanted.parent.mkdir(exist_ok=True)
    if not wanted.is_symlink():
        wanted.symlink_to(unit)
    for old in home.iterdir():
        if old.is_dir() and old != place and (old / "frr_device").is_dir():
            shutil.rmtree(old, ignore_errors=True)
