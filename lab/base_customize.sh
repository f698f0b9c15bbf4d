#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes a device of a plain Debian root: the customize hook of mmdebstrap,
# called with the root directory.  Everything here is part of the base's hash.
set -eu
root=$1
files=${0%/*}/rootfs

# Kept out of the devices: this machine's apt settings and names, and keys
# that would be shared by all.
rm -f "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/etc/ssh/ssh_host_* \
    "$root"/etc/resolv.conf "$root"/etc/hostname
: > "$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id"

install -m 755 "$files/bootstrap.sh" "$root/usr/local/sbin/tinhnet-bootstrap"
install -m 755 "$files/boot.sh" "$root/usr/local/sbin/tinhnet-boot"
install -m 755 "$files/pc-init.sh" "$root/usr/local/sbin/pc-init"
install -m 755 "$files/service-control.sh" "$root/usr/local/sbin/service-control"
mkdir -p "$root/etc/tinhnet/boot.d"

# The account the product logs in with: a key, never a password.
chroot "$root" useradd --uid 2016 --user-group --create-home --shell /bin/bash \
    --groups frrvty tinhnet
chroot "$root" install -d -m 700 -o tinhnet -g tinhnet /home/tinhnet/.ssh
echo 'tinhnet ALL=(ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/tinhnet"
chmod 440 "$root/etc/sudoers.d/tinhnet"

cat > "$root/etc/ssh/sshd_config.d/10-lab.conf" <<'END'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UseDNS no
END

# A bare router runs its daemons with nothing to say.
: > "$root/etc/frr/frr.conf"
for daemon in ospfd ospf6d bfdd; do
    sed -i "s/^$daemon=no/$daemon=yes/" "$root/etc/frr/daemons"
done
# OSPF by SNMP: the modules of frr-snmp are loaded at start only, so they are loaded everywhere.
for daemon in zebra ospfd ospf6d; do
    sed -i "s/^\(${daemon}_options=\".*\)\"/\1 -M snmp\"/" "$root/etc/frr/daemons"
done
chroot "$root" chown -R frr:frr /etc/frr

# A device never sets the machine's clock: no CAP_SYS_TIME, chronyd -x.
sed -i 's/^DAEMON_OPTS=.*/DAEMON_OPTS="-F 1 -x"/' "$root/etc/default/chrony"
mkdir -p "$root/etc/systemd/system/chrony.service.d"
printf '[Unit]\nConditionCapability=\n' > "$root/etc/systemd/system/chrony.service.d/lab.conf"

mkdir -p "$root/etc/systemd/journald.conf.d" "$root/var/log/journal"
cat > "$root/etc/systemd/journald.conf.d/lab.conf" <<'END'
[Journal]
SystemMaxUse=16M
RuntimeMaxUse=8M
ReadKMsg=no
Audit=no
END

units=$root/etc/systemd/system
cat > "$units/tinhnet-bootstrap.service" <<'END'
[Unit]
Description=Bootstrap address of a bare device
DefaultDependencies=no
Before=network-pre.target systemd-sysctl.service shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/tinhnet-bootstrap
[Install]
WantedBy=sysinit.target
END
cat > "$units/tinhnet-boot.service" <<'END'
[Unit]
Description=Boot steps kept in /etc/tinhnet/boot.d
After=tinhnet-bootstrap.service systemd-sysctl.service local-fs.target
Before=frr.service ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/tinhnet-boot
[Install]
WantedBy=multi-user.target
END
cat > "$units/tinhnet-ready.service" <<'END'
[Unit]
Description=Tell the lab that the device has booted
After=tinhnet-bootstrap.service tinhnet-boot.service ssh.service frr.service
[Service]
Type=oneshot
ExecStart=/bin/touch /run/tinhnet-ready
[Install]
WantedBy=multi-user.target
END

# Nothing starts by itself but sshd; and what a device has no hardware for is
# masked (43 routers boot in 6 s instead of 10 s on two cores).
rm -f "$units"/multi-user.target.wants/* "$units"/timers.target.wants/* \
    "$units"/sysinit.target.wants/* "$units"/getty.target.wants/* \
    "$units"/sockets.target.wants/* "$units"/network-online.target.wants/*
chroot "$root" systemctl -q enable ssh.service tinhnet-bootstrap.service \
    tinhnet-boot.service tinhnet-ready.service
chroot "$root" systemctl -q set-default multi-user.target
mask() { for unit; do ln -sf /dev/null "$units/$unit"; done; }
mask systemd-tmpfiles-setup-dev.service systemd-journal-catalog-update.service \
    systemd-sysusers.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service systemd-update-done.service \
    ldconfig.service systemd-hwdb-update.service systemd-machine-id-commit.service \
    systemd-firstboot.service systemd-random-seed.service systemd-modules-load.service \
    systemd-remount-fs.service systemd-user-sessions.service systemd-pstore.service \
    systemd-boot-system-token.service systemd-binfmt.service kmod-static-nodes.service \
    systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-pcrmachine.service \
    systemd-repart.service systemd-rfkill.service e2scrub_reap.service \
    console-getty.service getty.target remote-fs.target cryptsetup.target \
    veritysetup.target integritysetup.target swap.target \
    proc-sys-fs-binfmt_misc.automount dev-hugepages.mount dev-mqueue.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount systemd-ask-password-console.path \
    systemd-ask-password-wall.path systemd-initctl.socket systemd-journald-audit.socket \
    e2scrub_all.timer fstrim.timer apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer
ln -sf /dev/null "$root/etc/tmpfiles.d/systemd-nologin.conf"
mkdir -p "$root/etc/systemd/system-generators"
for generator in "$root"/lib/systemd/system-generators/*; do
    case ${generator##*/} in
    postgresql-generator) ;;
    *) ln -sf /dev/null "$root/etc/systemd/system-generators/${generator##*/}" ;;
    esac
done
