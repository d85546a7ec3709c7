"""SimulatorSource: the simulated station as a source of frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from inspector.core.frame import Frame, Freshness, Image, SourceInfo
from inspector.errors import SourceInterrupted, StateError
from inspector.sources.options import SourceOptions
from inspector.sources.simulator.belt import Placement, placement
from inspector.sources.simulator.render import render_part
from inspector.sources.simulator.scene import Scene
from inspector.sources.simulator.spec import SimulatorSpec, parse_spec
from inspector.sources.simulator.surface import Sprite
from inspector.sources.simulator.truth import PartTruth, part_truth, plan_part
from inspector.sources.stamp import FrameStamper

_LATE_PERIODS = 4
"""A live reader later than this many frame periods has lost the frames in between."""


def open_simulator(spec: str, options: SourceOptions) -> SimulatorSource:
    """A source from a ``sim:`` address, not opened yet; raises SourceOpenError."""
    return SimulatorSource(parse_spec(spec), options, uri=spec)


class FrameMaker:
    """Makes frame i of a spec, bit for bit the same whenever and wherever it is asked for.

    The next part is rendered on a thread of its own while the present one is shown, so
    that no frame waits for it. One reader; close it, or use it as a context.
    """

    def __init__(self, spec: SimulatorSpec) -> None:
        self._spec = spec
        self._scene = Scene(spec)
        self._renderer = ThreadPoolExecutor(1, thread_name_prefix="simulator")
        self._sprites: dict[int, Future[Sprite]] = {}
        self._composed: tuple[Placement | None, Image] | None = None
        self._prepare(0)
        # the first part is due soon after the first frame, sooner than it renders
        wait(self._sprites.values())

    def __enter__(self) -> FrameMaker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def image(self, number: int) -> Image:
        """Frame ``number``: uint8 (height, width, 3) BGR, the caller's own."""
        at = placement(self._spec, number)
        if self._composed is None or self._composed[0] != at:
            self._composed = (at, self._compose(at))
        return self._scene.expose(self._composed[1], number)

    def close(self) -> None:
        """Ends the rendering thread; idempotent."""
        self._renderer.shutdown(wait=True, cancel_futures=True)
        self._sprites.clear()

    def _compose(self, at: Placement | None) -> Image:
        if at is None:
            return self._scene.compose(None, 0)
        self._prepare(at.part)
        self._prepare(at.part + 1)
        for old in [part for part in self._sprites if part not in (at.part, at.part + 1)]:
            self._sprites.pop(old).cancel()
        return self._scene.compose(self._sprites[at.part].result(), at.offset)

    def _prepare(self, part: int) -> None:
        beyond = self._spec.parts is not None and part >= self._spec.parts
        if part not in self._sprites and not beyond:
            plan = plan_part(self._spec, part)
            self._sprites[part] = self._renderer.submit(render_part, self._spec, plan)


class SimulatorSource:
    """A FrameSource (see core.protocols) that renders what a spec describes.

    Paced with ``realtime`` or ``as_live``, else as fast as it is read. As a live source
    it behaves like a camera: what a late reader misses is gone and shows as a gap of the
    index, and a re-open goes on with the next frame. Otherwise every frame is
    delivered, and a re-open starts over. Without such a loss or re-open, ``index`` is
    the frame number that the truth speaks of; ``pts_ns`` always tells it.
    """

    def __init__(
        self,
        spec: SimulatorSpec,
        options: SourceOptions,
        *,
        uri: str,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        """``clock`` in seconds; ``wait(event, seconds)`` is True once the event is set."""
        self._spec = spec
        self._options = options
        self._uri = uri
        self._clock = clock
        self._wait = wait
        self._interrupted = threading.Event()
        self._stamper = FrameStamper(
            station_id=options.station_id, source_id=f"sim-{spec.category}"
        )
        self._maker: FrameMaker | None = None
        self._next = 0
        self._start: float | None = None

    @property
    def spec(self) -> SimulatorSpec:
        return self._spec

    @property
    def is_live(self) -> bool:
        return self._options.as_live

    def truth(self, part: int) -> PartTruth:
        """What is true of part number ``part`` (from 0)."""
        return part_truth(self._spec, part)

    def open(self) -> SourceInfo:
        """Prepares belt and noise (about half a second at 1080p)."""
        self.close()
        self._interrupted.clear()
        if not self.is_live:
            self._next = 0
        self._start = None
        self._maker = FrameMaker(self._spec)
        return self._info()

    def read(self) -> Frame | None:
        """The next frame, None after the last; raises SourceInterrupted."""
        if self._maker is None:
            raise StateError("a simulator must be opened before it is read")
        self._stop_if_interrupted()
        self._skip_lost()
        number = self._next
        end = self._spec.frame_count
        if end is not None and number >= end:
            return None
        image = self._maker.image(number)
        self._pace(number)
        self._next = number + 1
        return self._stamper.stamp(image, pts_ns=round(number * 1e9 / self._spec.fps))

    def interrupt(self) -> None:
        """Makes a waiting and every later ``read`` end, until ``open``."""
        self._interrupted.set()

    def close(self) -> None:
        """Idempotent."""
        if self._maker is not None:
            self._maker.close()
            self._maker = None

    def _info(self) -> SourceInfo:
        still = self._spec.noise == 0.0
        freshness: Freshness = "timestamps" if still else "pixels"
        return SourceInfo(
            source_id=f"sim-{self._spec.category}",
            uri=self._uri,
            is_live=self.is_live,
            width=self._spec.width,
            height=self._spec.height,
            fps=self._spec.fps,
            frame_count=self._spec.frame_count,
            freshness=freshness,
        )

    def _stop_if_interrupted(self) -> None:
        if self._interrupted.is_set():
            raise SourceInterrupted(f"{self._uri}: interrupted")

    def _deadline(self, number: int) -> float:
        """When a frame is due; the clock starts with the first one asked for."""
        if self._start is None:
            self._start = self._clock() - number / self._spec.fps
        return self._start + number / self._spec.fps

    def _skip_lost(self) -> None:
        """A camera does not wait: frames long overdue were never grabbed."""
        if not self.is_live:
            return
        periods_late = (self._clock() - self._deadline(self._next)) * self._spec.fps
        if periods_late > _LATE_PERIODS:
            lost = int(periods_late)
            end = self._spec.frame_count
            lost = lost if end is None else min(lost, end - self._next)
            self._stamper.skip(lost)
            self._next += lost

    def _pace(self, number: int) -> None:
        if not (self._options.realtime or self.is_live):
            return
        ahead = self._deadline(number) - self._clock()
        if ahead > 0:
            self._wait(self._interrupted, ahead)
        self._stop_if_interrupted()
