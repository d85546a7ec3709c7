#!/usr/bin/env bash
# The main job on footage and a model that ship with the project: in the window where there
# is a display (HEADLESS=1 says no), else as a replay with its summary.
set -euo pipefail
bin=$1 out=$2
shift 2
rm -rf "$out"

can_open_a_window() {
    [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ -z "${CI:-}${HEADLESS:-}" ] || return 1
    # Qt ends the process where a system library is missing: let a probe find out
    "$bin/python" -c 'from inspector.gui.app import make_application; make_application(["probe"])' \
        >/dev/null 2>&1 || { echo "note: the window cannot be opened here (scripts/system_libraries.sh names what it needs)" >&2; return 1; }
}

if [ $# = 0 ] && can_open_a_window; then
    mkdir -p "$out"
    echo "opening the window on the demo footage; record in $out/record.db, close the window to end"
    exec "$bin/inspector" gui --job metal_nut --jobs assets/jobs --start --loop \
        --db "$out/record.db" --archive "$out/parts"
fi

for product in metal_nut; do
    "$bin/inspector" replay --job "$product" --jobs assets/jobs \
        --truth "assets/footage/$product.csv" \
        --out "$out" --json "$out/result.json" "$@"
done
echo
"$bin/inspector" stats --db "$out/record.db"
echo
echo "annotated video    $out/annotated.mp4"
echo "rejected parts     $out/parts/"
echo "record             $out/record.db   (inspector stats --db $out/record.db)"
