"""Camera settings of a job: what the device is asked for, and checked for afterwards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from inspector.core.manifest import Strict


class CameraSettings(Strict):
    """Units are the driver's own where none is named; None leaves a value alone.

    Setting ``exposure``, ``white_balance_k`` or ``focus`` switches the automatic mode
    of that value off.
    """

    width: Annotated[int, Field(ge=16, le=16384)] | None = None
    height: Annotated[int, Field(ge=16, le=16384)] | None = None
    fps: Annotated[float, Field(gt=0, le=1000)] | None = None
    pixel_format: Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")] | None = None
    exposure: float | None = None
    gain: float | None = None
    white_balance_k: float | None = None
    focus: float | None = None
    backend: Literal["auto", "v4l2", "dshow", "msmf"] = "auto"
