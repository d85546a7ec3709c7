#!/usr/bin/env bash
# Fuzzes everything that reads files and answers of others.
#   scripts/fuzz.sh [CASES] [FIRST_SEED]             all targets, by share (default 100000)
#   scripts/fuzz.sh NAME:CASES [FIRST_SEED]          one target
# A finding names its target and seed: scripts/fuzz.sh NAME:1 SEED shows it again.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
what=${1:-100000}
seed=${2:-1000000}
if [[ $what == *:* ]]; then
    exec "$python" -m tests.fuzz.campaign "$what" --first-seed "$seed"
fi
campaigns=$("$python" - "$what" <<'PY'
import sys
from tests.fuzz.targets import CASES_OF
total = sum(share for _, _, share in CASES_OF.values())
for name, (_, _, share) in CASES_OF.items():
    print(f"{name}:{-(-int(sys.argv[1]) * share // total)}")
PY
)
# decoders print what they think of each file: only the end is kept, for a finding
said=$(mktemp)
trap 'rm -f "$said"' EXIT
failed=0
for campaign in $campaigns; do
    if ! "$python" -m tests.fuzz.campaign "$campaign" --first-seed "$seed" 2>"$said"; then
        echo "FINDING in $campaign:"
        tail -n 25 "$said"
        failed=1
    fi
done
exit $failed
