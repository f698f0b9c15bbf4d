#!/bin/sh
# SPDX-License-Identifier: MIT
# Gives a bare device the few lines it knows: /etc/tinhnet/bootstrap, written
# by the lab.  A device that carries /etc/tinhnet/provisioned looks after its
# own addresses and only gets its ports switched on.
set -u

file=/etc/tinhnet/bootstrap
provisioned=/etc/tinhnet/provisioned
commands=/run/tinhnet-bootstrap

: > "$commands"
for port in /sys/class/net/*; do
    echo "link set dev ${port##*/} up" >> "$commands"
done
if [ -f "$file" ] && [ ! -e "$provisioned" ]; then
    while read -r word rest; do
        case $word in
        address) echo "address replace ${rest#* } dev ${rest%% *}" >> "$commands" ;;
        route) echo "route replace $rest" >> "$commands" ;;
        forward) echo 1 > /proc/sys/net/ipv4/ip_forward ;;
        esac
    done < "$file"
fi
# Each line stands alone: a device with a dead port still boots.
ip -force -batch "$commands" || echo "tinhnet-bootstrap: some lines failed" >&2
exit 0
