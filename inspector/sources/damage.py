"""Which pictures of a stream lean on something that the decoder could not read."""

from __future__ import annotations

import cv2

from inspector.sources.capture import Capture
from inspector.sources.decoder_log import Complaint, Said, complaints, is_unconverted

DAMAGED = "damaged picture: the stream lost data"
"""Of all pictures up to the next key frame."""
_INTRA, _BIDIRECTIONAL = ord("I"), ord("B")


class DamageWatch:
    """Follows the pictures of one opened stream, decoded by one thread.

    FFmpeg conceals what is missing and hands out a picture that looks whole. Every later
    one leans on it, up to the next sound key frame: one that nothing was complained of, nor,
    as packets are read ahead, of the picture before it (but that something was missing there).
    Where pictures are renewed stripe by stripe, in a stream without I pictures, two sound key
    packets must have come: one whole round.
    """

    def __init__(self, said: Said) -> None:
        self._said = said
        self._damaged = self._reorders = False
        self._keys = 0  # sound key packets since the last complaint
        self._last: set[Complaint] = set()
        self._joining = True
        # opening tries to decode from the middle of the stream: that is no damage
        said()

    def fault(self, capture: Capture) -> str | None:
        """Of the picture just grabbed, to be called once for each."""
        has_key = bool(capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME))
        kind = round(capture.get(cv2.CAP_PROP_FRAME_TYPE))
        self._reorders = self._reorders or kind == _BIDIRECTIONAL
        leans_on_nothing = has_key and (kind == _INTRA or self._reorders)
        before, self._last = self._last, self._complaints(leans_on_nothing=leans_on_nothing)
        if self._last:
            self._damaged, self._keys = True, 0
        elif before <= {Complaint.MISSING}:
            self._renew(has_key=has_key, is_intra=kind == _INTRA)
        return DAMAGED if self._damaged else None

    def _renew(self, *, has_key: bool, is_intra: bool) -> None:
        self._keys += has_key
        # a key packet goes in first; where pictures are reordered its own comes out later
        if (is_intra and self._keys) or self._keys > 1:
            self._damaged = False

    def _complaints(self, *, leans_on_nothing: bool) -> set[Complaint]:
        joining, self._joining = self._joining, False
        found = complaints(self._said())
        if joining:
            # a decoder hands out nothing before it has found its feet
            return found - {Complaint.MISSING, Complaint.JOINING}
        return found - {Complaint.MISSING} if leans_on_nothing else found

    def is_unconverted(self) -> bool:
        """Of the picture just retrieved."""
        return is_unconverted(self._said())
