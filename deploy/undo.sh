# shellcheck shell=sh disable=SC2086,SC2154
# What deploy/install.sh --undo does, by its names: takes away what it made, in the other direction. Packages stay, and,
# without --with-data, everything that somebody wrote or sent.

[ "$(id -u)" = 0 ] || die "only root can take it away: run it with sudo"
[ -d $etc ] || die "there is nothing of ours on this machine"
! systemd || systemctl stop --quiet leads-web.socket 2> /dev/null || true # first: it would start the web again
for unit in "$root"/deploy/systemd/*; do
    unit=${unit##*/}
    ! systemd || [ ! -f "$units/$unit" ] || systemctl disable --quiet --now "$unit" 2> /dev/null || true
    rm -rf "${units:?}/$unit" "$units/$unit.d"
done
[ -z "$(find /proc -maxdepth 1 -name '[0-9]*' -user leads 2> /dev/null)" ] ||
    die "processes of the user leads still run: end them, then run this again"
rm -rf /usr/local/bin/leads-flask "$root/.venv" $site $on/leads $www /var/log/nginx/leads-*.log* /run/leads
[ ! -L "$root/.env" ] || rm "$root/.env"
[ ! -e $etc/.nginx-default ] || { rm $etc/.nginx-default && ln -sf ${site%leads}default $on/default; }
! systemd || { systemctl daemon-reload && systemctl try-reload-or-restart nginx; }
say "taken away: units, site, leads-flask, .venv, .env"
# shellcheck disable=SC2046  # a list of words
[ ! -e $etc/.packages ] || say "packages stay; those that came with it: apt-get purge" $(cat $etc/.packages)
if [ -z "$with_data" ]; then
    say "kept: the database, $var, $etc, the user leads (--undo --with-data deletes them)"
    exit 0
fi
if { made database && ! as_postgres dropdb --if-exists leads; } || { made role && ! as_postgres dropuser --if-exists leads; }; then
    die "the database could not be dropped: start PostgreSQL, end what uses it, and run this again"
fi
! made user || ! id leads > /dev/null 2>&1 || userdel leads
rm -rf $var $etc
say "deleted: the database, $var, $etc, the user leads"
