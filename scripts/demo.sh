#!/usr/bin/env bash
# The main job on footage and a model that ship with the project.
set -euo pipefail
bin=$1 out=$2
shift 2
rm -rf "$out"
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
