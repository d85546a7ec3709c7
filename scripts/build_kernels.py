#!/usr/bin/env python
"""Compiles ``inspector/inference/shrink.cu`` to the PTX beside it.

    pip install nvidia-cuda-nvrtc-cu12==12.4.127
    python scripts/build_kernels.py

Any NVRTC will do (``--nvrtc FILE`` names one), but the driver must be at least as new as the
PTX, and this one asks for 550. No GPU is needed. The first line of the PTX holds the digest
of its source: a test compares them.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.metadata
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "inspector/inference/shrink.cu"
# the oldest that ONNX Runtime's CUDA provider runs on
OPTIONS = (b"--gpu-architecture=compute_75",)


def compiled(source: bytes, nvrtc: ctypes.CDLL) -> bytes:
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, b"shrink.cu", 0, None, None)
    options = (ctypes.c_char_p * len(OPTIONS))(*OPTIONS)
    failed = nvrtc.nvrtcCompileProgram(program, len(OPTIONS), options)
    if failed:
        raise SystemExit(_text(nvrtc, program, "ProgramLog").decode())
    return _text(nvrtc, program, "PTX")


def _text(nvrtc: ctypes.CDLL, program: ctypes.c_void_p, what: str) -> bytes:
    size = ctypes.c_size_t()
    getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    held = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{what}")(program, held)
    return held.value


def _installed() -> str:
    place = "nvidia/cuda_nvrtc/lib/libnvrtc.so.12"
    return str(importlib.metadata.distribution("nvidia-cuda-nvrtc-cu12").locate_file(place))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nvrtc", default=None)
    library = ctypes.CDLL(parser.parse_args().nvrtc or _installed())
    source = SOURCE.read_bytes()
    digest = hashlib.sha256(source).hexdigest()
    ptx = f"// of shrink.cu, sha256 {digest}\n".encode() + compiled(source, library)
    SOURCE.with_suffix(".ptx").write_bytes(ptx)


if __name__ == "__main__":
    main()
