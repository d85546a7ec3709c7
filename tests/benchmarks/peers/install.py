#!/usr/bin/env python
"""Makes the peers' own environment: ``python tests/benchmarks/peers/install.py --env DIR``.

Several gigabytes: torchvision needs the full build of torch, which also runs on a CPU.
Nothing of it is seen by the project's environment.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
DEFAULT = Path.home() / ".cache" / "inspector-peers"


def python_of(env: Path) -> Path:
    return env / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", type=Path, default=DEFAULT, help=f"folder (default {DEFAULT})")
    env = parser.parse_args().env.resolve()
    if env.is_relative_to(ROOT):
        parser.error(f"{env} lies inside of the checkout: choose a folder outside of it")
    if not python_of(env).exists():
        venv.create(env, with_pip=True)
    command = [python_of(env), "-m", "pip", "install", "-r", HERE / "requirements.txt"]
    subprocess.run([str(part) for part in command], check=True)
    print(f"export with: {python_of(env)} -m tests.benchmarks.peers.export --help")


if __name__ == "__main__":
    main()
