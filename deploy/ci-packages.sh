#!/bin/sh
# What tests need beside Python, on a Debian machine: servers to stand before ours, a browser, a compiler. Starts none of them.
set -eu
wanted=
for pair in nginx:nginx caddy:caddy systemd-analyze:systemd openssl:openssl pgbouncer:pgbouncer chromium:chromium cc:build-essential; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${pair%%:*}" ] || wanted="$wanted ${pair#*:}"
done
[ -z "$wanted" ] && exit 0
# A package's own start script would take port 80.
policy=/usr/sbin/policy-rc.d
[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy && trap 'rm -f $policy' EXIT; }
apt-get update -qq
# shellcheck disable=SC2086  # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
