"""What a run writes to the log: its beginning, outages, changeovers, rejects and its end."""

from __future__ import annotations

import logging

from inspector.core.frame import Frame
from inspector.core.inspection import Part, Verdict
from inspector.engine.changeover import Takeover
from inspector.engine.status import PipelineStatus
from inspector.station.report import frame_counts, part_counts

_log = logging.getLogger(__name__)


class RunLog:
    """One run's lines; every one carries ``run_id`` and ``station_id``."""

    def __init__(self, run_id: str, station_id: str) -> None:
        self._names = {"run_id": run_id, "station_id": station_id}

    def begin(self, *, source: str, model_id: str, provider: str, recipe_id: str) -> None:
        facts = {"source": source, "model_id": model_id, "provider": provider}
        _log.info("run began", extra=self._names | facts | {"recipe_id": recipe_id})

    def on_event(self, kind: str, detail: str) -> None:
        _log.warning("%s: %s", kind, detail, extra=self._names | {"kind": kind})

    def on_takeover(self, takeover: Takeover) -> None:
        facts = {"who": takeover.who, "reason": takeover.reason, "model_id": takeover.model_id}
        _log.info("another model or recipe took over", extra=self._names | facts)

    def on_part(self, part: Part, frame: Frame | None) -> None:
        """Rejects are few and wanted; good parts only where somebody looks for a fault."""
        level = logging.DEBUG if part.verdict is Verdict.PASS else logging.INFO
        if _log.isEnabledFor(level):
            facts = {"part_id": part.part_id, "score": part.score, "reason": part.reason}
            text = f"part {part.part_index} {part.verdict}"
            _log.log(level, text, extra=self._names | facts)

    def finish(self, status: PipelineStatus) -> tuple[str, ...]:
        facts: dict[str, object] = {
            "state": status.state.value,
            "stop_reason": status.stop_reason.value if status.stop_reason else None,
            "frames": frame_counts(status),
            "parts": part_counts(status),
            "restarts": status.restarts,
            "running_s": round(status.running_s, 1),
        }
        error = status.first_error
        level = logging.INFO if error is None else logging.ERROR
        _log.log(level, "run ended", exc_info=error, extra=facts | self._names)
        return ()
