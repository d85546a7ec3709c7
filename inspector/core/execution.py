"""Execution: on what the networks run, and how much of it they may take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from inspector.core.strict import Strict

ProviderChoice = Literal["auto", "cpu", "cuda", "tensorrt"]


class Execution(Strict):
    """How models are run; the defaults suit a station of one to four cameras.

    Attributes:
        provider: ``auto`` takes CUDA where it works, else the CPU; any other is required,
            and its absence an error.
        gpu_mem_limit_mb: MiB that one model's arena may take of the GPU. A changeover holds
            up to three models, so a third of the card is the most that is sensible.
        cuda_graph: replay a recorded CUDA graph instead of launching operator by operator.
        strict: refuse a model of which the provider leaves a single operator to the CPU.
        spin: let idle network threads spin on their cores (CPU): a little less time a
            picture, paid for by capture and screen.
    """

    provider: ProviderChoice = "auto"
    gpu_mem_limit_mb: Annotated[int, Field(ge=256, le=1_000_000)] = 2048
    cuda_graph: bool = True
    strict: bool = False
    spin: bool = False
