#!/bin/sh
# Makes a service of this folder on a server with Debian 12 or 13. As root, from a clone at /srv/leads:
#
#   deploy/install.sh --domain leads.example.ru --postgresql     (or --sqlite: one machine, one file)
#   deploy/install.sh                     again, also after git pull: does what is missing, restarts what changed
#   deploy/install.sh --undo              takes the service away; --undo --with-data the leads and settings, too
#
# The provider's key is taken from VOICE_API_KEY, once, or from /etc/leads/voice_api_key. Other options: --voice-url URL,
# --without-proxy (nginx is left alone: you have a proxy of your own).
# It makes: the user leads; /etc/leads (settings, secrets, sources, policy) and /var/lib/leads (what it must keep);
# .venv and .env here; the database leads; units leads-*; nginx's site leads; the command leads-flask.
set -eu
umask 022
root=$(cd "$(dirname "$0")/.." && pwd)
etc=/etc/leads var=/var/lib/leads units=/etc/systemd/system www=/var/www/leads
site=/etc/nginx/sites-available/leads on=/etc/nginx/sites-enabled
local_database='postgresql://leads@/leads?host=/var/run/postgresql' # by the user's name: no password to lose
domain='' database='' proxy=nginx undo='' with_data='' voice_url=https://voice.mobilgroup.ru/api/lido/send/
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT

say() { printf '%s\n' "$*"; }
die() { printf 'install: %s\n' "$*" >&2; exit 1; }
did() { say "$*"; echo x >> "$tmp/did"; }
systemd() { [ -d /run/systemd/system ]; }
as_postgres() { (cd / && runuser -u postgres -- "$@"); }
as_leads() { (cd "$root" && runuser -u leads -- env FLASK_SKIP_DOTENV=1 PYTHONDONTWRITEBYTECODE=1 "$@"); }
setting() { [ ! -f $etc/env ] || sed -n "s|^$1=||p" $etc/env; }
# What the undoing may delete: written down before it is made, so that a run that is cut off leaves nothing unknown.
made() { grep -qsx "$1" $etc/.made; }
making() { made "$1" || echo "$1" >> $etc/.made; }
installed() { dpkg-query -W -f '${Package}\n' | sort; }

put() { # MODE OWNER FILE < text
    cat > "$tmp/new"
    [ -f "$3" ] && cmp -s "$tmp/new" "$3" && return 0
    install -m "$1" -o "$2" -g "$2" "$tmp/new" $etc/.new && mv $etc/.new "$3" && did "wrote $3"
}

folder() { # MODE OWNER FOLDER
    [ "$(stat -c '%a %U' "$3" 2>/dev/null)" = "$1 $2" ] && return 0
    install -d -m "$1" -o "$2" -g "$2" "$3" && did "folder $3, mode $1, of $2"
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --domain | --voice-url)
            [ -n "${2:-}" ] || die "$1 wants a value behind it"
            [ "$1" = --voice-url ] && voice_url=$2 || domain=$(printf %s "$2" | tr '[:upper:]' '[:lower:]')
            shift
            ;;
        --postgresql | --sqlite) database=${1#--} ;;
        --without-proxy) proxy='' ;;
        --undo) undo=yes ;;
        --with-data) with_data=yes ;;
        *) die "there is no option $1; the head of $0 names them all" ;;
        esac
        shift
    done
}

a_name() { # of a machine: two parts or more, and no number
    case .$1. in *[!a-z0-9.-]* | *..* | *.-* | *-.*) return 1 ;; esac
    case $1 in *[a-z]*.* | *.*[a-z]*) ;; *) return 1 ;; esac
}

