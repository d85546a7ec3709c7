"""What a failed run means for the GPU: out of memory, broken, or gone.

ONNX Runtime has no exception types for these: a CUDA call that fails becomes "CUDA failure
700: an illegal memory access was encountered ; GPU=0 ; …" (cuDNN, cuBLAS and cuRAND alike),
its arena says "Failed to allocate memory for requested buffer of size …", and all come as a
Fail, a RuntimeException or, through an I/O binding, a RuntimeError. So their words are read.
"""

from __future__ import annotations

import re
from enum import Enum


class Trouble(Enum):
    """MEMORY and FAILED may pass with a new session; after LOST nothing of this process
    can use the GPU any more."""

    MEMORY = "the GPU is out of memory"
    FAILED = "the GPU failed"
    LOST = "the GPU is lost"


_MEMORY = re.compile(
    r"failed to allocate memory|available memory of \d+ is smaller|out of memory"
    r"|_STATUS_ALLOC_FAILED|DEVICE_ALLOCATION_FAILED|cudaErrorMemoryAllocation",
    re.IGNORECASE,
)
# after these every later CUDA call of the process fails, too (CUDA's manual: "sticky"):
# ECC 214, NVLink 220, contained 721, illegal address 700, time-out 702, context 709,
# assert 710, stack 714, instruction 715, alignment 716, space 717, counter 718, launch 719,
# no or unavailable device 46, 100, 101, unknown 999
_STICKY = re.compile(
    r"(?:CUDA (?:failure|error)|cudaError(?:_t)?)[ :=(]*"
    r"(?:46|100|101|214|220|700|702|709|710|714|715|716|717|718|719|721|999)\b"
)
_LOST = re.compile(
    r"illegal memory access|illegal instruction|cudaErrorIllegal|misaligned address"
    r"|unspecified launch failure|cudaErrorLaunch|device lost|GPU is lost|fallen off the bus"
    r"|uncorrectable ECC|no CUDA-capable device|devices?\(?s?\)? (?:is|are|is/are) (?:busy or)?"
    r" ?unavailable|cudaErrorDevicesUnavailable|cudaErrorNoDevice|context is destroyed"
    r"|device not ready for use",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"\b(?:CUDA|CUDNN|CUBLAS|CUFFT|CURAND) (?:failure|error)|CUDNN_STATUS_|CUBLAS_STATUS_"
    r"|cudaError[A-Z]|\[?TensorRT EP\]?.*(?:fail|error)",
    re.IGNORECASE,
)


def trouble_of(message: str) -> Trouble | None:
    """From all that an error of ONNX Runtime says; None where it is not the GPU's."""
    if _STICKY.search(message) or _LOST.search(message):
        return Trouble.LOST
    if _MEMORY.search(message):
        return Trouble.MEMORY
    return Trouble.FAILED if _FAILED.search(message) else None
