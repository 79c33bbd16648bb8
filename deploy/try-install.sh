#!/bin/sh
# deploy/install.sh on a fresh Debian in a folder of its own: from nothing to a rung lead, and back to nothing.
# As root: deploy/try-install.sh [bookworm|trixie] [postgresql|sqlite]. Ten minutes and 2 GB under /var/tmp, gone afterwards.
#
# Its own mounts, processes and network: nothing of this machine is touched, no port of it is taken. systemd is not
# process 1 there, so what units would start is started here, as the same users on the same socket.
# The code is the last commit. Debian comes from DEBIAN_MIRROR (http://deb.debian.org/debian).
set -eu
suite=${1:-bookworm} database=${2:-postgresql}
here=$(cd "$(dirname "$0")/.." && pwd)

say() { printf '%s\n' "$*"; }
die() { printf 'try-install: %s\n' "$*" >&2; exit 1; }

outside() {
    [ "$(id -u)" = 0 ] || die "only root can make a Debian in a folder: run it with sudo"
    for tool in debootstrap unshare slirp4netns git; do
        command -v $tool > /dev/null || die "$tool is missing: apt-get install debootstrap util-linux slirp4netns git"
    done
    work=$(mktemp -d /var/tmp/leads-trial.XXXXXX)
    trap 'ending' EXIT
    new=$work/debian
    say "# $suite from ${DEBIAN_MIRROR:=http://deb.debian.org/debian} ..."
    debootstrap --variant=minbase --include=systemd-sysv,git,curl,ca-certificates "$suite" "$new" "$DEBIAN_MIRROR" > "$work/log" 2>&1 ||
        { tail -n 5 "$work/log" >&2; die "debootstrap failed"; }
    git clone -q "$here" "$new/srv/leads"
    printf '#!/bin/sh\nexit 101\n' > "$new/usr/sbin/policy-rc.d" && chmod 755 "$new/usr/sbin/policy-rc.d"
    # A network that reads TLS has a certificate of its own, which this machine trusts.
    [ -z "$(ls /usr/local/share/ca-certificates)" ] || cp /usr/local/share/ca-certificates/* "$new/usr/local/share/ca-certificates/"
    cp -L /etc/resolv.conf "$new/etc/resolv.conf"
    printf '127.0.0.1 localhost voice leads.example.ru\n' > "$new/etc/hosts"
    mkfifo "$work/ready"
    unshare --mount --pid --net --fork sh "$0" inside "$new" "$database" "$work/ready" &
    room=$!
    until space=$(pgrep -P $room) && [ -n "$space" ]; do sleep 0.1; done
    : > "$work/network"
    slirp4netns --configure --mtu=65520 --disable-host-loopback "$space" tap0 > "$work/network" 2>&1 &
    network=$!
    until grep -q 'received tapfd' "$work/network"; do kill -0 $network || die "no network: $(cat "$work/network")"; sleep 0.1; done
    echo go > "$work/ready"
    wait $room || die "the trial failed: see above"
    say "" && say "# the trial went well"
}

ending() {
    for pid in ${space:-} ${network:-}; do kill "$pid" 2> /dev/null || true; done
    wait
    rm -rf --one-file-system "$work"
}

inside() { # NEW DATABASE READY
    mount --make-rprivate /
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount -t tmpfs run "$1/run"
    read -r _ < "$3"
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
        ${PIP_INDEX_URL:+PIP_INDEX_URL=$PIP_INDEX_URL} PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
        chroot "$1" sh /srv/leads/deploy/try-install.sh trial "$2"
}

debians='> /etc/postgresql|> /var/lib/postgresql|> /var/www(/html(/index.nginx-debian.html)?)?|< /etc/default/locale'
shown() { say "" && say "# $*" && "$@"; }
everything() { find / -xdev \( -path /tmp -o -path /proc -o -path /dev -o -path /run -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \
    -o -path /var/log -o -path /srv/leads/.git \) -prune -o -print | sort; }

trial() {
    cd /srv/leads
    [ -z "$(ls /usr/local/share/ca-certificates)" ] || update-ca-certificates > /dev/null 2>&1
    everything > /tmp/before
    set -- "$1" --domain leads.example.ru "--$1" --voice-url http://voice:20901/api/lido/send/
    say "" && say "# VOICE_API_KEY=demo-key deploy/install.sh $2 $3 $4 $5 $6"
    VOICE_API_KEY=demo-key deploy/install.sh "$2" "$3" "$4" "$5" "$6"
    ours > /tmp/ours
    shown deploy/install.sh
    deploy/install.sh | grep -q '^nothing to change$' || die "a second run changed something"
    shown systemd-analyze verify /etc/systemd/system/leads-*.service /etc/systemd/system/leads-*.timer > /tmp/units 2>&1
    cat /tmp/units
    [ "$(grep -c . /tmp/units)" = 1 ] || die "systemd finds fault with a unit"
    a_lead_rings
    shown deploy/install.sh --undo
    shown deploy/install.sh --undo --with-data > /tmp/undone
    cat /tmp/undone
    [ "$1" = sqlite ] || service postgresql stop > /dev/null 2>&1
    purge=$(sed -n 's/.*: \(apt-get purge.*\)/\1/p' /tmp/undone)
    say "" && say "# $purge"
    DEBIAN_FRONTEND=noninteractive $purge -y > /dev/null 2>&1
    everything > /tmp/after
    say "" && say "# what is here now and was not, or the other way round ($(wc -l < /tmp/before) files before):"
    diff /tmp/before /tmp/after | grep '^[<>]' | grep -vxE "($debians)" > /tmp/left || true
    cat /tmp/left
    [ ! -s /tmp/left ] || die "something is left"
    say "nothing, but for what Debian's own packages leave when they are purged"
    what_was_there_before "$@"
    cut_off "$@"
}

ours() { find /etc/leads /var/lib/leads /etc/systemd/system/leads-* /etc/nginx/sites-* /usr/local/bin /srv/leads/.env ! -name .packages | sort; }

refused() { # WORDS OPTION... : one sentence with these words, nothing made
    words=$1 && shift
    ! VOICE_API_KEY=demo-key deploy/install.sh "$@" > /tmp/refusal 2>&1 || die "it went on where it should not: $words"
    grep '^install: ' /tmp/refusal | grep -q "$words" || { cat /tmp/refusal; die "it did not say: $words"; }
    grep '^install: ' /tmp/refusal
    [ ! -e /etc/leads/env ] || die "it wrote /etc/leads/env"
}

# A user, a server on port 80, a database of somebody else's: left alone, also by the undoing.
what_was_there_before() {
    say "" && say "# where others were before"
    useradd leads
    refused 'a user leads already' "$2" "$3" "$4" "$5" "$6"
    userdel leads
    perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 80, Listen => 1) or die; sleep 600' &
    other=$!
    until grep -qE ':0050 [0-9A-F]+:[0-9A-F]+ 0A ' /proc/net/tcp; do sleep 0.1; done  # a line to somebody's port 80 is none
    refused 'port 80 or 443' "$2" "$3" "$4" "$5" "$6"
    kill $other
    wait $other 2> /dev/null || true
    server=${1#sqlite}
    # shellcheck disable=SC2086  # none, or one
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv nginx openssl $server > /dev/null 2>&1
    [ -z "$server" ] || {
        service postgresql start > /dev/null 2>&1
        (cd / && runuser -u postgres -- createuser leads && runuser -u postgres -- createdb -O leads leads)
        refused 'a role or a database leads already' "$2" "$3" "$4" "$5" "$6"
        deploy/install.sh --undo --with-data > /dev/null
        (cd / && runuser -u postgres -- dropdb leads && runuser -u postgres -- dropuser leads) || die "it deleted what was another's"
    }
}

# Killed after each thing that it makes, and run again: in the end there is what a run in one piece makes.
cut_off() {
    say "" && say "# killed after each thing that it makes, and run again"
    everything > /tmp/before
    sed 's/^did() .*/did() { say "made: $*"; kill -9 $$; }/' deploy/install.sh > deploy/cut.sh
    python3 -m venv --without-pip .venv # as one that was cut off
    cuts=0
    until VOICE_API_KEY=demo-key sh deploy/cut.sh "$2" "$3" "$4" "$5" "$6" > /tmp/cut 2>&1; do
        cuts=$((cuts + 1))
        until flock -n /etc/leads/.lock true; do sleep 0.1; done # what it had begun has ended, too
        { [ $cuts -lt 99 ] && grep -q '^made: ' /tmp/cut; } || { cat /tmp/cut; die "it does not go on after cut $cuts"; }
    done
    rm deploy/cut.sh
    deploy/install.sh | grep -q '^nothing to change$' || die "the run after the last cut changed something"
    ours | diff /tmp/ours - || die "the cut runs made something else"
    leads-flask leads list > /dev/null 2>&1 || die "what the cut runs made does not work"
    say "$cuts cuts: the same files as in one piece"
    deploy/install.sh --undo --with-data > /dev/null
    everything | diff /tmp/before - | grep '^[<>]' | grep -vE '/var/lib/(nginx|postgresql)/' > /tmp/left || true
    [ ! -s /tmp/left ] || { cat /tmp/left; die "something is left of the cut runs"; }
    say "undone: nothing is left"
}

