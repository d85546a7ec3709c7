"""``fit``: from the good images of a category to a package on the disk."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from inspector.core.fixture import NoFixture
from inspector.core.frame import Image
from inspector.core.manifest import (
    DataFingerprint,
    InputSpec,
    ModelManifest,
    Name,
    Targets,
    TrainingInfo,
)
from inspector.errors import InputError
from inspector.inference.package import MANIFEST
from inspector.vision.fixture import prepare
from inspector.vision.resize import resize
from training.calibrate import NO_TARGETS, Calibration, DefectScores, calibrate
from training.camera_model import CameraModel, photograph, reduced
from training.card import card
from training.datasets import Category, fingerprint, read_image
from training.export import Exported, export, manifest_bytes, write_package
from training.fixturing import Choice, FixtureName, choose_fixture
from training.labelled import load
from training.memory import give_back
from training.methods import LITE0, Defects, Fitted, Parts, Probes, Report, Views, find_method
from training.pictures import Pictures
from training.probes import chosen_parts, defects_wanted, probe
from training.promises import check_supported
from training.threads import THREADS, in_threads
from training.torch_threads import torch_threads
from training.trainer import SUPERVISED
from training.variants.build import NAMES, Made, make_variants
from training.variants.build import Name as VariantName
from training.variants.pictures import of_views

CAMERA_VIEWS = 4
"""Pictures that the camera model takes of each good part, beside the still."""
UNSTATED_LICENCE = "not stated: ask the owner of the training images"
_TOOLS = ("torch", "onnx", "onnxruntime-gpu", "onnxruntime", "numpy", "opencv-python")
_NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True, slots=True)
class Order:
    """What to train and where to put it.

    ``size`` is the side of the network's square input, pixels (with a fixture that crops
    to the part, the side of a square with as many); ``version`` None takes the next free
    number. ``region_pixels`` is the shorter side of what the station inspects: pictures that
    have more are reduced to it before anything is learnt from them.
    """

    category: Category
    out: Path
    method: str = "memory-bank"
    version: str | None = None
    size: int = 256
    region_pixels: int | None = None
    fixture: FixtureName = "auto"
    seed: int = 0
    force: bool = False
    licence: str = UNSTATED_LICENCE
    backbone: str = LITE0
    targets: Targets = NO_TARGETS
    variants: tuple[VariantName, ...] = NAMES


@dataclass(frozen=True, slots=True)
class Trained:
    """Where the package is, what its scores mean, how far its export is from torch.

    ``refused`` says of variants that were asked for and are not shipped, why.
    """

    folder: Path
    manifest: ModelManifest
    calibration: Calibration
    parity: float
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The views of all good parts, and what the images had in common."""

    views: Views
    aspect: float
    monochrome: bool
    choice: Choice
    probes: Probes


def fit(order: Order, report: Report) -> Trained:
    """Trains, calibrates, exports and writes one package.

    The same order on the same machine gives the same files, but for ``created``.

    Raises InputError for images or folders that cannot be used; nothing is written then.
    """
    train = find_method(order.method)
    folder = order.out / check_name("category", order.category.name)
    folder /= check_name("version", order.version or next_version(order))
    if folder.exists() and not order.force:
        raise InputError(f"{folder} exists: choose another --version, or --force to replace it")
    check_region(order)
    files = order.category.train_good()
    check_supported(order.targets, len(files), min(defects_wanted(order.targets), len(files)))
    data = fingerprint(files)
    with torch_threads(THREADS):
        prepared = _prepare(files, order, report)
        give_back()
        parts = Parts(
            prepared.views,
            probes=prepared.probes,
            defects=_defects(order.category, prepared.choice, report),
            centred=not isinstance(prepared.choice.spec, NoFixture),
            monochrome=prepared.monochrome,
            backbone=order.backbone,
        )
        fitted = train(parts, seed=order.seed, report=report)
        made_up = DefectScores(fitted.probed, synthetic=True)
        raw = calibrate(fitted.held_out, made_up, order.targets, maps=fitted.held_out_maps)
        # from here on T1 is 1 in every package: a score says how far beyond good it is
        fitted.detector.set_unit(raw.t1)
        choice = prepared.choice
        exported = export(fitted.detector, choice.height, choice.width, seed=order.seed)
        calibration = raw.in_units_of(raw.t1)
        made = make_variants(
            fitted.detector,
            exported,
            calibration.proposed(),
            of_views(prepared.views, prepared.probes, seed=order.seed),
            wanted=order.variants,
            report=report,
        )
    manifest = _manifest(order, folder.name, data, prepared, fitted, calibration, exported, made)
    package = {
        MANIFEST: manifest_bytes(manifest),
        "card.md": card(manifest).encode(),
        **made.files,
    }
    write_package(folder, package, replace=order.force)
    return Trained(folder, manifest, calibration, exported.difference, made.refused)


