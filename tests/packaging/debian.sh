#!/usr/bin/env bash
# The install as docs/operate.md says it, in a Debian root of its own with nothing but Python:
# from a wheel house without any network, first cycle, start, health, stop, upgrade with the data.
#   sudo tests/packaging/debian.sh        (needs mmdebstrap; leaves nothing behind)
set -euo pipefail
repo=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
root=$work/root
trap 'umount -l "$root/proc" "$root/dev" 2>/dev/null || true; rm -rf "$work"' EXIT
say() { printf '\n== %s\n' "$*"; }

say "a Debian root with nothing but Python"
mmdebstrap --quiet --mode=root --variant=minbase \
  --include=python3,python3-venv,ca-certificates bookworm "$root"

say "connected side: two versions of the wheel, and a wheel house of everything they need"
mkdir -p "$root/wheels" "$work/older"
cd "$repo"
python=${PYTHON:-.venv/bin/python}
builder() { if command -v uv >/dev/null; then uv build --quiet --wheel --out-dir "$2" "$1"; else "$python" -m build --wheel --outdir "$2" "$1" >/dev/null; fi; }
builder . "$root/wheels"
cp -r pyproject.toml README.md LICENSE config collectors rules reports monitor "$work/older/"
sed -i 's/^version = .*/version = "0.0.1"/' "$work/older/pyproject.toml"
builder "$work/older" "$root/wheels"
wheel=$(ls "$root"/wheels/tocsin-*.whl | grep -v 0.0.1)
python3 -m venv "$work/pip"
"$work/pip/bin/pip" download --quiet --dest "$root/wheels" --only-binary :all: "$wheel"

mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root unshare --net \
  bash -c '[ -x /sbin/ip ] && /sbin/ip link set lo up; exec chroot "$@"' inside "$root" "$@"; }
as_tocsin() { inside setpriv --reuid=tocsin --regid=tocsin --clear-groups "$@"; }

say "inside, no network: a user, an environment, the older version"
inside useradd --system --create-home --home-dir /var/lib/tocsin --shell /usr/sbin/nologin tocsin
inside python3 -m venv /opt/tocsin
inside /opt/tocsin/bin/pip install --quiet --no-index --find-links /wheels tocsin==0.0.1
as_tocsin /opt/tocsin/bin/tocsin --version

say "first cycle"
time as_tocsin /opt/tocsin/bin/tocsin --home /var/lib/tocsin run --offline
as_tocsin /opt/tocsin/bin/tocsin --home /var/lib/tocsin status --json >"$work/before.json"

say "start, health, stop: as systemd would do it"
daemon() {
  as_tocsin sh -c '
    export TOCSIN_SERVE__WITH_DAEMON=true TOCSIN_DAEMON__LOG=json
    /opt/tocsin/bin/tocsin --home /var/lib/tocsin daemon >/var/lib/tocsin/daemon.log 2>&1 &
    pid=$!
    live=0
    for n in $(seq 120); do
      kill -0 $pid
      if /opt/tocsin/bin/python3 -c "import urllib.request as r; r.urlopen(\"http://127.0.0.1:8787/healthz/live\", timeout=2)" 2>/dev/null; then live=1; break; fi
      sleep 1
    done
    test $live = 1 || { echo "never live"; exit 1; }
    kill -TERM $pid
    begun=$(date +%s)
    code=0; wait $pid || code=$?
    echo "live after ${n} s, stopped with $code after $(( $(date +%s) - begun )) s"
    test $code = 0 && test $(( $(date +%s) - begun )) -le 12'
}
daemon

say "upgrade with the data, and again"
inside /opt/tocsin/bin/pip install --quiet --no-index --find-links /wheels --upgrade tocsin
as_tocsin /opt/tocsin/bin/tocsin --version
as_tocsin /opt/tocsin/bin/tocsin --home /var/lib/tocsin doctor || true
as_tocsin /opt/tocsin/bin/tocsin --home /var/lib/tocsin status --json >"$work/after.json"
cmp "$work/before.json" "$work/after.json" || echo "(the daemon concluded again meanwhile)"
daemon

say "done: installed, ran, stopped and was upgraded in a root of its own"
