#!/usr/bin/env bash
# Every command block of docs/operate.md that begins with `# tried`, word for word, in a Debian root
# of its own: nothing but Python and systemd in it, no network, booted as a machine would be.
# Install and first cycle, start, reload, backup and restore, upgrade from the version before with
# its data, what the unit may not do, two kinds of death, stop.
#   sudo tests/packaging/debian.sh [GIT-REVISION-OF-THE-VERSION-BEFORE]
# Needs mmdebstrap and systemd-container; leaves nothing behind. A quarter of an hour on two cores.
set -euo pipefail
repo=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
root=$work/root
console=$work/console
machine=
leave() {
  code=$?
  if [ $code != 0 ]; then
    tail -n 20 "$console" 2>/dev/null || true
    [ -z "${leader:-}" ] || inside journalctl -u tocsin -o cat --no-pager | tail -n 40 || true
  fi
  # SIGTERM asks systemd-nspawn for an orderly power-off.
  [ -z "$machine" ] || { kill "$machine" 2>/dev/null; wait "$machine" 2>/dev/null; } || true
  rm -rf "$work"
  exit $code
}
trap leave EXIT
say() { printf '\n== %s\n' "$*"; begun=$(date +%s); }

say "a Debian root with nothing but Python and systemd"
mmdebstrap --quiet --mode=root --variant=minbase \
  --include=python3,python3-venv,ca-certificates,systemd,systemd-sysv,dbus,iproute2 bookworm "$root"

# The tried block under a heading of the manual, with the real names of the wheels.
block() {
  awk -v heading="$1" '
    index($0, heading) == 1 { under = 1; next }
    under && /^#/ && !inside { under = 0 }
    under && /^```sh/ { inside = 1; getline; tried = ($0 ~ /^# tried/); next }
    inside && /^```/ { inside = 0; next }
    inside && tried' "$repo/docs/operate.md"
}

say "connected side: this version and the one before, and a wheel house of all they need"
mkdir -p "$root/wheels" "$work/older"
cd "$repo"
builder() {
  if command -v uv >/dev/null; then uv build --quiet --wheel --out-dir "$root/wheels" "$1"
  else "${PYTHON:-.venv/bin/python}" -m build --wheel --outdir "$root/wheels" "$1" >/dev/null; fi
}
builder .
before=${1:-HEAD}
git archive "$before" pyproject.toml README.md LICENSE config collectors rules reports monitor deploy |
  tar -x -C "$work/older"
sed -i 's/^version = .*/version = "0.0.1"/' "$work/older/pyproject.toml"
builder "$work/older"
new=$(cd "$root/wheels" && ls tocsin-*.whl | grep -v 0.0.1)
python3 -m venv "$work/pip"
(
  cd "$root" && PATH=$work/pip/bin:$PATH
  cp "wheels/$new" .
  eval "$(block "## Without a network" | grep '^pip download' | sed "s/tocsin-[0-9.]*-py3/${new%-py3*}-py3/")"
  rm "$new"
) >"$work/download" 2>&1 || { cat "$work/download"; exit 1; }
mkdir "$root/media/tocsin"
cp -r "$work/older/deploy" "$root/wheels"/tocsin-*.whl "$root/media/tocsin/"

say "boot"
: >"$root/etc/machine-id"
systemd-nspawn --quiet --register=no --keep-unit --private-network --directory="$root" --boot \
  >"$console" 2>&1 </dev/null &
machine=$!
leader=
for _ in $(seq 60); do
  leader=$(cat "/proc/$machine/task/$machine/children" 2>/dev/null | cut -d' ' -f1)
  [ -n "$leader" ] && [ -S "$root/run/dbus/system_bus_socket" ] && break
  [ -n "$leader" ] && [ -S "/proc/$leader/root/run/dbus/system_bus_socket" ] && break
  sleep 1
done
inside() {
  nsenter --target "$leader" --mount --uts --ipc --net --pid --root --wd -- \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels \
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$@"
}
state=$(inside systemctl is-system-running --wait || true)
echo "systemd $(inside systemctl --version | head -1 | cut -d' ' -f2) is $state"

