#!/usr/bin/env bash
# torch in the pinned version, before anything asks for a range of it: a wider request
# could bring a build with gigabytes of CUDA that the tests have no use for.
set -euo pipefail
bin=$1
pinned=$(grep '^torch==' constraints.txt)
exec "$bin/python" -m pip --disable-pip-version-check install --quiet -c constraints.txt "$pinned"
