"""The JSON document of a replay: a contract that other programs read."""

from __future__ import annotations

import json
import os
from pathlib import Path

from inspector.core.inspection import Verdict
from inspector.core.truth import TruthReport
from inspector.engine.status import PipelineStatus
from inspector.errors import ConfigError


def replay_document(
    *,
    source: str,
    status: PipelineStatus,
    truth: TruthReport | None,
    provider: str,
    variant: str,
    model_id: str,
    recipe_id: str,
    records_sha256: str,
) -> dict[str, object]:
    """Schema 1; ``truth`` is null where no truth was given."""
    return {
        "schema": 1,
        "source": source,
        "frames": frame_counts(status),
        "parts": part_counts(status),
        "truth": truth.as_dict() if truth else None,
        "latency_ms": latencies(status),
        "provider": provider,
        "variant": variant,
        "model_id": model_id,
        "recipe_id": recipe_id,
        "records_sha256": records_sha256,
    }


def frame_counts(status: PipelineStatus) -> dict[str, int]:
    return {
        "captured": status.captured,
        "dropped": status.dropped_total,
        "inspected": status.inspected,
        "failed": status.failed,
        "recorded": status.recorded,
        "no_part": status.no_part,
    }


def part_counts(status: PipelineStatus) -> dict[str, int]:
    verdicts = (Verdict.PASS, Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID)
    counts = {v.value.lower(): status.parts.get(v, 0) for v in verdicts}
    return {"total": status.parts_total, **counts}


def latencies(status: PipelineStatus) -> dict[str, dict[str, float]]:
    return {stage: p.as_dict() for stage, p in status.latency_ms.items()}


def check_json_place(path: Path | None) -> None:
    """Raises ConfigError where `write_json` could not put a file: asked before a run."""
    if path is None or str(path) == "-":
        return
    if path.is_dir():
        raise ConfigError(f"--json {path} is a folder: name a file")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"--json {path}: there is no folder {path.absolute().parent}")
    if not os.access(path.absolute().parent, os.W_OK):
        raise ConfigError(f"--json {path}: the folder may not be written")


def write_json(document: dict[str, object], path: Path) -> None:
    """Whole or not at all; ``-`` is standard output. Raises ConfigError."""
    text = json.dumps(document, indent=2, sort_keys=False, allow_nan=False) + "\n"
    if str(path) == "-":
        print(text, end="")  # noqa: T201 - asked for
        return
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from None
