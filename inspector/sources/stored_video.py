"""Where a video file is read: in this process, or where that cannot tell garbage, in another.

OpenCV 5.0.0 cannot make BGR of interlaced pictures and hands out whatever lay in memory, as if
nothing were wrong. Only FFmpeg's messages tell, and they can be read in a capture process alone
(see ``decoder_log``). So a file that may be interlaced is read there, and refused if it is.
"""

from __future__ import annotations

from pathlib import Path

from inspector.core.frame import Frame, SourceInfo
from inspector.core.protocols import FrameMemory, FrameSource
from inspector.errors import SourceOpenError, StateError
from inspector.sources.address import Address
from inspector.sources.isolated import IsolatedSource
from inspector.sources.options import SourceOptions
from inspector.sources.video import VideoSource


class StoredVideo:
    """A FrameSource over a video file; see ``VideoSource``."""

    def __init__(
        self, address: Address, options: SourceOptions, memory: FrameMemory | None = None
    ) -> None:
        self._address, self._options, self._memory = address, options, memory
        self._source: FrameSource | None = None

    def open(self) -> SourceInfo:
        """Raises SourceOpenError: missing, empty, cut off, interlaced, or not a video."""
        self.close()
        here = VideoSource(Path(self._address.target), self._options)
        info = here.open()
        if not here.may_be_interlaced:
            self._source = here
            return info
        here.close()
        self._source = IsolatedSource(self._address, self._options, memory=self._memory)
        try:
            return self._source.open()
        except OSError as error:
            self.close()
            raise SourceOpenError(
                f"video {self._address.shown}: it may be interlaced, and no process can be started"
                f" in which that is told: {error}"
            ) from None

    def read(self) -> Frame | None:
        """Raises what the source does that reads it."""
        if self._source is None:
            raise StateError(f"video {self._address.shown}: read before open")
        return self._source.read()

    def interrupt(self) -> None:
        """See FrameSource."""
        if self._source is not None:
            self._source.interrupt()

    def close(self) -> None:
        """See FrameSource."""
        source, self._source = self._source, None
        if source is not None:
            source.close()
