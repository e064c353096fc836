#!/bin/sh
# Installs Debian packages without asking and without starting what they bring (RabbitMQ, epmd): our nodes are private.
# Usage: apt.sh PACKAGE... as root, or with sudo that needs no password. The caller keeps the output in a log.
set -eu

policy=/usr/sbin/policy-rc.d # invoke-rc.d and deb-systemd-invoke ask it; 101 means "do not start" (invoke-rc.d(8))

if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "apt.sh: neither root nor sudo without a password" >&2
        exit 77
    fi
    exec sudo -n sh "$0" "$@"
fi

restore() {
    rm -f "$policy"
    if [ -e "$policy.strangler" ]; then mv "$policy.strangler" "$policy"; fi
}
trap restore EXIT
trap 'exit 130' INT TERM
if [ -e "$policy" ]; then mv "$policy" "$policy.strangler"; fi
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=120 update
apt-get -q -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends "$@"
