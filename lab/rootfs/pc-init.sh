#!/bin/sh
# SPDX-License-Identifier: MIT
# PID 1 of a light device (a site's PC, a network that is not ours): address,
# boot steps, sshd.  dash reaps orphans while it waits.
trap 'exit 0' TERM
mkdir -p /run/sshd
# Anybody may ping, as on a desktop.
echo "0 2147483647" > /proc/sys/net/ipv4/ping_group_range
/usr/local/sbin/tinhnet-bootstrap
/usr/local/sbin/tinhnet-boot
touch /run/tinhnet-ready
while :; do
    /usr/sbin/sshd -D
    sleep 1
done
