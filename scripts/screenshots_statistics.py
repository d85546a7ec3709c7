#!/usr/bin/env python
"""Pictures of the statistics page: empty, few parts, full, and its export running.

    xvfb-run -a -s "-screen 0 1920x1080x24" python scripts/screenshots_statistics.py OUT [NAME …]

The record is made up: two jobs over a day, one of which begins to drift.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PySide6.QtWidgets import QApplication  # noqa: E402

from inspector.core.geometry import Box  # noqa: E402
from inspector.core.inspection import Defect, Part, Verdict  # noqa: E402
from inspector.core.trend import By  # noqa: E402
from inspector.gui.app import make_application, make_window  # noqa: E402
from inspector.gui.main_window import MainWindow  # noqa: E402
from inspector.gui.paths import Paths  # noqa: E402
from inspector.gui.settings import GuiSettings, SettingsFile  # noqa: E402
from inspector.gui.statistics.page import StatisticsPage  # noqa: E402
from inspector.gui.statistics.words import Span  # noqa: E402
from inspector.store.opening import open_store  # noqa: E402
from inspector.store.recorder import begin_run  # noqa: E402
from tests.support.records import part, run_start  # noqa: E402

SIZES = ((1280, 720), (1920, 1080))
TYPES = {"scratch": 9, "missing corner": 6, "dent": 4, "flipped": 2, "colour": 2, "crack": 1}
PARTS = 4200


def made_up(db: Path, count: int) -> None:
    """Parts over the last 47 hours; more of them fail towards the end."""
    rng = random.Random(4)  # noqa: S311 - a picture, no secret
    now = dt.datetime.now(dt.UTC)
    store = open_store(db)
    for job in ("metal nut", "bottle cap"):
        start = run_start(started_at=now, job=job, image_size=(1280, 800))
        recorder = begin_run(store, start)
        parts = []
        for n in range(count):
            at = now - dt.timedelta(hours=47) * (1 - (n + 1) / count)
            parts.append(_one(n, at, rng, n / count))
        recorder.write([], parts)
        recorder.close()
    store.close()


def _one(n: int, at: dt.datetime, rng: random.Random, progress: float) -> Part:
    rejects = 0.045 + (0.07 if progress > 0.93 else 0.0)
    latency = 11 + rng.gammavariate(2.0, 1.6)
    if rng.random() >= rejects:
        score = rng.gauss(0.31 + 0.02 * (progress > 0.8), 0.05)
        return part(n, score=score, at=at, latency_ms=latency)
    verdict = rng.choices((Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID), (6, 2, 1))[0]
    if verdict is Verdict.INVALID:
        return part(n, verdict, reason="picture too dark", at=at, latency_ms=latency)
    x, y = rng.choice(((340, 260), (860, 520), (900, 480)))
    x, y = int(rng.gauss(x, 70)), int(rng.gauss(y, 60))
    found: dict[str, Any] = {"defects": (Defect(Box(x, y, x + 40, y + 30), 500.0, 0.8),)}
    if verdict is Verdict.FAIL:
        found["defect_type"] = rng.choices(list(TYPES), list(TYPES.values()))[0]
    return part(n, verdict, score=rng.gauss(0.7, 0.1), at=at, latency_ms=latency, **found)


def spin(until: Callable[[], bool]) -> None:
    """Lets the window work until something holds."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        QApplication.processEvents()
        if until():
            return
        time.sleep(0.005)
    raise SystemExit("the picture's state did not come")


def page_of(window: MainWindow) -> StatisticsPage:
    window.open_page("statistics")
    page = window.page("statistics")
    assert isinstance(page, StatisticsPage)
    spin(lambda: window.context.work.pending == 0)
    return page


def choose(window: MainWindow, span: Span, by: By) -> StatisticsPage:
    page = page_of(window)
    page.view.span.setCurrentIndex(list(Span).index(span))
    page.view.by.setCurrentIndex(list(By).index(by))
    spin(lambda: window.context.work.pending == 0)
    return page


def light(window: MainWindow) -> None:
    window.context.theme.use("light")
    choose(window, Span.WEEK, By.HOUR)


def exporting(window: MainWindow) -> None:
    choose(window, Span.WEEK, By.HOUR).view.set_exporting("Writing statistics.html …", 0.6)


STATES: dict[str, tuple[int, Callable[[MainWindow], object]]] = {
    "statistics-empty": (0, page_of),
    "statistics-few": (12, page_of),
    "statistics-full": (PARTS, lambda window: choose(window, Span.WEEK, By.HOUR)),
    "statistics-job": (PARTS, lambda window: choose(window, Span.WEEK, By.JOB)),
    "statistics-light": (PARTS, light),
    "statistics-exporting": (PARTS, exporting),
}


def take(name: str, size: tuple[int, int], out: Path) -> None:
    """One picture, of a window of its own."""
    count, state = STATES[name]
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(Path(folder) / "jobs", Path(folder) / "models", Path(folder) / "record.db")
        if count:
            made_up(Path(folder) / "record.db", count)
        window = make_window(SettingsFile(None, GuiSettings(who="Anna")), paths)
        window.resize(*size)
        window.show()
        state(window)
        for _ in range(5):
            QApplication.processEvents()
        window.grab().save(str(out / f"{name}-{size[0]}x{size[1]}.png"))
        window.close_now()
        window.deleteLater()
        QApplication.processEvents()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(STATES)}; default: all")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    make_application(["inspector"])
    for name in arguments.names or STATES:
        for size in SIZES:
            take(name, size, arguments.out)
            sys.stdout.write(f"{name} {size}\n")


if __name__ == "__main__":
    main()