check() {
    [ "$(id -u)" = 0 ] || die "only root can make users and units: run it with sudo"
    # shellcheck disable=SC1091  # each Debian has it
    os=$(. /etc/os-release && echo "${ID:-} ${VERSION_ID:-}")
    case $os in
    "debian 12" | "debian 13") ;;
    *) die "made for Debian 12 and 13, this is '$os': docs/deploy.md has each step by hand" ;;
    esac
    case $root in /root* | /home/*) die "the service may not read $root: clone into /srv/leads and run it there" ;; esac
    was=$(setting PUBLIC_URL) had=postgresql
    case $(setting DATABASE_URL) in sqlite:*) had=sqlite ;; '') had='' ;; "$local_database") ;; *) had=elsewhere ;; esac
    was=${was#https://} domain=${domain:-$was} database=${database:-$had}
    [ -n "$domain" ] || die "say under which name senders reach this machine: --domain leads.example.ru"
    a_name "$domain" || die "--domain takes a bare name like leads.example.ru (xn--... for a Cyrillic one)"
    [ -n "$database" ] || die "say where leads are kept: --postgresql, or --sqlite for a file on this machine"
    [ "$domain $database" = "${was:-$domain} ${had:-$database}" ] ||
        die "it was set up for $was with $had: change $etc/env, and the database yourself, then run it without options"
    [ ! -e "$root/.env" ] || [ "$(readlink "$root/.env")" = $etc/env ] ||
        die "$root/.env is there already: move it to $etc/env, whose place it would take"
    [ -f $etc/env ] || made user || ! id leads > /dev/null 2>&1 ||
        die "this machine has a user leads already, whom this script did not make: rename or delete him, and run this again"
    # 0050 and 01BB are 80 and 443, 0A is listening; nginx may have them.
    [ -z "$proxy" ] || kill -0 "$(cat /run/nginx.pid 2> /dev/null)" 2> /dev/null ||
        ! grep -qsE ':(0050|01BB) [0-9A-F]+:[0-9A-F]+ 0A ' /proc/net/tcp /proc/net/tcp6 ||
        die "another server has port 80 or 443: stop it, or keep it and add --without-proxy (docs/deploy.md: a proxy in front)"
    [ -d $etc ] || install -d -m 700 $etc
    exec 9> $etc/.lock
    flock -n 9 || die "it runs here already: wait until that run has ended"
}

packages() {
    wanted=''
    case $database in postgresql) server=postgresql ;; elsewhere) server=postgresql-client ;; *) server='' ;; esac
    for name in python3 python3-venv openssl ca-certificates $proxy $server; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || wanted="$wanted $name"
    done
    if [ -n "$wanted" ]; then
        [ -f $etc/.before ] || { installed > $etc/.new && mv $etc/.new $etc/.before; }
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086  # a list of words
        if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $wanted; } > "$tmp/apt" 2>&1 9>&-; then
            tail -n 5 "$tmp/apt" >&2
            die "apt could not install$wanted: mend what it says above and run this again"
        fi
        did "installed$wanted"
    fi
    [ ! -f $etc/.before ] || { installed | comm -13 $etc/.before - >> $etc/.packages && rm $etc/.before; }
}

user_and_folders() {
    if ! id leads > /dev/null 2>&1; then
        making user
        useradd --system --user-group --home-dir $var --no-create-home --shell /usr/sbin/nologin leads
        did "user leads"
    fi
    runuser -u leads -- test -r "$root/app.py" || die "the user leads cannot read $root: chmod -R a+rX $root"
    for name in $etc $etc/sources $etc/accounts $var; do folder 700 leads "$name"; done
    before=$(stat -c %Y "$root"/.venv/.installed-* 2>/dev/null || true)
    (cd "$root" && sh deploy/setup.sh requirements.txt)
    [ "$before" = "$(stat -c %Y "$root"/.venv/.installed-*)" ] || did "packages of requirements.txt in $root/.venv"
}

the_database() {
    [ "$database" = postgresql ] || return 0
    as_postgres psql -qAtc 'SELECT 1' > /dev/null 2>&1 || service postgresql start > /dev/null 2>&1 9>&- || true
    as_postgres psql -qAtc 'SELECT 1' > /dev/null 2>&1 || die "PostgreSQL does not answer: service postgresql status says why"
    role=$(as_postgres psql -qAtc "SELECT 1 FROM pg_roles WHERE rolname = 'leads'")
    there=$(as_postgres psql -qAtc "SELECT 1 FROM pg_database WHERE datname = 'leads'")
    [ -f $etc/env ] || [ -z "$role$there" ] || made role || die "PostgreSQL has a role or a database leads already, which this" \
        "script did not make: rename it, or begin with --sqlite and then put the address of another one into $etc/env"
    if [ -z "$role" ]; then
        making role
        as_postgres createuser --createdb leads
        did "database role leads"
    fi
    if [ -z "$there" ]; then
        making database
        as_postgres createdb -O leads -E UTF8 -T template0 --locale C.UTF-8 leads
        did "database leads"
    fi
}

settings() {
    url=sqlite:///$var/leads.db
    [ "$database" = sqlite ] || url=$local_database
    [ -f $etc/env ] || put 600 leads $etc/env << END
# Every setting: $root/docs/settings.md. After a change: $root/deploy/install.sh
DATABASE_URL=$url
VOICE_API_URL=$voice_url
VOICE_API_KEY_FILE=$etc/voice_api_key
SECRET_KEY=$(openssl rand -hex 32)
DIGEST_KEY=$(openssl rand -hex 32)
API_TOKEN=$(openssl rand -hex 32)
PUBLIC_URL=https://$domain
TRUSTED_PROXIES=1
SOURCES_DIR=$etc/sources
ACCOUNTS_DIR=$etc/accounts
POLICY_FILE=$etc/policy.yaml
SECRETS_FILE=$etc/secrets.env
ALARMS_FILE=$etc/alarms.yaml
RUN_DIR=$var/run
BACKUP_DIR=$var/backups
END
    [ -e $etc/policy.yaml ] || put 600 leads $etc/policy.yaml < "$root/config/policy.example.yaml"
    [ -e $etc/secrets.env ] || put 600 leads $etc/secrets.env < /dev/null
    [ -z "${VOICE_API_KEY:-}" ] || printf '%s\n' "$VOICE_API_KEY" | put 600 leads $etc/voice_api_key
    [ -e "$root/.env" ] || { ln -s $etc/env "$root/.env" && did "$root/.env, a link to $etc/env"; }
    put 755 root /usr/local/bin/leads-flask << END
#!/bin/sh
# The gateway's commands as its user: leads-flask leads list
exec runuser -u leads -- env FLASK_SKIP_DOTENV=1 FLASK_APP=$root/app.py $root/.venv/bin/flask "\$@"
END
}

the_units() {
    [ -d $units ] || die "there is no $units: this Debian has no systemd; docs/deploy.md says which processes to keep running"
    folder 755 root "$units/leads-.service.d"
    for unit in "$root"/deploy/systemd/leads-*.* "$root"/deploy/systemd/leads-.service.d/*; do
        [ -d "$unit" ] || sed "s|/srv/leads|$root|g" "$unit" | put 644 root "$units/${unit#"$root"/deploy/systemd/}"
    done
    ! systemd || systemctl daemon-reload
}

the_proxy() {
    [ -n "$proxy" ] || return 0
    certificate=/etc/letsencrypt/live/$domain/fullchain.pem key=/etc/letsencrypt/live/$domain/privkey.pem
    if [ ! -e "$certificate" ]; then # a stand-in, so that nginx starts and certbot's question is answered
        folder 700 root $etc/tls
        certificate=$etc/tls/cert.pem key=$etc/tls/key.pem
        if [ ! -e $certificate ]; then # it is written behind its key
            openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$domain" -keyout $key -out $certificate 2> "$tmp/openssl"
            did "a certificate of our own making in $etc/tls"
        fi
    fi
    folder 755 root $www
    sed "s|@DOMAIN@|$domain|g; s|@CERTIFICATE@|$certificate|; s|@KEY@|$key|" "$root/deploy/nginx.conf.template" > "$tmp/site"
    [ -e /proc/net/if_inet6 ] || sed -i '/listen \[::\]/d' "$tmp/site"
    put 644 root $site < "$tmp/site"
    [ -e $on/leads ] || { ln -s $site $on/leads && did "nginx's site leads is on"; }
    # Two sites cannot both be the one for all other names.
    [ ! -L $on/default ] || { rm $on/default && touch $etc/.nginx-default && did "nginx's default site is off"; }
    if ! nginx -t > "$tmp/nginx" 2>&1; then
        cat "$tmp/nginx" >&2
        die "nginx refuses its configuration: mend what it says above and run this again"
    fi
    ! systemd || systemctl reload-or-restart nginx || die "nginx did not start: journalctl -u nginx -n 20 says why"
}

start() {
    [ -s $etc/voice_api_key ] || [ -z "$(setting VOICE_API_KEY_FILE)" ] ||
        die "the provider's key is missing: run this again with it, VOICE_API_KEY=... deploy/install.sh"
    if ! as_leads .venv/bin/flask release > "$tmp/release" 2>&1; then
        cat "$tmp/release" >&2
        die "flask release failed: mend what it says above and run this again"
    fi
    services='leads-web.service leads-worker.service'
    ! as_leads .venv/bin/flask watch --help > /dev/null 2>&1 || services="$services leads-watch.service"
    ! as_leads .venv/bin/flask backup --help > /dev/null 2>&1 || services="$services leads-backup.timer leads-drill.timer"
    if ! systemd; then
        say "skipped, as PID 1 is not systemd: systemctl enable --now leads-web.socket $services"
        return 0
    fi
    runs=$( (git -C "$root" rev-parse HEAD; cat $etc/env $etc/voice_api_key $etc/accounts/* $units/leads-*.*
        ls -l "$root"/.venv/.installed-*) 2> /dev/null | sha256sum)
    how=start
    [ "$(cat $var/.runs 2> /dev/null)" = "$runs" ] || how=restart
    # shellcheck disable=SC2086  # a list of words
    if ! { systemctl enable --quiet --now leads-web.socket && systemctl enable --quiet $services && systemctl $how $services; }; then
        die "a unit did not start: journalctl -u 'leads-*' -n 50 says why"
    fi
    echo "$runs" | put 600 leads $var/.runs
}

read_options "$@"
if [ -n "$undo" ]; then
    # shellcheck source=deploy/undo.sh
    . "$root/deploy/undo.sh"
    exit
fi
check
packages
user_and_folders
the_database
settings
the_units
the_proxy
start
[ -s "$tmp/did" ] || say "nothing to change"
say "senders post to https://$domain/hooks/<source>; the first one: leads-flask sources new tilda shop"
[ -z "$proxy" ] || [ "$certificate" != $etc/tls/cert.pem ] || say "the certificate is a stand-in yet: apt-get install certbot;" \
    "certbot certonly --webroot -w $www -d $domain --deploy-hook 'systemctl reload nginx'; $0"
