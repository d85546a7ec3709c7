"""Which pictures of a stream lean on something that the decoder could not read."""

from __future__ import annotations

import cv2

from inspector.sources.capture import Capture
from inspector.sources.decoder_log import Complaint, Said, complaints

DAMAGED = "damaged picture: the stream lost data"
"""Of all pictures up to the next key frame."""
_INTRA = ord("I")


class DamageWatch:
    """Follows the pictures of one opened stream, decoded by one thread.

    FFmpeg conceals what is missing and hands out a picture that looks whole. Every later
    one leans on it, up to the next sound key frame: one that nothing was complained of, nor,
    as packets are read ahead, of the picture before it (but that something was missing there).
    """

    def __init__(self, said: Said) -> None:
        self._said = said
        self._damaged = self._renewed = False
        self._last: set[Complaint] = set()
        self._joining = True
        # opening tries to decode from the middle of the stream: that is no damage
        said()

    def fault(self, capture: Capture) -> str | None:
        """Of the picture just grabbed, to be called once for each."""
        has_key = bool(capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME))
        before, self._last = self._last, self._complaints(has_key=has_key)
        if self._last:
            self._damaged, self._renewed = True, False
        elif before <= {Complaint.MISSING}:
            # a key packet goes in first; where pictures are reordered its own comes out later
            self._renewed = self._renewed or has_key
            if self._renewed and round(capture.get(cv2.CAP_PROP_FRAME_TYPE)) == _INTRA:
                self._damaged = self._renewed = False
        return DAMAGED if self._damaged else None

    def _complaints(self, *, has_key: bool) -> set[Complaint]:
        joining, self._joining = self._joining, False
        found = complaints(self._said())
        if has_key:
            found -= {Complaint.MISSING, Complaint.JOINING} if joining else {Complaint.MISSING}
        return found
