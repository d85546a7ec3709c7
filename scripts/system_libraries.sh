#!/usr/bin/env bash
# System libraries that wheels do not bring: installed where we may, else named.
#   system_libraries.sh station BIN   what OpenCV needs to be imported, and Qt where there is a display
#   system_libraries.sh test BIN      also Qt without a display, and the RTSP server of the network tests
set -uo pipefail
what=$1 bin=$2

debian=(libgl1 libglib2.0-0)
qt=(libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon0)
x11=(libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0 libxcb-randr0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1)
rtsp=(python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad)

install() {
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >/dev/null 2>&1
    else
        return 1
    fi
}

if ! "$bin/python" -c 'import cv2' 2>/dev/null; then
    install "${debian[@]}" || true
    "$bin/python" -c 'import cv2' || {
        echo "OpenCV cannot be loaded; on Debian or Ubuntu: apt-get install ${debian[*]}" >&2
        exit 1
    }
fi

# The window is one way to use the station: what it lacks is a hint, never a stop.
display=${DISPLAY:-}${WAYLAND_DISPLAY:-}
if [ "$what" = test ] || [ -n "$display" ]; then
    if ! "$bin/python" -c 'from PySide6 import QtWidgets, QtSvg' 2>/dev/null; then
        install "${qt[@]}" || echo "note: for the window (inspector gui): apt-get install ${qt[*]}" >&2
    fi
fi
if [ -n "${DISPLAY:-}" ] && command -v ldconfig >/dev/null && ! ldconfig -p | grep -q libxcb-cursor; then
    install "${x11[@]}" || echo "note: for the window (inspector gui): apt-get install ${x11[*]}" >&2
fi

if [ "$what" = test ]; then
    probe='import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer'
    if ! /usr/bin/python3 -c "$probe" 2>/dev/null; then
        install "${rtsp[@]}" || echo "note: the RTSP tests will be skipped; for them: apt-get install ${rtsp[*]}" >&2
    fi
fi
exit 0
