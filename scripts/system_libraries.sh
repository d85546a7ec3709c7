#!/usr/bin/env bash
# System libraries that wheels do not bring: installed where we may, else named.
#   system_libraries.sh station BIN   what OpenCV needs to be imported
#   system_libraries.sh test BIN      also the RTSP server that network tests run against
set -uo pipefail
what=$1 bin=$2

debian=(libgl1 libglib2.0-0)
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

if [ "$what" = test ]; then
    probe='import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer'
    if ! /usr/bin/python3 -c "$probe" 2>/dev/null; then
        install "${rtsp[@]}" || echo "note: the RTSP tests will be skipped; for them: apt-get install ${rtsp[*]}" >&2
    fi
fi
exit 0
