"""What is fed with hostile input, and what must hold of every answer.

A case is fine where the input is refused by an InspectorError, or accepted with an answer
that keeps the target's promise. Everything else (another exception, a crash of the process,
a hang, a file elsewhere) is a finding.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from inspector.config import load_cameras, load_job, load_recipe
from inspector.core.manifest import parse_manifest
from inspector.core.truth import parse_truth
from inspector.errors import InspectorError
from inspector.inference.golden import parse_golden
from inspector.inference.importing import import_package
from inspector.inference.package import MAX_MANIFEST_BYTES, load_package
from inspector.inference.predictor import open_predictor
from inspector.inference.safety import check_onnx
from inspector.sources.address import parse_address
from inspector.sources.native_env import prepare_device_process
from inspector.sources.network import NetworkSource
from inspector.sources.options import SourceOptions
from inspector.sources.video import VideoSource
from inspector.store.backup import DOCUMENT, check_backup
from inspector.vision.still import decode_still
from tests.fuzz.hostile_server import hostile_server
from tests.fuzz.mutate import as_json, as_toml, mutate_bytes
from tests.support.tiny_model import write_tiny_package

EDGE = 24
GOLDEN_ATOL = 1e-5
MOST_FRAMES = 200
MOST_WORDS = 2_000
RECIPE = (
    'name = "nut"\nmodel_sha256 = "' + "a" * 64 + '"\n[thresholds]\nt1 = 0.5\nt2 = 0.8\n'
    '[[regions]]\nname = "part"\nroi = [1, 2, 30, 40]\nignore = [[0, 0, 5, 5]]\n'
    "[quality]\nmin_mean = 20.0\nmax_saturated = 0.5\n"
    '[parts]\nmode = "trigger"\nrule = "k_of_n"\nk = 2\nn = 3\ntrigger_frames = 4\n'
)
JOB = (
    'schema_version = 1\nname = "nut"\nsource = "0"\nmodel = "models/nut/1"\n'
    'credential = "left"\n[archive]\nquota_mb = 100\n[camera]\nwidth = 640\nheight = 480\n'
)
STATION = (
    'station = "line-3"\ndb = "a.db"\n[network]\nmost = 4\n[log]\nlevel = "debug"\n'
    '[[cameras]]\nname = "left"\njob = "job.toml"\n'
    '[[cameras]]\nname = "right"\njob = "job.toml"\nsource = "rtsp://h/x"\n'
)
TRUTH = "part,first_frame,last_frame,label,defect_type\n0,4,9,good,\n1,12,20,defective,burr\n"

Case = Callable[[random.Random, Path], bool]
"""Makes one case in an empty folder and feeds it; whether it was accepted."""


@dataclass(frozen=True)
class Target:
    """``native``: decoders in C read the bytes, so a crash may end the process."""

    name: str
    case: Case
    native: bool = False
    share: int = 1


def _refused(action: Callable[[], object]) -> bool:
    words = None
    try:
        action()
    except InspectorError as error:
        words = str(error)
    if words is None:
        return False
    assert words.strip(), "a refusal without words"
    assert len(words) < MOST_WORDS, "a refusal that nobody can read"
    return True


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


class Seeds:
    """Sound input, made once."""

    def __init__(self, folder: Path) -> None:
        self.package = write_tiny_package(folder / "package", size=16, map_size=4)
        self.manifest = json.loads((self.package / "manifest.json").read_text())
        self.onnx = (self.package / "model-fp32.onnx").read_bytes()
        self.golden = (self.package / "golden-fp32.npz").read_bytes()
        self.zip = _zipped(self.package)
        picture = np.random.default_rng(3).integers(0, 256, (EDGE, EDGE, 3), np.uint8)
        smooth = cv2.GaussianBlur(picture, (5, 5), 0)
        suffixes = (".png", ".jpg", ".bmp", ".tiff", ".webp")
        self.images = [bytes(cv2.imencode(s, smooth)[1]) for s in suffixes]
        self.images += [bytes(cv2.imencode(".png", (smooth.astype(np.uint16) * 257))[1])]
        self.images += [bytes(cv2.imencode(".jpg", smooth[..., 0])[1])]
        self.videos = [
            (suffix, _video(folder / f"seed{suffix}", code, smooth))
            for suffix, code in ((".avi", "MJPG"), (".mp4", "mp4v"), (".mkv", "MJPG"))
        ]


def _zipped(package: Path) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.iterdir()):
            archive.write(path, f"tiny/{path.name}")
    return made.getvalue()


def _video(path: Path, code: str, picture: np.ndarray) -> bytes:
    size = (EDGE * 2, EDGE * 2)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 25.0, size)
    for n in range(8):
        writer.write(cv2.resize(np.roll(picture, n, axis=0), size))
    writer.release()
    return path.read_bytes()


def manifests(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    data = as_json(rng, seeds.manifest)
    if rng.random() < 0.2:
        data = mutate_bytes(rng, [data], [b'{"a":' * 300, b"[" * 3000, b"1" * 5000, b"NaN"])
    # whoever reads one looks at its size first
    return len(data) <= MAX_MANIFEST_BYTES and not _refused(lambda: parse_manifest(data, "m"))


def recipes(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    path = _file(folder, "r.toml", as_toml(rng, RECIPE))
    held = None

    def load() -> None:
        nonlocal held
        held = load_recipe(path)

    refused = _refused(load)
    if held is not None:
        t = held.thresholds
        assert t.t1 <= t.t2, "thresholds out of order"
        assert np.isfinite([t.t1, t.t2]).all()
    return not refused


def jobs(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    path = _file(folder, "job.toml", as_toml(rng, JOB))
    return not _refused(lambda: load_job(str(path), folder))


def stations(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    _file(folder, "job.toml", as_toml(rng, JOB) if rng.random() < 0.3 else JOB.encode())
    path = _file(folder, "station.toml", as_toml(rng, STATION))
    return not _refused(lambda: load_cameras(path))


def truths(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    data = mutate_bytes(rng, [TRUTH.encode()], [b",", b'"', b"\r\n", b"\xff", b"9" * 500])
    text = data.decode("utf-8", "replace")
    return not _refused(lambda: parse_truth(text, "truth"))


def backups(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    """None of these is a backup: there is no record beside the document."""
    document = {
        "schema_version": 1,
        "made_at": "x",
        "revision": "0003",
        "rows": {"parts": 3},
        "files": [{"name": "record.db", "bytes": 3, "sha256": "a" * 64}],
    }
    _file(folder, DOCUMENT, as_json(rng, document))
    assert _refused(lambda: check_backup(folder)), "accepted without a record"
    return False


def models(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    tokens = [b"\x12\x03com", b"ai.acme", b"../x", b"\xff" * 10, b"\x0a\xff\xff\xff\xff\x0f"]
    data = mutate_bytes(rng, [seeds.onnx], tokens)
    return not _refused(lambda: check_onnx(data, "m"))


def goldens(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    manifest = parse_manifest(json.dumps(seeds.manifest).encode(), "m")
    data = mutate_bytes(rng, [seeds.golden], [b"PK\x01\x02", b"PK\x05\x06", b"\x93NUMPY"])
    return not _refused(lambda: parse_golden(data, manifest, 1e-5, "g"))


def packages(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    """Checksums hold: only the very files of the seed may be accepted with a manifest."""
    target = folder / "package"
    target.mkdir()
    names = ("manifest.json", "model-fp32.onnx", "golden-fp32.npz")
    spoilt = rng.choice(names)
    for name in names:
        data = (seeds.package / name).read_bytes()
        _file(target, name, mutate_bytes(rng, [data], []) if name == spoilt else data)
    taken: dict[str, bytes] = {}

    def load() -> None:
        package = load_package(target)
        for variant in package.manifest.variants:
            taken[variant.name] = package.variant_bytes(variant.name)
            package.golden(variant.name)

    refused = _refused(load)
    assert all(data == seeds.onnx for data in taken.values()), "an altered model was loaded"
    return not refused


def zips(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    tokens = [b"../", b"/", b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04", b"manifest.json"]
    data = _hostile_zip(seeds, rng) or mutate_bytes(rng, [seeds.zip], tokens)
    path = _file(folder, "p.zip", data)
    root = folder / "models"
    refused = _refused(lambda: import_package(path, root))
    if refused and root.exists():
        assert [p for p in root.rglob("*") if p.is_file()] == [], "left something behind"
    return not refused


def _hostile_zip(seeds: Seeds, rng: random.Random) -> bytes | None:
    """A well-formed archive with a member that should not be there."""
    if rng.random() < 0.5:
        return None
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        # a name that is there twice is what we want
        warnings.simplefilter("ignore")
        for path in sorted(seeds.package.iterdir()):
            if rng.random() < 0.9:
                archive.write(path, path.name)
        name = rng.choice(("../x", "/x", "a/../../x", "C:x", "x\\y", "x\x01", "manifest.json", "y"))
        member = zipfile.ZipInfo(name)
        if rng.random() < 0.3:
            member.external_attr = 0o120777 << 16
        archive.writestr(member, b"\0" * rng.choice((0, 10, 3 << 20)))
    data = made.getvalue()
    return mutate_bytes(rng, [data], []) if rng.random() < 0.5 else data


def sessions(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    """Whoever makes a package makes its checksums, too: a model that is loaded must still
    compute what its golden file says."""
    target = folder / "package"
    target.mkdir()
    data = mutate_bytes(rng, [seeds.onnx], [])
    document = json.loads(json.dumps(seeds.manifest))
    digest = hashlib.sha256(data).hexdigest()
    document["variants"][0] |= {"sha256": digest, "size_bytes": len(data)}
    _file(target, "manifest.json", json.dumps(document).encode())
    _file(target, "model-fp32.onnx", data)
    _file(target, "golden-fp32.npz", seeds.golden)
    difference = []

    def load() -> None:
        predictor = open_predictor(target, threads=1, proven=True)
        difference.append(predictor.golden_difference)
        predictor.close()

    refused = _refused(load)
    assert all(d <= GOLDEN_ATOL for d in difference), "a model that computes something else"
    return not refused


def streams(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    """In this process, to try many; a station reads streams in a process of their own."""
    scheme = rng.choice(("rtsp", "rtsp", "http"))
    pictures = [mutate_bytes(rng, [p], []) for p in seeds.images if p[:2] == b"\xff\xd8"]
    prepare_device_process(scheme)
    count = 0
    with hostile_server(scheme, rng.getrandbits(32), pictures) as port:
        options = SourceOptions(open_timeout_s=0.4, read_timeout_s=0.4)
        source = NetworkSource(parse_address(f"{scheme}://127.0.0.1:{port}/x"), options)

        def play() -> None:
            nonlocal count
            info = source.open()
            while count < MOST_FRAMES and (frame := source.read()) is not None:
                assert frame.image.shape == (info.height, info.width, 3)
                count += 1

        refused = _refused(play)
        source.close()
    assert refused or scheme == "http", "a stream of noise was taken for a camera"
    return not refused


def images(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    tokens = [b"\xff\xd8", b"\xff\xc0", b"\xff\xd9", b"IHDR", b"IDAT", b"VP8X", b"II*\0", b"MM\0*"]
    image = decode_still(mutate_bytes(rng, seeds.images, tokens))
    if isinstance(image, str):
        assert image
        return False
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    return True


def videos(seeds: Seeds, rng: random.Random, folder: Path) -> bool:
    suffix, data = rng.choice(seeds.videos)
    tokens = [b"moov", b"mdat", b"RIFF", b"LIST", b"idx1", b"\x1aE\xdf\xa3", b"stsz", b"\xff\xd8"]
    path = _file(folder, f"v{suffix}", mutate_bytes(rng, [data], tokens))
    source = VideoSource(path, SourceOptions())
    count = 0

    def play() -> None:
        nonlocal count
        info = source.open()
        while count < MOST_FRAMES and (frame := source.read()) is not None:
            assert frame.image.shape == (info.height, info.width, 3)
            assert frame.index == count
            count += 1

    refused = _refused(play)
    source.close()
    return not refused


CASES_OF: Mapping[str, tuple[Callable[[Seeds, random.Random, Path], bool], bool, int]] = (
    MappingProxyType(
        {
            "manifests": (manifests, False, 20),
            "recipes": (recipes, False, 12),
            "jobs": (jobs, False, 12),
            "stations": (stations, False, 12),
            "truths": (truths, False, 6),
            "backups": (backups, False, 6),
            "models": (models, False, 20),
            "goldens": (goldens, False, 6),
            "packages": (packages, False, 4),
            "zips": (zips, False, 3),
            "sessions": (sessions, True, 3),
            "streams": (streams, True, 1),
            "images": (images, True, 20),
            "videos": (videos, True, 3),
        }
    )
)
"""Function, whether native decoders read it, and its share of the long form."""
NAMES = tuple(CASES_OF)


def target(name: str, seeds: Seeds) -> Target:
    case, native, share = CASES_OF[name]
    return Target(name, partial(case, seeds), native, share)
