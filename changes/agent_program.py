# SPDX-License-Identifier: MIT
"""What makes the probe agent a service: a unit where systemd runs, a script where nothing does."""

ACCOUNT = "tinhnet-agent"
HOME = "/usr/local/lib/tinhnet/agent"
ORDERS = "/etc/tinhnet/agent"
UNIT_FILE = "/etc/systemd/system/tinhnet-agent.service"
LINKED_UNIT_FILE = f"{HOME}/tinhnet-agent.service"
"""Where a PC keeps the unit, because it may have no systemd that would read it."""
CONTROL_FILE = f"{HOME}/control"
BOOT_FILE = "/etc/tinhnet/boot.d/90-agent.sh"

UNIT = f"""\
# Written by tinhnet; changes here are replaced.
[Unit]
Description=tinhnet probe agent
After=network.target
StartLimitIntervalSec=0

[Service]
Environment=PYTHONPATH={HOME}
ExecStart=/usr/bin/python3 -B -s -m collectors.agent.probe %d/orders.json
Restart=always
RestartSec=2
# Of an account that exists DynamicUser= leaves the walls: nothing but its own may be written.
User={ACCOUNT}
DynamicUser=yes
{{groups}}LoadCredential=orders.json:{ORDERS}/orders.json
LoadCredential=token:{ORDERS}/token
LoadCredential=authority.pem:{ORDERS}/authority.pem
AmbientCapabilities=CAP_NET_RAW
CapabilityBoundingSet=CAP_NET_RAW
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=yes
ProtectControlGroups=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077
MemoryMax=128M
TasksMax=64

[Install]
WantedBy=multi-user.target
"""
VTYSH = "SupplementaryGroups=frrvty\n"
"""On a router the agent reads BFD, which no MIB shows, by vtysh."""

CONTROL = f"""\
#!/bin/sh
# SPDX-License-Identifier: MIT
# Written by tinhnet; changes here are replaced.
# control start|stop|restart|status: the probe agent, where systemd runs and where nothing does.
set -u
unit=tinhnet-agent.service
pid=/run/tinhnet-agent.pid
lock=/run/tinhnet-agent.lock

# The lock goes with the process, however that ends; a number may be another's by then.
runs() {{ [ -s "$pid" ] && ! flock -n "$lock" true; }}
within_3_s() {{
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        "$@" && return 0
        sleep 0.2
    done
    return 1
}}
gone() {{ ! runs; }}

if [ -d /run/systemd/system ]; then
    case ${{1-}} in
    start|restart)
        systemctl --quiet enable {LINKED_UNIT_FILE}
        systemctl daemon-reload && exec systemctl "$1" "$unit" ;;
    stop) exec systemctl stop "$unit" ;;
    status) exec systemctl --quiet is-active "$unit" ;;
    esac
fi
case ${{1-}} in
start)
    runs && exit 0
    setsid -f "$0" loop </dev/null >/run/tinhnet-agent.log 2>&1
    within_3_s runs ;;
stop)
    runs || exit 0
    kill "$(cat "$pid")"
    within_3_s gone ;;
restart) "$0" stop && exec "$0" start ;;
status) runs ;;
loop)
    exec 9>"$lock"
    flock -n 9 || exit 1
    echo $$ > "$pid"
    child=
    trap 'kill $child 2>/dev/null; rm -f "$pid"; exit 0' TERM
    export PYTHONPATH={HOME}
    while :; do
        setpriv --reuid {ACCOUNT} --regid {ACCOUNT} --clear-groups --no-new-privs \\
            --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw \\
            /usr/bin/python3 -B -s -m collectors.agent.probe {ORDERS}/orders.json 9>&- &
        child=$!
        wait $child
        sleep 2 9>&- &
        child=$!
        wait $child
    done ;;
*)
    echo "usage: control start|stop|restart|status" >&2
    exit 2 ;;
esac
"""

BOOT = f"""\
#!/bin/sh
# SPDX-License-Identifier: MIT
# Written by tinhnet; changes here are replaced.
[ -d /run/systemd/system ] || exec {CONTROL_FILE} start
"""
