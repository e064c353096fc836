#!/bin/sh
# Makes .venv from the lock, on a machine that may have nothing but python3: `bootstrap.sh STAMP`, called by make.
# Output is short; a failure says what to do.
set -eu

stamp=$1
root=$(pwd)
python=${PYTHON:-python3}
mkdir -p var

fail() {
    echo "bootstrap: $1" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "no $python here: install Python 3.11, 3.12 or 3.13"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' ||
    fail "$("$python" --version) does not fit: 3.11, 3.12 or 3.13 is needed (PYTHON=/path/to/python3 make ...)"

if [ ! -x .venv/bin/python ]; then
    # Debian keeps venv's half, ensurepip, in a package of its own.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "installing python3-venv (log: var/install.log)"
        command -v apt-get >/dev/null || fail "this Python has no venv module, and there is no apt-get to install it with"
        infra/local/apt.sh python3-venv >var/install.log 2>&1 ||
            fail "python3-venv could not be installed, see var/install.log; as root: apt-get install python3-venv"
    fi
    "$python" -m venv .venv
fi

echo "installing Python packages from requirements.lock (some 250 MB the first time)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes \
    --requirement requirements.lock || fail "pip failed, see above"

# The repository itself has to be built nowhere: a path entry and the command are all that an editable install would make.
packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
printf '%s\n' "$root" >"$packages/strangler.pth"
cat >.venv/bin/strangler <<COMMAND
#!$root/.venv/bin/python
import sys

from ops.cli import main

if __name__ == "__main__":
    sys.exit(main())
COMMAND
chmod 755 .venv/bin/strangler

# But for speed: where there is a compiler, the bridge reads deliveries, makes entries and checks receipts in C.
.venv/bin/python -m infra.local.native

rm -f .venv/installed-*
touch "$stamp"
