#!/usr/bin/env bash
# The bundled demo models: training images from the simulator, then the trainer, then a
# recipe for each that is taught the empty belt of the demo footage. No fixture: parts lie nearly
# alike here, and its larger input would be too much for sixty frames a second on two cores.
# Few reviews: the footage shows what the window looks like on a line that runs well.
set -euo pipefail
bin=$1
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
for product in metal_nut bottle_cap; do
    "$bin/inspector" simulate "sim:$product?seed=5&width=960&height=540" --kind images \
        --train-good 200 --test-good 30 --per-defect 6 --out "$data"
    "$bin/inspector-train" fit --data "$data" --category "$product" --method memory-bank \
        --fixture none --max-review 0.01 \
        --out models --version 1 --force \
        --licence "MIT; backbone weights Apache-2.0 (see NOTICE)"
    "$bin/inspector-train" evaluate --model "models/$product/1" --data "$data" \
        --category "$product" --json "$data/$product.json"
    "$bin/inspector" teach "assets/footage/$product.mp4" --model "models/$product/1" \
        --roi 240,30,480,480 --empty-frames 0:4 --name "$product demo" \
        --out "assets/jobs/$product.recipe.toml" --force
done