as_the_manual_says() {
  text=$(block "$1" | sed -e "s/tocsin-[0-9.]*-py3/tocsin-0.0.1-py3/" -e "s/tocsin-NEW.whl/$new/")
  [ -n "$text" ] || { echo "no tried block under: $1"; exit 1; }
  printf '%s\n' "$text" | sed 's/^/  | /'
  code=0
  inside bash -c 'cd /media/tocsin; set -e; eval "$1"' manual "$text" || code=$?
  # 3: done, but no source could be reached, which is so in here.
  [ $code = 0 ] || [ $code = 3 ] || { echo "ended with $code"; exit 1; }
}
tocsin() { inside runuser -u tocsin -- /opt/tocsin/bin/tocsin --home /var/lib/tocsin "$@"; }
property() { inside systemctl show tocsin --value --property "$1"; }
live() {
  for n in $(seq 120); do
    if inside python3 -c 'import urllib.request as r; r.urlopen("http://127.0.0.1:8787/healthz/live", timeout=3)' 2>/dev/null; then
      echo "live after $n s, pid $(property MainPID), $(property StatusText)"; return
    fi
    sleep 1
  done
  echo "never live"; exit 1
}
logged() {
  for _ in $(seq 300); do
    inside journalctl -u tocsin -o cat --no-pager --since "@$begun" >"$work/log"
    grep -q "$1" "$work/log" && { echo "logged: $1"; return; }
    sleep 1
  done
  echo "never logged: $1"; exit 1
}
restarted() {
  for _ in $(seq 60); do
    [ "$(property NRestarts)" -ge "$1" ] && { echo "begun anew ($(property NRestarts))"; live; return; }
    sleep 1
  done
  echo "not begun anew: $(property NRestarts), $(property Result)"; exit 1
}
stopped() {
  local start took
  start=$(date +%s)
  inside systemctl stop tocsin
  took=$(($(date +%s) - start))
  echo "stopped after $took s: $(property Result), exit $(property ExecMainStatus)"
  [ "$(property Result)" = success ] && [ "$(property ExecMainStatus)" = 0 ] && [ $took -le 12 ]
}

say "install, first cycle"
as_the_manual_says "## Install on a Debian machine"
tocsin --version

say "as a service"
as_the_manual_says "### As a service"
live
logged '"on schedule'

say "backup and restore"
as_the_manual_says "## Back up and restore"

say "upgrade from $before with its data"
tocsin status --json >"$work/before.json"
rm -r "$root/media/tocsin/deploy"
cp -r deploy "$root/media/tocsin/"
as_the_manual_says "## Upgrade"
tocsin --version
[ "$(tocsin --version)" = "tocsin $(echo "$new" | cut -d- -f2)" ]
live
logged '"judged'
tocsin status --json >"$work/after.json"
tocsin audit verify
python3 - "$work/before.json" "$work/after.json" <<'END'
import json, sys
before, after = (json.load(open(name)) for name in sys.argv[1:])
levels = [{slug: risk["level"] for slug, risk in document["risks"].items()} for document in (before, after)]
print("levels before and after the upgrade:", *levels)
assert levels[0].keys() == levels[1].keys()
END

say "without a network: facts in, reports out"
as_the_manual_says "**Facts in, reports out.**"

say "the unit: what it may not do"
inside systemd-analyze verify /etc/systemd/system/tocsin.service
inside systemd-analyze security tocsin | tail -n 1
pid=$(property MainPID)
for place in /etc/x /opt/tocsin/x /usr/x /root/x; do
  if inside nsenter --target "$pid" --mount -- touch "$place" 2>/dev/null; then echo "may write $place"; exit 1; fi
done
inside grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' "/proc/$pid/status"
inside journalctl -u tocsin -o cat --no-pager |
  python3 -c 'import json, sys; print("log:", sum(1 for line in sys.stdin if line.startswith("{") and json.loads(line)), "lines of JSON")'

say "settings: refused while wrong, taken over when right"
inside bash -c 'echo "sorces: {}" >/var/lib/tocsin/tocsin.yaml'
inside systemctl reload tocsin
logged 'settings not taken over'
inside bash -c 'echo "site: {languages: [zh, en]}" >/var/lib/tocsin/tocsin.yaml'
inside systemctl reload tocsin
logged 'settings read again'
[ "$(property MainPID)" = "$pid" ]

say "killed: begun anew"
inside bash -c "kill -KILL $pid"
restarted 1

say "hung: found out by the watchdog, begun anew"
inside install -d /run/systemd/system/tocsin.service.d
inside bash -c 'printf "[Service]\nWatchdogSec=8\n" >/run/systemd/system/tocsin.service.d/sooner.conf'
inside systemctl daemon-reload
inside systemctl restart tocsin
live
inside bash -c "kill -STOP $(property MainPID)"
restarted 1
logged 'Watchdog timeout'
inside rm -r /run/systemd/system/tocsin.service.d
inside systemctl daemon-reload

say "stop"
live
stopped

say "done: installed, booted with, killed, hung, restored, upgraded and stopped, as the manual says"
