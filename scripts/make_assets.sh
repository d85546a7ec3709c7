#!/usr/bin/env bash
# The demo footage and its truth, from the simulator: the same bytes for the same seeds
# on the same version of OpenCV.
set -euo pipefail
bin=$1
for product in metal_nut bottle_cap; do
    "$bin/inspector" simulate "sim:$product?seed=11&defect_rate=0.3&width=960&height=540&fps=30" \
        --parts 24 --name "$product" --out assets/footage --force
done
