"""Which pictures of a stream lean on something that the decoder could not read."""

from __future__ import annotations

import cv2

from inspector.sources.capture import Capture
from inspector.sources.decoder_log import Complains

DAMAGED = "damaged picture: the stream lost data"
"""Of all pictures up to the next key frame."""
_INTRA = ord("I")


class DamageWatch:
    """Follows the pictures of one opened stream, decoded by one thread.

    FFmpeg conceals what is missing and hands out a picture that looks whole. Every later
    one leans on it, up to a key frame. What is complained of may belong to the packet
    *behind* the picture, which was read to see where this one ends: a key frame counts where
    neither it nor the picture before it came with a complaint.
    """

    def __init__(self, complains: Complains) -> None:
        self._complains = complains
        self._damaged = self._complained = self._renewed = False
        # opening tries to decode from the middle of the stream: that is no damage
        complains()

    def fault(self, capture: Capture) -> str | None:
        """Of the picture just grabbed, to be called once for each."""
        before, self._complained = self._complained, self._complains()
        if self._complained:
            self._damaged, self._renewed = True, False
        elif not before:
            self._look_for_renewal(capture)
        return DAMAGED if self._damaged else None

    def _look_for_renewal(self, capture: Capture) -> None:
        """A key packet goes in first; where pictures are reordered its own comes out later."""
        self._renewed = self._renewed or bool(capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME))
        if self._renewed and round(capture.get(cv2.CAP_PROP_FRAME_TYPE)) == _INTRA:
            self._damaged = self._renewed = False
