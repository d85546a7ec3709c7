"""The long form: a hundred thousand cases, by share, each target in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.fuzz.targets import CASES_OF
from tests.fuzz.test_short import ROOT

CASES = int(os.environ.get("INSPECTOR_FUZZ_CASES", "100000"))
FIRST_SEED = int(os.environ.get("INSPECTOR_FUZZ_SEED", "1000000"))
SHARES = {name: share for name, (_, _, share) in CASES_OF.items()}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", SHARES)
def test_no_crash_no_hang_no_growth_and_no_file_elsewhere(name: str) -> None:
    cases = -(-CASES * SHARES[name] // sum(SHARES.values()))
    command = [sys.executable, "-m", "tests.fuzz.campaign", f"{name}:{cases}"]
    done = subprocess.run(
        [*command, "--first-seed", str(FIRST_SEED)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stderr[-3000:]}"
    assert json.loads(done.stdout)["cases"] == cases
