#!/usr/bin/env bash
# Build the wheel, install it into a fresh environment, and run it from another folder.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d); trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$root"
if command -v uv >/dev/null; then
  uv build --quiet --out-dir "$work/dist"
  uv venv --quiet "$work/venv"
  uv pip install --quiet --python "$work/venv" "$work"/dist/*.whl
else
  .venv/bin/pip install --quiet build
  .venv/bin/python -m build --outdir "$work/dist" >/dev/null
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet "$work"/dist/*.whl
fi
cd "$work"
"$work/venv/bin/tocsin" --version
"$work/venv/bin/tocsin" --home "$work/home" run --offline
"$work/venv/bin/tocsin" --home "$work/home" status --json >/dev/null
test -s "$work/home/site/public/zh/index.html"
echo "wheel: installed and ran from another folder"
