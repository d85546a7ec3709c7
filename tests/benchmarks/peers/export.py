#!/usr/bin/env python
"""Fits the peers on the good pictures of a category and writes their ONNX files.

With the Python of the peers' environment, from the checkout's root:

    ENV/bin/python -m tests.benchmarks.peers.export DATA/transistor --out DIR [--peer NAME …]

``DIR/NAME`` gets the ONNX file and ``peer.json``, which says how to feed it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
from dataclasses import replace
from pathlib import Path

import torch

from tests.benchmarks.peers import anomalib_peers, anomavision_peers
from tests.benchmarks.peers.exported import Job, good_pictures

PEERS = {**anomalib_peers.PEERS, **anomavision_peers.PEERS}
_SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("category", type=Path, help="its folder, with train/good")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--peer", action="append", choices=PEERS, help="default: all of them")
    parser.add_argument("--resnet18", type=Path, help="torchvision's weights; else random")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    torch.set_num_threads(options.threads)
    good = good_pictures(options.category)
    for name in options.peer or PEERS:
        _export(name, Job(good, options.out / name, options.resnet18))


def _export(name: str, job: Job) -> None:
    torch.manual_seed(_SEED)
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir(parents=True)
    exported = PEERS[name](job)
    version = importlib.metadata.version(exported.library)
    replace(exported, version=version, fit_seconds=round(exported.fit_seconds, 1)).write(job.folder)
    print(f"{name}: fitted in {exported.fit_seconds:.1f} s, weights {exported.weights}")


if __name__ == "__main__":
    main()
