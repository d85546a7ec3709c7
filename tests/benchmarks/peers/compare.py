#!/usr/bin/env python
"""Our package against the peers' exported files: time and AUROC on the same test pictures.

With the project's Python, from the checkout's root:

    python -m tests.benchmarks.peers.compare DATA/transistor --peers DIR --package PACKAGE

``--json FILE`` keeps every figure, ``--markdown FILE`` the table (printed otherwise).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

from tests.benchmarks.peers.contenders import Contender, ours, peers_in
from tests.benchmarks.peers.measuring import Course, advantage, percentiles, race, ranking, ratio
from tests.benchmarks.peers.table import markdown
from training.datasets import Category, read_image

_CORES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("category", type=Path, help="its folder, with test/good and test/KIND")
    parser.add_argument("--peers", type=Path, required=True, help="where export.py wrote")
    parser.add_argument("--peer", action="append", help="its name, default: all in there")
    parser.add_argument(
        "--package",
        type=Path,
        action="append",
        required=True,
        help="our model package; several (of other sizes) may be given, the first sets the ratios",
    )
    parser.add_argument("--variant", action="append", help="of ours, default: int8 and fp32")
    parser.add_argument("--threads", type=int, default=_CORES)
    parser.add_argument("--rounds", type=int, default=2, help="times over all pictures")
    parser.add_argument("--block", type=int, default=10, help="pictures in a turn")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    _pin(_CORES)
    contenders = [
        ours(package, variant, options.threads)
        for package in options.package
        for variant in options.variant or ("int8", "fp32")
    ] + peers_in(options.peers, options.peer, options.threads)
    samples = Category(options.category.name, options.category).test()
    pictures = [read_image(sample.path) for sample in samples]
    courses = race(
        contenders, pictures, rounds=options.rounds, block=options.block, report=_progress
    )
    defective = np.array([sample.is_defective for sample in samples])
    document = {
        "category": options.category.name,
        "good": int((~defective).sum()),
        "defective": int(defective.sum()),
        "rounds": options.rounds,
        "block": options.block,
        "machine": _machine(options.threads),
        "contenders": _figures(contenders, courses, defective),
    }
    if options.json:
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if options.markdown:
        options.markdown.write_text(markdown(document), "utf-8")
    else:
        print(markdown(document))


def _figures(
    contenders: Sequence[Contender], courses: Sequence[Course], defective: np.ndarray
) -> list[dict[str, object]]:
    """Of each one, beside the first of ours."""
    reference = courses[0]
    rows: list[dict[str, object]] = []
    for contender, course in zip(contenders, courses, strict=True):
        ranks = contender.ranks
        rows.append(
            {
                "name": contender.name,
                "title": contender.title,
                "size": contender.size,
                "megabytes": round(contender.megabytes, 1),
                "fit_seconds": contender.fit_seconds,
                "network_ms": percentiles(course.network_ms),
                "total_ms": percentiles(course.total_ms),
                "network_ratio": ratio(course.network_ms, reference.network_ms),
                "total_ratio": ratio(course.total_ms, reference.total_ms),
                "auroc": ranking(course.scores, defective) if ranks else None,
                "advantage": advantage(reference.scores, course.scores, defective)
                if ranks and course is not reference
                else None,
            }
        )
    return rows


def _pin(cores: int) -> None:
    """To the first few cores, where there are more: two are what a station has."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def _machine(threads: int) -> dict[str, object]:
    return {
        "processor": _processor(),
        "cores": _CORES,
        "threads": threads,
        "load": [round(value, 1) for value in os.getloadavg()] if os.name == "posix" else None,
        "python": platform.python_version(),
        "onnxruntime": ort.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
    }


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _progress(done: int, of: int) -> None:
    print(f"\rblock {done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
