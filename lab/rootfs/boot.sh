#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs /etc/tinhnet/boot.d/*.sh in order: what a device keeps for its next boot
# and no daemon restores (queues, kernel settings).
for step in /etc/tinhnet/boot.d/*.sh; do
    [ -x "$step" ] || continue
    "$step" || echo "tinhnet-boot: $step: exit $?" >&2
done
exit 0