def check_region(order: Order) -> None:
    """Raises InputError where there are pictures with masks, which are not reduced."""
    learns = order.method in (*SUPERVISED, "discriminator", "auto")
    labelled = order.method in SUPERVISED or order.category.train_defective()
    if order.region_pixels is not None and learns and labelled:
        raise InputError(
            "--region-pixels reduces good pictures only, and here defective ones are learnt from,"
            " too: reduce all of them and their masks beforehand, or leave the option out"
        )


def next_version(order: Order) -> str:
    """One more than the highest number among the category's versions."""
    folder = order.out / order.category.name
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    return str(max((int(n) for n in names if n.isdecimal()), default=0) + 1)


def check_name(what: str, text: str) -> str:
    """Names become folders and ids: letters, digits, dots, dashes and underscores."""
    try:
        return _NAME.validate_python(text)
    except ValidationError:
        raise InputError(
            f"{what} {text!r}: expected 1 to 64 letters, digits, dots, dashes or underscores,"
            " the first a letter or digit"
        ) from None


def _prepare(files: Sequence[Path], order: Order, report: Report) -> _Prepared:
    images = Pictures(files, lambda file: reduced(read_image(file), order.region_pixels), report)
    choice = choose_fixture(images, order.fixture, size=order.size, seed=order.seed, report=report)
    shape = (len(files), 1 + CAMERA_VIEWS, choice.height, choice.width, 3)
    views = np.empty(shape, np.uint8)
    work = in_threads(lambda i: _views(images[i], i, choice, order.seed), range(len(files)))
    for i, view in enumerate(work):
        views[i] = view
        report("views", (i + 1) / len(files))
    probes = _probes(images, choice, order, report)
    # colour that no training image has says nothing about parts, only about the camera
    return _Prepared(views, images.aspect, images.monochrome, choice, probes)


def _probes(images: Sequence[Image], choice: Choice, order: Order, report: Report) -> Probes:
    """Of some of the good parts, each with a made-up defect."""
    parts = chosen_parts(len(images), defects_wanted(order.targets), order.seed)

    def views(image: Image, part: int) -> Views:
        return _views(image, part, choice, order.seed)

    found = []
    work = in_threads(lambda part: probe(images[part], part, views, order.seed), parts.tolist())
    for k, seen in enumerate(work):
        found.append(seen)
        report("made-up defects", (k + 1) / len(parts))
    return Probes(np.stack(found), parts)


def _defects(category: Category, choice: Choice, report: Report) -> Defects | None:
    samples = category.train_defective()
    if not samples:
        return None
    found = load(samples, choice.spec, choice.height, choice.width, report)
    return Defects(found.images[found.located], found.masks[found.located] > 127)


def _views(image: Image, index: int, choice: Choice, seed: int) -> Views:
    """uint8 (v, h, w, 3): the still, then what the camera model makes of it.

    A good part that the fixture does not find (one in a hundred, at most) goes in as it
    lies, centred: the bank may then know its features, and the station rejects it anyhow.
    """
    camera = CameraModel()
    least = min(choice.height, choice.width)
    pictures = [image]
    for view in range(CAMERA_VIEWS):
        # a generator of its own for each, so that no order of work changes the result
        rng = np.random.default_rng([seed, index, view])
        pictures.append(photograph(image, camera, rng, least=least))
    return np.stack([_input(picture, choice) for picture in pictures])


def _input(picture: Image, choice: Choice) -> Image:
    prepared = prepare(picture, choice.spec, choice.height, choice.width)
    if prepared is None:
        return resize(picture, choice.height, choice.width)
    return prepared.image


def _manifest(
    order: Order,
    version: str,
    data: DataFingerprint,
    prepared: _Prepared,
    fitted: Fitted,
    calibration: Calibration,
    exported: Exported,
    made: Made,
) -> ModelManifest:
    options = fitted.options | {
        "backbone": order.backbone,
        "monochrome": prepared.monochrome,
        "camera_views": CAMERA_VIEWS,
        "region_pixels": order.region_pixels or 0,
        "fixture": prepared.choice.why,
        **made.record(),
    }
    return ModelManifest(
        category=order.category.name,
        version=version,
        fixture=prepared.choice.spec,
        input=InputSpec(
            height=prepared.choice.height, width=prepared.choice.width, aspect=prepared.aspect
        ),
        outputs=exported.outputs,
        score_is_map_max=True,
        variants=made.variants,
        threshold_basis=calibration.basis(),
        data=data,
        training=TrainingInfo(method=order.method, seed=order.seed, options=options, tools=tools()),
        licence=order.licence,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )


def tools() -> dict[str, str]:
    """Versions of what was at work."""
    found = {name: _version(name) for name in _TOOLS}
    return {"python": platform.python_version()} | {k: v for k, v in found.items() if v}


def _version(name: str) -> str | None:
    try:
        return installed(name)
    except ModuleNotFoundError:
        return None
