"""Raw BGR pictures on stdin to an H.264 file; run by the system's Python, which has GStreamer.

    /usr/bin/python3 encode_h264.py WIDTH HEIGHT FPS FILE.mp4

As a network camera sends it: baseline, no B-frames, a key frame every two seconds.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

BITRATE = 8_000_000


def main():
    width, height, fps, path = sys.argv[1:]
    Gst.init(None)
    pipeline = Gst.parse_launch(
        f"fdsrc fd=0 blocksize={3 * int(width) * int(height)}"
        f" ! rawvideoparse format=bgr width={width} height={height} framerate={fps}/1"
        f" ! videoconvert ! openh264enc bitrate={BITRATE} gop-size={2 * int(fps)} complexity=low"
        f' ! h264parse ! mp4mux ! filesink location="{path}"'
    )
    pipeline.set_state(Gst.State.PLAYING)
    ends = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, ends)
    pipeline.set_state(Gst.State.NULL)
    if message.type == Gst.MessageType.ERROR:
        sys.exit(str(message.parse_error()))


if __name__ == "__main__":
    main()