a_lead_rings() {
    say "" && say "# what systemd would start"
    mkdir -p /run/leads && chown leads:www-data /run/leads
    started=''
    as leads .venv/bin/python -m simulator --port 20901 --key demo-key --name voice
    as www-data env WEB_SOCKET=/run/leads/web.sock .venv/bin/gunicorn -c gunicorn.conf.py 'app:create_app()'
    as leads .venv/bin/flask worker
    as leads .venv/bin/flask watch
    nginx > /dev/null 2>&1
    shown leads-flask sources new generic site | tee /tmp/new
    url=$(grep '^https://' /tmp/new)
    sed -i 's/09:00-20:00/00:00-24:00/' /etc/leads/policy.yaml # the trial may be at night
    ask() { curl -sk -o /tmp/answer -w '%{http_code}' "$@"; }
    until_it_is 200 ask https://leads.example.ru/readyz
    until_it_is 200 ask -X POST -d 'id=1&phone=%2B79990000001' "$url"
    say "" && say "# curl -d 'id=1&phone=+79990000001' 'https://leads.example.ru/hooks/site?token=...'" && cat /tmp/answer
    until_it_is rung rung
    shown leads-flask leads list
    say "" && say "# the provider was asked:" && curl -s http://voice:20901/calls && say ""
    shown leads-flask backup
    shown leads-flask restore --check
    # shellcheck disable=SC2086  # a list of words
    kill $started && nginx -s stop 2> /dev/null
    until [ -z "$(find /proc -maxdepth 1 -name '[0-9]*' -user leads)" ]; do sleep 0.2; done
}

as() { # GROUP COMMAND...
    group=$1 && shift
    say "leads: $*"
    setpriv --reuid leads --regid "$group" --init-groups env FLASK_SKIP_DOTENV=1 PYTHONDONTWRITEBYTECODE=1 "$@" > /dev/null 2>> /tmp/errors &
    started="$started $!"
}

rung() { ! curl -s http://voice:20901/calls | grep -q 79990000001 || printf rung; }

until_it_is() { # WORD COMMAND...
    wish=$1 && shift
    n=0
    until [ "$("$@")" = "$wish" ]; do
        n=$((n + 1))
        [ $n -lt 300 ] || { cat /tmp/answer /tmp/errors >&2; die "$* was never $wish"; }
        sleep 0.2
    done
}

case $suite in
inside) inside "$2" "$3" "$4" ;;
trial) trial "$2" ;;
*) outside ;;
esac
