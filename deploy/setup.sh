#!/bin/sh
# Makes .venv and installs the given requirements files, each once per content: a later start needs
# no network. Usage: sh deploy/setup.sh requirements.txt [requirements-dev.txt]
set -eu
python="${PYTHON:-python3}"
here=$(dirname "$0")

# A Python that is interrupted prints where it was; SIG_DFL lets it end as any other program does.
quiet='import _signal; _signal.signal(_signal.SIGINT, _signal.SIG_DFL); import sys'

say() { printf '%s\n' "$*" >&2; }

if ! command -v "$python" >/dev/null 2>&1; then
    say "Python 3.11 or newer is needed and '$python' was not found. On Debian: apt install python3 python3-venv"
    exit 1
fi
if ! "$python" -c "$quiet; sys.exit(sys.version_info < (3, 11))"; then
    say "Python 3.11 or newer is needed; $("$python" --version 2>&1) was found. Name another one: PYTHON=python3.12 make run"
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    say "Python's venv module is missing. On Debian: apt install python3-venv"
    exit 1
fi
# A venv whose Python is gone (an upgrade, a moved folder), or that was never finished, is made anew.
if [ -d .venv ] && ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    rm -rf .venv
fi
[ -d .venv ] || "$python" -c "$quiet; import venv; venv.main(['.venv'])"
for packages in .venv/lib/python3*/site-packages; do
    cmp -s "$here/00-ctrl-c.pth" "$packages/00-ctrl-c.pth" || cp "$here/00-ctrl-c.pth" "$packages/"
done

for file in "$@"; do
    digest=$(.venv/bin/python -c "$quiet"'; import hashlib; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:16])' "$file")
    stamp=".venv/.installed-$file-$digest"
    [ -f "$stamp" ] && continue
    say "installing $file ..."
    if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$file"; then
        say ""
        say "The packages of $file could not be installed: the first start needs the network (or a pip mirror: PIP_INDEX_URL)."
        exit 1
    fi
    touch "$stamp"
done
