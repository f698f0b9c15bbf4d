#!/bin/sh
# SPDX-License-Identifier: MIT
# service-control {start|stop|restart|status} NAME: one form for every device.
case "$#:${1-}:${2-}" in
2:start:[a-z]*|2:stop:[a-z]*|2:restart:[a-z]*) exec systemctl "$1" "$2.service" ;;
2:status:[a-z]*) exec systemctl is-active "$2.service" ;;
esac
echo "usage: service-control {start|stop|restart|status} NAME" >&2
exit 2
