# SPDX-License-Identifier: MIT
"""A lab in a chroot stays in there: the machine's own disk is not touched."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.base import CACHE
from lab.machine import require_mounted_root
from tests.lab.trial import COMMAND, PATIENCE_S, ROOT, Lab
from tinhnet.errors import TinhnetError

# A machine to spoil, in a view of its own: what is written to its disk stands in /media.
# On it, below /srv, a chroot with a disk and a /run of its own.
_MACHINE = """
set -eu
work=$1 checkout=$2 cache=$3 script=$4
mount -t tmpfs -o mode=755,size=256m none "$work"
for part in machine chroot; do
  mkdir "$work/$part" "$work/$part.upper" "$work/$part.work"
  layers="lowerdir=/,upperdir=$work/$part.upper,workdir=$work/$part.work"
  mount -t overlay -o "$layers" none "$work/$part"
done
machine=$work/machine inner=$work/machine/srv
mount --bind "$work/chroot" "$inner"
mkdir -p "$cache" "$inner$checkout" "$inner$cache"
for place in proc sys dev; do
  mount --rbind /$place "$machine/$place"
  mount --rbind /$place "$inner/$place"
done
for place in "$machine/run" "$machine/tmp" "$inner/run" "$inner/tmp"; do
  mount -t tmpfs -o mode=755 none "$place"
done
mount --bind "$checkout" "$inner$checkout"
mount --bind "$cache" "$inner$cache"
mount --bind "$work/machine.upper" "$machine/media"
cd "$machine"
pivot_root . mnt
umount -l /mnt
chroot /srv sh -euc "$script"
echo "written to the machine's disk:"
find /media -mindepth 1
"""
_LAB = """
export TINHNET_STATE=/tmp/state
mkdir -p "$TINHNET_STATE"
lab() { verb=$1; shift; "COMMAND" lab "$verb" --prefix PREFIX "$@"; }
trap 'lab down >&2' EXIT
lab up --inventory "CHECKOUT/tests/cases/inventory-small" --site dien-ban
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=PREFIX \
  -keyout /dev/null -out /tmp/ca.pem
lab trust /tmp/ca.pem
lab exec dien-ban-pc -- openssl verify -CApath /etc/ssl/certs /dev/stdin < /tmp/ca.pem
lab exec dien-ban-pc -- sh -c 'hostname; touch /root/was-here'
lab exec --account web1 -- hostname
lab exec noc -- id -un
lab degrade dien-ban-1 --loss 3
lab kill dien-ban-pc
lab start dien-ban-pc
lab exec dien-ban-pc -- ls /root/was-here
"""
_SAID = """\
1 PCs trust it from now on
/dev/stdin: OK
dien-ban-pc
web1
tinhnet
/root/was-here
"""


@pytest.mark.lab
@pytest.mark.usefixtures("small")  # the base root stands, and is not built in here
def test_a_lab_in_a_chroot_leaves_the_machine_outside_alone(
    make_lab: Callable[[str], Lab], tmp_path: Path
) -> None:
    """Entering a mount namespace leads to its root: once that was the machine's own.

    `lab trust` then replaced the authorities of the machine instead of a PC's,
    and `lab exec` ran as root at the machine's root.
    """
    lab = make_lab("r")
    script = _LAB.replace("PREFIX", lab.prefix).replace("COMMAND", str(COMMAND))
    script = script.replace("CHECKOUT", str(ROOT))
    words = [str(tmp_path), str(ROOT), str(CACHE), script]
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MACHINE, "sh", *words],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    said, _, spoiled = done.stdout.partition("written to the machine's disk:\n")
    assert spoiled == ""
    assert said == _SAID


def test_a_chroot_that_is_no_mount_point_is_told_how_to_become_one(tmp_path: Path) -> None:
    """Otherwise `ip` fails in the middle of building with a sentence about --make-rslave."""
    view = tmp_path / "mountinfo"
    view.write_text("22 27 0:21 / /proc rw,relatime - proc proc rw\n", encoding="ascii")
    with pytest.raises(TinhnetError, match="mount --bind DIR DIR"):
        require_mounted_root(view)

    view.write_text("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n", encoding="ascii")
    require_mounted_root(view)
