"""A small RTSP server for tests; run by the system's Python, which has GStreamer.

Prints ``ready PORT`` once it listens on loopback. Arguments: ``--file MP4`` (H.264),
else a test picture; ``--user NAME --password WORD`` for basic authentication. When a
client has made it play it prints ``playing NS``: the monotonic clock at which the stream's
time was 0, so that a picture of time t leaves at NS + t.
"""

import argparse
import os

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def pipeline(path):
    if path:
        return f'( filesrc location="{path}" ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 )'
    picture = (
        "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1"
    )
    if Gst.ElementFactory.find("openh264enc"):
        encoder = (
            "openh264enc gop-size=15 ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1"
        )
    else:
        encoder = "jpegenc ! rtpjpegpay name=pay0 pt=26"
    return f"( {picture} ! {encoder} )"


def protect(server, factory, user, password):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_role("viewer")
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)


def tell_base_time(factory, media):
    def tell():
        print("playing", media.get_element().get_base_time(), flush=True)

    def on_state(media, state):
        if state == Gst.State.PLAYING:
            # the media is told before its elements are
            GLib.timeout_add(200, tell)

    media.connect("new-state", on_state)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", default="")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    arguments = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(pipeline(arguments.file))
    factory.set_shared(True)
    factory.connect("media-configure", tell_base_time)
    if arguments.user:
        protect(server, factory, arguments.user, arguments.password)
    server.get_mount_points().add_factory("/line", factory)
    server.attach(None)
    print("ready", server.get_bound_port(), flush=True)
    parent = os.getppid()
    # ends by itself where the test that started it was killed
    GLib.timeout_add_seconds(1, lambda: os.getppid() == parent or os._exit(0))
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
