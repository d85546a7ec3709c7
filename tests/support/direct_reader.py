"""Reads a stream to its end as a capture process does, but loses nothing to a slow reader.

    python -m tests.support.direct_reader ADDRESS OUT.npz

``images`` uint8 (n, h, w, 3), ``pts_ns``, and ``faults`` ("" for a sound picture).
"""

import sys
from contextlib import suppress

from inspector.errors import SourceError
from inspector.sources.decoder_log import take_over_stdout
from inspector.sources.native_env import prepare_device_process


def main() -> None:
    address, out = sys.argv[1:]
    take_over_stdout()
    prepare_device_process(address.partition(":")[0])
    # only now: what OpenCV reads from the environment is set
    import numpy as np

    from inspector.sources.factory import open_direct
    from inspector.sources.options import SourceOptions

    source = open_direct(address, SourceOptions())
    source.open()
    frames = []
    with suppress(SourceError):  # a stream has no end but this
        while (frame := source.read()) is not None:
            frames.append(frame)
    source.close()
    np.savez(
        out,
        images=np.stack([f.image for f in frames]),
        pts_ns=np.array([f.pts_ns for f in frames]),
        faults=np.array([f.fault or "" for f in frames]),
    )


if __name__ == "__main__":
    main()
