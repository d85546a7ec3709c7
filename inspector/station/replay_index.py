"""What a replay decided, frame by frame, kept at hand while a person looks through it."""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inspector.core.frame import Frame
from inspector.core.inspection import Inspection, Part, Prediction, Verdict
from inspector.core.recipe import Thresholds
from inspector.core.timeline import NOT_YET, VERDICT_CODES, Timeline, marks_of
from inspector.core.truth import TruePart
from inspector.engine.judging import Decision
from inspector.engine.playback import Recorded

MAPS_BYTES = 96 << 20
"""Maps beyond this are made again when somebody looks (a 64×64 map takes 8 KB)."""
MOST_EXPECTED = 10_000_000
"""Two days at 60 a second; a container that promises more is damaged."""
_CODE = {verdict: code for code, verdict in enumerate(VERDICT_CODES)}


class ReplayIndex:
    """A `FrameObserver` and part listener of a run, read from any other thread.

    Keeps 17 bytes a frame, the inspections (about 1 KB) of frames with a verdict, and
    their maps as float16, for display only, up to ``maps_bytes``.
    """

    def __init__(
        self,
        truth: Sequence[TruePart] | None = None,
        *,
        maps_bytes: int = MAPS_BYTES,
    ) -> None:
        self._lock = threading.Lock()
        self._t1 = self._t2 = math.nan
        self._truth = truth
        self._expected = 0
        self._maps_left = maps_bytes
        self._scores = array("d")
        self._codes = array("B")
        self._pts = array("q")
        self._inspections: dict[int, tuple[Inspection, ...]] = {}
        self._maps: dict[int, tuple[Prediction | None, ...]] = {}
        self._parts: list[Part] = []
        self._timeline: Timeline | None = None

    def expect(self, frames: int | None, thresholds: Thresholds) -> None:
        """What is to come, once the footage is open: its frames (None: unknown), T1 and T2."""
        with self._lock:
            self._expected = frames if frames and frames <= MOST_EXPECTED else 0
            self._t1, self._t2 = thresholds.t1, thresholds.t2

    def on_decision(self, decision: Decision) -> None:
        """See FrameObserver."""
        frame = decision.ticket.frame
        finite = [i.score for i in decision.inspections if math.isfinite(i.score)]
        maps = self._compact(decision.predictions)
        with self._lock:
            self._fill_up_to(frame.index)
            self._scores.append(max(finite, default=math.nan))
            self._codes.append(_CODE[decision.verdict])
            self._pts.append(-1 if frame.pts_ns is None else frame.pts_ns)
            if decision.verdict is not Verdict.NO_PART:
                self._inspections[frame.index] = decision.inspections
            if maps is not None:
                self._maps[frame.index] = maps

    def on_part(self, part: Part, frame: Frame | None) -> None:
        """A `PartListener`."""
        with self._lock:
            self._parts.append(part)

    def parts(self) -> tuple[Part, ...]:
        """Those that have ended, in the order they were recorded."""
        with self._lock:
            return tuple(self._parts)

    def recorded(self, index: int) -> Recorded | None:
        """What was decided on a frame; None where the run has not been there yet."""
        with self._lock:
            if not 0 <= index < len(self._codes) or self._codes[index] == NOT_YET:
                return None
            if VERDICT_CODES[self._codes[index]] is Verdict.NO_PART:
                return Recorded((), ())
            inspections, maps = self._inspections[index], self._maps.get(index)
        return Recorded(inspections, None if maps is None else tuple(map(_expanded, maps)))

    def pts_of(self, index: int) -> int | None:
        """When the run saw a frame, ns of the footage's clock; None where it has none."""
        with self._lock:
            known = 0 <= index < len(self._pts) and self._codes[index] != NOT_YET
            return self._pts[index] if known and self._pts[index] >= 0 else None

    def timeline(self) -> Timeline:
        """As it stands; the marks are made anew only where parts have been added."""
        with self._lock:
            n = max(len(self._codes), self._expected)
            scores = np.full(n, np.nan, np.float32)
            codes = np.full(n, NOT_YET, np.uint8)
            scores[: len(self._scores)] = self._scores
            codes[: len(self._codes)] = self._codes
            parts, before = tuple(self._parts), self._timeline
        known = before is not None and _count_parts(before) == len(parts)
        marks = before.marks if before is not None and known else marks_of(parts, self._truth)
        made = Timeline(scores, codes, marks, self._t1, self._t2)
        with self._lock:
            self._timeline = made
        return made

    def _fill_up_to(self, index: int) -> None:
        while len(self._codes) < index:
            self._scores.append(math.nan)
            self._codes.append(NOT_YET)
            self._pts.append(-1)

    def _compact(
        self, predictions: Sequence[Prediction | None]
    ) -> tuple[Prediction | None, ...] | None:
        """None where there are no maps to keep, or no room for them."""
        sizes = [2 * p.anomaly_map.size for p in predictions if p and p.anomaly_map is not None]
        if not sizes or sum(sizes) > self._maps_left:
            return None
        self._maps_left -= sum(sizes)
        return tuple(_as_type(p, np.float16) for p in predictions)


def _count_parts(timeline: Timeline) -> int:
    return sum(mark.part is not None for mark in timeline.marks)


def _expanded(prediction: Prediction | None) -> Prediction | None:
    return _as_type(prediction, np.float32)


def _as_type(prediction: Prediction | None, kind: type[np.floating]) -> Prediction | None:
    if prediction is None or prediction.anomaly_map is None:
        return prediction
    # a score beyond the range of float16 becomes infinite, and is drawn as hot as can be
    with np.errstate(over="ignore"):
        heat = prediction.anomaly_map.astype(kind)
    return replace(prediction, anomaly_map=heat)
