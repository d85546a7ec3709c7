"""LogRule: how much is written to the log, and how much disk it may take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from inspector.core.strict import Strict


class LogRule(Strict):
    """``files`` older ones of ``max_mb`` megabytes each are kept beside the newest."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    max_mb: Annotated[int, Field(ge=1, le=1000)] = 20
    files: Annotated[int, Field(ge=1, le=100)] = 5
