#!/usr/bin/env python
"""What a 1080p30 H.264 stream costs the station, from a real RTSP server on loopback.

    python tests/benchmarks/rtsp_live.py --seconds 20

A clip is rendered by the simulator and encoded once, then sent at its own pace by GStreamer
(`tests/support/rtsp_server.py`; needs gir1.2-gst-rtsp-server-1.0, python3-gi,
gstreamer1.0-plugins-good and -bad under the system's Python). Told: CPU time of a frame in the
capture process and in the station, frames lost and dropped, the age at verdict as the station
counts it (from the decoded frame on), and from the packet's sending on. Then what the steps of
a frame cost one by one, to see what could be saved by skipping any of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import psutil  # noqa: E402

from inspector.config import RunConfig  # noqa: E402
from inspector.core.geometry import Roi  # noqa: E402
from inspector.core.presence import (  # noqa: E402
    Presence,
    PresenceRule,
    PresenceWatcher,
    encode_thumbnail,
)
from inspector.engine.judging import Decision  # noqa: E402
from inspector.sources.factory import open_source  # noqa: E402
from inspector.sources.options import SourceOptions  # noqa: E402
from inspector.sources.ring import FrameRing, RingLayout  # noqa: E402
from inspector.sources.stamp import FrameStamper  # noqa: E402
from inspector.station.build import build_station, check_ended  # noqa: E402
from inspector.vision.presence import thumbnail  # noqa: E402

WIDTH, HEIGHT, FPS = 1920, 1080, 30
SIMULATED = f"sim:metal_nut?seed=1&width={WIDTH}&height={HEIGHT}&fps={FPS}"
ROI = Roi(480, 60, 960, 960)
SPARE_S = 8
"""The clip is longer than the run by this: the stream must not end first."""
PYTHON = "/usr/bin/python3"


def make_clip(path: Path, seconds: float) -> None:
    command = [PYTHON, str(Path(__file__).with_name("encode_h264.py"))]
    command += [str(WIDTH), str(HEIGHT), str(FPS), str(path)]
    source = open_source(SIMULATED, SourceOptions())
    source.open()
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for _ in range(round(FPS * (seconds + SPARE_S))):
            frame = source.read()
            assert frame is not None
            encoder.stdin.write(frame.image.tobytes())
        encoder.stdin.close()
    source.close()
    if encoder.returncode:
        raise SystemExit("the clip could not be encoded")


@contextmanager
def served(clip: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    """(address, the monotonic ns at which the clip's time 0 was sent)."""
    command = [PYTHON, str(ROOT / "tests/support/rtsp_server.py"), "--file", str(clip)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout
        assert said is not None
        try:
            port = said.readline().split()[1]
            yield f"rtsp://127.0.0.1:{port}/line", lambda: int(said.readline().split()[1])
        finally:
            process.kill()


class Ages:
    """Milliseconds from sending to the decoded frame and to the verdict; a frame observer."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, float]] = []

    def on_decision(self, decision: Decision) -> None:
        frame = decision.ticket.frame
        if decision.was_judged:
            self.rows.append((frame.index, frame.captured_ns, decision.timings.age))

    def since_sent(self, base_ns: int, first: int) -> tuple[list[float], list[float]]:
        """From frame ``first`` on. Frames are told by their number: the stream's own time, as
        OpenCV gives it, may be off by a frame.
        """
        rows = [row for row in self.rows if row[0] >= first]
        decoded = [(captured - base_ns) / 1e6 - 1000 * index / FPS for index, captured, _ in rows]
        ages = [age for *_, age in rows]
        return decoded, [d + a for d, a in zip(decoded, ages, strict=True)]


def live(clip: Path, seconds: float) -> dict[str, object]:
    ages = Ages()
    with served(clip) as (address, base_ns):
        stale_ms = backlog_ms(address, base_ns)
        config = RunConfig(
            source=address, model=ROOT / "models/metal_nut/1", roi=ROI, empty_frames=(0, 4)
        )
        # the empty belt is taught from the same stream: it plays from its start for each client
        with build_station(config, frame_observers=[ages]) as station:
            base_ns()
            me, children = psutil.Process(), psutil.Process().children()
            before = cpu_s(me), sum(cpu_s(c) for c in children)
            station.pipeline.start()
            station.pipeline.wait(seconds)
            after = cpu_s(me), sum(cpu_s(c) for c in children)
            station.pipeline.stop()
            status = station.finish()
        sent = base_ns()
    check_ended(status)
    # what came in while the stream was being opened is worked off in the first second
    decoded, verdict = ages.since_sent(sent, first=2 * FPS)
    age = status.latency_ms["age"]
    return {
        "frames": status.captured,
        "frames_per_s": round(status.captured / status.running_s, 2),
        "dropped": {cause.value: count for cause, count in status.dropped.items()},
        "restarts": status.restarts,
        "inspected": len(ages.rows),
        "stale_at_opening_ms": stale_ms,
        "age_at_verdict_ms": age.as_dict(),
        "sent_to_decoded_ms": percentiles(decoded),
        "sent_to_verdict_ms": percentiles(verdict),
        "capture_process_cpu_ms_a_frame": round(1000 * (after[1] - before[1]) / status.captured, 2),
        "station_cpu_ms_a_frame": round(1000 * (after[0] - before[0]) / status.captured, 2),
    }


def backlog_ms(address: str, base_ns: Callable[[], int]) -> float:
    """How old the first frame is by the time it is decoded."""
    source = open_source(address, SourceOptions())
    source.open()
    frame = source.read()
    assert frame is not None
    sent = base_ns()
    source.close()
    return round((frame.captured_ns - sent) / 1e6, 1)


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def percentiles(values: list[float]) -> dict[str, float]:
    p50, p99, most = np.percentile(values or [0.0], [50, 99, 100])
    return {"p50": round(float(p50), 2), "p99": round(float(p99), 2), "max": round(float(most), 2)}


class Steps:
    """Median CPU time of named steps, on one thread, ms."""

    def __init__(self) -> None:
        self.taken: dict[str, list[int]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.thread_time_ns()
        yield
        self.taken.setdefault(name, []).append(time.thread_time_ns() - start)

    def medians(self) -> dict[str, float]:
        return {name: round(float(np.median(t)) / 1e6, 3) for name, t in self.taken.items()}


def step_by_step(clip: Path, frames: int) -> dict[str, float]:
    """As the capture process and the capture thread do it, with one decoding thread."""
    steps = Steps()
    capture = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    stamper = FrameStamper(station_id="bench", source_id="clip")
    layout = RingLayout(8, WIDTH, HEIGHT)
    ring = FrameRing.create(layout)
    writer = FrameRing.attach(ring.name, layout)
    watcher: PresenceWatcher | None = None
    for _ in range(frames):
        with steps.step("grab: demux and decode"):
            if not capture.grab():
                break
        with steps.step("retrieve: YUV to BGR"):
            _, image = capture.retrieve()
        frame = stamper.stamp(np.asarray(image, np.uint8), pts_ns=None)
        with steps.step("into the ring"):
            writer.write(frame)
        with steps.step("out of the ring"):
            taken = ring.read(first_index=0, station_id="bench", source_id="clip")
        assert taken is not None
        if watcher is None:
            taught = encode_thumbnail(thumbnail(taken.image, ROI))
            watcher = PresenceWatcher(PresenceRule(reference=taught))
        with steps.step("presence"):
            seen = watcher.update(thumbnail(taken.image, ROI))
        assert seen is not Presence.UNKNOWN
    capture.release()
    writer.close()
    ring.close()
    return steps.medians()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--clip", type=Path, help="kept there, and used again if it exists")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = arguments.clip or Path(folder) / "clip.mp4"
        if not clip.exists():
            make_clip(clip, arguments.seconds)
        found = {
            "stream": f"{WIDTH}x{HEIGHT} at {FPS} fps, H.264 over RTSP/TCP on loopback",
            "live": live(clip, arguments.seconds),
            "cpu_ms_by_step": step_by_step(clip, 200),
        }
    text = json.dumps(found, indent=2)
    sys.stdout.write(text + "\n")
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
