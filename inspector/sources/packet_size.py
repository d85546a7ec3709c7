"""The picture size that a compressed packet announces.

OpenCV scales every picture of a file to the size of the first and tells nobody, so a
change has to be found in the packets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar

from inspector.vision.image_header import image_size

Codec: TypeAlias = Literal["h264", "hevc", "mjpeg"]

_T = TypeVar("_T")

_TAGS: dict[str, Codec] = {
    "avc1": "h264",
    "avc3": "h264",
    "h264": "h264",
    "x264": "h264",
    "\x1b\0\0\0": "h264",
    "hev1": "hevc",
    "hvc1": "hevc",
    "hevc": "hevc",
    "h265": "hevc",
    "$\0\0\0": "hevc",
    "mjpg": "mjpeg",
    "jpeg": "mjpeg",
}
_PROGRESSIVE = frozenset(
    {"mjpg", "jpeg", "vp80", "vp90", "av01", "hfyu", "ffvh", "png ", "mpng"}
    # these may be interlaced, but hardly ever are; our own recordings are among them
    | {"ffv1", "mp4v", "fmp4", "xvid", "divx", "dx50"}
)
# profiles whose parameter set says how chroma is sampled (H.264, 7.3.2.1.1)
_CHROMA_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


def codec_of(fourcc: int) -> Codec | None:
    """From CAP_PROP_FOURCC; None for a codec whose packets are not understood here."""
    return _TAGS.get(fourcc.to_bytes(4, "little").decode("latin-1").lower())


def may_be_interlaced(fourcc: int, packet: bytes) -> bool:
    """Whether pictures of a file may be made of two fields, by its CAP_PROP_FOURCC and its first
    packet: H.264 says so beforehand (``frame_mbs_only_flag``), though it need not come to it. A
    packet that says nothing is no evidence.
    """
    if codec_of(fourcc) == "h264":
        _, fields = announced("h264", packet)
        return fields is not False
    tag = fourcc.to_bytes(4, "little").decode("latin-1").lower()
    return tag not in _PROGRESSIVE


def packet_size(codec: Codec, packet: bytes) -> tuple[int, int] | None:
    """(width, height) announced in ``packet`` (Annex B for H.264 and HEVC), else None."""
    return announced(codec, packet)[0]


def announced(codec: Codec, packet: bytes) -> tuple[tuple[int, int] | None, bool | None]:
    """``packet_size``, and whether pictures may be made of two fields; None for what the packet
    says nothing of.
    """
    if codec == "mjpeg":
        return image_size(packet), None
    unit = _parameters(codec, packet)
    if unit is None:
        return None, None
    if codec == "hevc":
        return _parsed(_hevc_size, unit), None
    return _parsed(_h264_size, unit), _parsed(_h264_has_fields, unit) is not False


def _parameters(codec: Codec, packet: bytes) -> bytes | None:
    """The first sequence parameter set in an Annex B packet."""
    kind = _h264_kind if codec == "h264" else _hevc_kind
    at = packet.find(b"\0\0\1")
    while at >= 0:
        following = packet.find(b"\0\0\1", at + 3)
        unit = packet[at + 3 : following if following >= 0 else None]
        if unit and kind(unit):
            return unit
        at = following
    return None


def _h264_kind(unit: bytes) -> bool:
    return unit[0] & 0x1F == 7


def _hevc_kind(unit: bytes) -> bool:
    return unit[0] >> 1 & 0x3F == 33


class _Bits:
    """Reads bits of a parameter set, most significant first; IndexError past the end."""

    def __init__(self, unit: bytes) -> None:
        self._data = unit.replace(b"\0\0\3", b"\0\0")
        self._at = 0

    def u(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self._data[self._at >> 3]
            value = value << 1 | byte >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def _parsed(parse: Callable[[_Bits], _T], unit: bytes) -> _T | None:
    try:
        return parse(_Bits(unit))
    except IndexError:
        return None


def _h264_has_fields(bits: _Bits) -> bool:
    return not _h264_frame(bits)[2]


def _h264_size(bits: _Bits) -> tuple[int, int]:
    width, map_units, frame_only, chroma, separate = _h264_frame(bits)
    if not frame_only:
        bits.u(1)
    bits.u(1)
    crop = [bits.ue() for _ in range(4)] if bits.u(1) else [0, 0, 0, 0]
    half_x = chroma in (1, 2) and not separate
    half_y = chroma == 1 and not separate
    unit_y = (2 if half_y else 1) * (2 - frame_only)
    height = 16 * map_units * (2 - frame_only)
    return (
        width - (crop[0] + crop[1]) * (2 if half_x else 1),
        height - (crop[2] + crop[3]) * unit_y,
    )


def _h264_frame(bits: _Bits) -> tuple[int, int, int, int, int]:
    """Width, map units of height, frame_mbs_only_flag, chroma_format_idc, separate planes."""
    bits.u(8)
    profile = bits.u(8)
    bits.u(16)
    bits.ue()
    chroma, separate = _h264_chroma(bits) if profile in _CHROMA_PROFILES else (1, 0)
    bits.ue()
    _skip_order_count(bits)
    bits.ue()
    bits.u(1)
    width = 16 * (bits.ue() + 1)
    map_units = bits.ue() + 1
    return width, map_units, bits.u(1), chroma, separate


def _h264_chroma(bits: _Bits) -> tuple[int, int]:
    chroma = bits.ue()
    separate = bits.u(1) if chroma == 3 else 0
    bits.ue()
    bits.ue()
    bits.u(1)
    if bits.u(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, separate


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()


def _hevc_size(bits: _Bits) -> tuple[int, int]:
    bits.u(16)
    bits.u(4)
    layers = bits.u(3)
    bits.u(1)
    _skip_hevc_profile(bits, layers)
    bits.ue()
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)
    width, height = bits.ue(), bits.ue()
    if bits.u(1):
        left, right, top, bottom = (bits.ue() for _ in range(4))
        width -= (left + right) * (2 if chroma in (1, 2) else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1)
    return width, height


def _skip_hevc_profile(bits: _Bits, layers: int) -> None:
    bits.u(96)
    present = [(bits.u(1), bits.u(1)) for _ in range(layers)]
    if layers:
        bits.u(2 * (8 - layers))
    for profile, level in present:
        bits.u(88 * profile + 8 * level)
