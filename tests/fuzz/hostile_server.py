"""A camera that means harm: answers on a TCP port of loopback, as RTSP or as HTTP."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from tests.fuzz.mutate import mutate_bytes

SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\n"
    b"a=control:track1\r\na=rtpmap:26 JPEG/90000\r\n"
)
SDP_H264 = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    b"a=control:track1\r\na=rtpmap:96 H264/90000\r\n"
    b"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkA2D3n,aMuMsg==\r\n"
)
PARTS = 300
"""FFmpeg wants to see many before it believes in a stream."""
TOKENS = (
    b"\r\n",
    b"CSeq: 99999999999999999999\r\n",
    b"Content-Length: 4294967295\r\n",
    b"Content-Length: -1\r\n",
    b"Location: file:///etc/passwd\r\n",
    b"RTSP/1.0 302 Found\r\nLocation: concat:a|b\r\n",
    b"a=rtpmap:96 " + b"A" * 5000 + b"/1\r\n",
    b"\0" * 50,
)


def rtsp_answer(request: bytes) -> bytes:
    """What a sound server would say."""
    sequence = b"1"
    for line in request.split(b"\r\n"):
        if line.lower().startswith(b"cseq:"):
            sequence = line.partition(b":")[2].strip()
    head = b"RTSP/1.0 200 OK\r\nCSeq: " + sequence + b"\r\n"
    if request.startswith(b"OPTIONS"):
        return head + b"Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
    if request.startswith(b"DESCRIBE"):
        sdp = SDP if sequence[-1:] in b"02468" else SDP_H264
        length = str(len(sdp)).encode()
        return (
            head + b"Content-Type: application/sdp\r\nContent-Length: " + length + b"\r\n\r\n" + sdp
        )
    if request.startswith(b"SETUP"):
        return head + b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n\r\n"
    return head + b"Session: 1\r\n\r\n"


def rtp_packets(rng: random.Random) -> bytes:
    """Interleaved, some with lying lengths."""
    out = b""
    for number in range(rng.randrange(1, 12)):
        kind = rng.choice((26, 96, 96 | 0x80, 127))
        payload = rng.randbytes(rng.randrange(0, 300))
        packet = bytes([0x80, kind]) + number.to_bytes(2, "big") + rng.randbytes(8) + payload
        length = len(packet) if rng.random() < 0.8 else rng.randrange(65536)
        out += b"$" + bytes([rng.choice((0, 0, 1, 9))]) + length.to_bytes(2, "big") + packet
    return out


def mjpeg(pictures: Sequence[bytes], rng: random.Random) -> bytes:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
    parts = b"".join(
        b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: "
        + str(len(p)).encode()
        + b"\r\n\r\n"
        + p
        + b"\r\n"
        for p in (rng.choice(pictures) for _ in range(PARTS))
    )
    return head + parts


@contextmanager
def hostile_server(scheme: str, seed: int, pictures: Sequence[bytes] = ()) -> Iterator[int]:
    """The port; one thread, which ends with the block."""
    rng = random.Random(seed)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not stop.is_set():
                with suppress(OSError):
                    peer, _ = listener.accept()
                    with peer:
                        peer.settimeout(0.3)
                        _talk(peer, scheme, rng, pictures)

        thread = threading.Thread(target=serve, name="hostile")
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def _talk(peer: socket.socket, scheme: str, rng: random.Random, pictures: Sequence[bytes]) -> None:
    for _ in range(12):
        request = peer.recv(65536)
        if not request:
            return
        if scheme == "http":
            peer.sendall(mutate_bytes(rng, [mjpeg(pictures, rng)], TOKENS))
            return
        answer = rtsp_answer(request)
        if rng.random() < 0.35:
            answer = mutate_bytes(rng, [answer], TOKENS)
        peer.sendall(answer)
        if request.startswith(b"PLAY"):
            peer.sendall(rtp_packets(rng))
