#!/usr/bin/env python
"""How long the window's event loop is kept waiting while it shows a 1080p line, and the line.

    xvfb-run -a -s "-screen 0 1920x1080x24" python tests/benchmarks/gui_event_loop.py --seconds 60

A precise timer of 2 ms runs beside everything else; how much later than that it fires is
the time for which the window would not have answered a touch. On a busy machine most of it
is waiting for a core: the GUI thread's own computing a turn is given beside it. Also: from
the click on Start to the first live picture painted, resident memory early and late, and of
the line itself what was dropped and how old frames were at their verdict (``--fps 30`` for the
camera that most lines have).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from PySide6.QtCore import QEvent, QObject, Qt, QTimer  # noqa: E402

from inspector.config import RunConfig  # noqa: E402
from inspector.core.geometry import Roi  # noqa: E402
from inspector.gui.app import make_application, make_window  # noqa: E402
from inspector.gui.live.page import LivePage  # noqa: E402
from inspector.gui.main_window import MainWindow  # noqa: E402
from inspector.gui.paths import Paths  # noqa: E402
from inspector.gui.settings import GuiSettings, SettingsFile  # noqa: E402
from inspector.station.long_lived import set_aside  # noqa: E402

TICK_MS = 2
SOURCE = "sim:metal_nut?seed=1&defect_rate=0.2&width=1920&height=1080"


class GapMeter(QObject):
    """Milliseconds between turns of the event loop, beyond the timer's own."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self.busy: list[float] = []
        self._last, self._last_busy = time.perf_counter(), time.thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now, busy = time.perf_counter(), time.thread_time()
        self.gaps.append(max(0.0, 1000 * (now - self._last) - TICK_MS))
        self.busy.append(1000 * (busy - self._last_busy))
        self._last, self._last_busy = now, busy

    def restart(self) -> None:
        self.gaps.clear()
        self.busy.clear()
        self._last, self._last_busy = time.perf_counter(), time.thread_time()

    def stop(self) -> None:
        self._timer.stop()

    def summary(self) -> dict[str, float]:
        return _percentiles(self.gaps)

    def own_work(self) -> dict[str, float]:
        """Of the GUI thread's own computing between two turns, whatever else runs beside."""
        return _percentiles(self.busy)


def _percentiles(values: list[float]) -> dict[str, float]:
    p50, p99, most = np.percentile(values or [0.0], [50, 99, 100])
    return {"p50": round(p50, 2), "p99": round(p99, 2), "max": round(most, 2)}


class FirstPaint(QObject):
    """When the live picture was first painted with a picture in it."""

    def __init__(self, page: LivePage) -> None:
        super().__init__()
        self._picture = page.view.live_picture
        self._picture.installEventFilter(self)
        self.at: float | None = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        painting = event.type() is QEvent.Type.Paint
        if painting and self.at is None and self._picture.shown is not None:
            self.at = time.perf_counter()
        return False


def measure(window: MainWindow, seconds: float) -> dict[str, object]:
    application = make_application([])
    page = window.page("live")
    assert isinstance(page, LivePage)
    meter, first = GapMeter(), FirstPaint(page)
    process, memory = psutil.Process(), []
    clicked = time.perf_counter()
    page.view._start.click()
    starting: dict[str, float] = {}

    def watch() -> None:
        if first.at is not None and not starting:
            starting.update(meter.summary())
            meter.restart()
        memory.append(process.memory_info().rss / 1e6)
        if time.perf_counter() - clicked > seconds:
            ticker.stop()
            meter.stop()
            # quit() would ask the window, and that one asks its person
            application.exit(0)

    ticker = QTimer()
    ticker.timeout.connect(watch)
    ticker.start(500)
    application.exec()
    status = window.context.runs.snapshot
    assert status is not None
    assert status.status is not None
    shown = sum(page.controller.counts.values())
    return {
        "click_to_live_picture_s": round(first.at - clicked, 3) if first.at else None,
        "gaps_while_starting_ms": starting,
        "gaps_while_running_ms": meter.summary(),
        "own_work_between_turns_ms": meter.own_work(),
        "gui_share_of_a_core": round(sum(meter.busy) / 1000 / max(seconds, 1e-9), 3),
        "load_average": psutil.getloadavg()[0],
        "turns": len(meter.gaps),
        "captured_fps": round(status.status.capture_fps, 1),
        "inspected_fps": round(status.status.inspect_fps, 1),
        "dropped": {cause.value: count for cause, count in status.status.dropped.items()},
        "verdict_age_ms": status.status.latency_ms["age"].as_dict(),
        "parts": shown,
        "rss_mb_after_5_s": round(memory[min(9, len(memory) - 1)], 1),
        "rss_mb_at_the_end": round(memory[-1], 1),
        "rss_mb_every_10_s": [round(value) for value in memory[19::20]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--fps", type=int, default=60, help="of the simulated line")
    parser.add_argument("--source", help="another line at 1080p instead")
    parser.add_argument("--switch-ms", type=float, help="interval of the interpreter lock")
    parser.add_argument("--page", help="a page to bring to the front while it runs")
    arguments = parser.parse_args()
    if arguments.switch_ms:
        sys.setswitchinterval(arguments.switch_ms / 1000)
    application = make_application(["benchmark"])
    config = RunConfig(
        source=arguments.source or f"{SOURCE}&fps={arguments.fps}",
        model=ROOT / "models/metal_nut/1",
        roi=Roi(480, 60, 960, 960),
        empty_frames=(0, 4),
    )
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(jobs=Path(folder), models=ROOT / "models", db=Path(folder) / "record.db")
        window = make_window(SettingsFile(None, GuiSettings()), paths, given=config)
        window.resize(1920, 1080)
        window.show()
        application.processEvents()
        # as the program does before its event loop
        set_aside()
        if arguments.page:
            QTimer.singleShot(5000, lambda: window.open_page(arguments.page))
        figures = measure(window, arguments.seconds)
        window.close_now()
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
