"""From labelled images, good and defective, to a package on the disk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from inspector.core.fixture import AxisSpec, FixtureSpec, NoFixture
from inspector.core.frame import Image
from inspector.core.manifest import (
    DataFingerprint,
    InputSpec,
    ModelManifest,
    TrainingInfo,
)
from inspector.errors import InputError
from inspector.inference.package import MANIFEST
from training.augment import ANY_ANGLE, FIXED, ORIGINAL, Policy, augment, find_policy
from training.calibrate import Calibration, DefectScores, calibrate, pixel_threshold
from training.card import card
from training.datasets import GOOD, Sample, fingerprint, read_image
from training.export import Exported, export, manifest_bytes, write_package
from training.finetune import Options
from training.fit import Order, check_name, check_region, next_version, tools
from training.fixturing import Choice, choose_fixture
from training.labelled import Indices, Labelled, load
from training.methods import Report
from training.promises import check_supported
from training.splits import keep_for_validation
from training.torch_threads import torch_threads
from training.trainer import FittedLabelled, Trainer, find_supervised
from training.variants.build import Made, make_variants
from training.variants.pictures import of_labelled

_THREADS = 1
"""Of torch: its steps are short, and where cores are busy a second thread is waited for."""
_SHOWN = 6
"""Pictures and copies of each on the sheet of augmented ones."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Of the supervised methods alone: augmentation by name, and the classifier's switches."""

    augmentation: str = "auto"
    options: Options | None = None


@dataclass(frozen=True, slots=True)
class TrainedLabelled:
    """Where the package is, and how its training went."""

    folder: Path
    manifest: ModelManifest
    fitted: FittedLabelled
    calibration: Calibration
    parity: float
    refused: Mapping[str, str]


class LabelledFitter:
    """Trains on some of a category's images; what several trainings share is kept."""

    def __init__(self, order: Order, samples: Sequence[Sample], settings: Settings) -> None:
        """Raises ConfigError for an unknown method or augmentation, InputError as check_region."""
        check_region(order)
        self._order, self._samples, self._settings = order, samples, settings
        self._module = find_supervised(order.method)
        find_policy(settings.augmentation, order.category.name)
        self._shared: tuple[Choice, Labelled, Trainer] | None = None

    def fit(self, chosen: Indices, version: str | None, report: Report) -> TrainedLabelled:
        """Trains on ``chosen`` and writes OUT/CATEGORY/VERSION, the next free one for None.

        Raises InputError for images or folders that cannot be used; nothing is written then.
        """
        order = self._order
        self._check_targets(chosen)
        folder = order.out / check_name("category", order.category.name)
        folder /= check_name("version", version or next_version(order))
        if folder.exists() and not order.force:
            raise InputError(f"{folder} exists: choose another --version, or --force to replace it")
        files = [self._samples[i].path for i in chosen]
        with torch_threads(_THREADS):
            choice, data, trainer = self._trainer(chosen, report)
            fitted = trainer.train(chosen[data.located[chosen]], seed=order.seed, report=report)
            calibration = self._calibrated(data, fitted)
            exported = export(fitted.network, choice.height, choice.width, seed=order.seed)
            made = make_variants(
                fitted.network,
                exported,
                calibration.proposed(),
                of_labelled(data, chosen, fitted.validation, seed=order.seed),
                wanted=order.variants,
                report=report,
            )
        manifest = self._manifest(
            folder.name,
            fingerprint(files),
            chosen,
            choice,
            data,
            fitted,
            calibration,
            exported,
            made,
        )
        package = {
            MANIFEST: manifest_bytes(manifest),
            "card.md": card(manifest).encode(),
            **made.files,
        }
        write_package(folder, package, replace=order.force)
        return TrainedLabelled(
            folder, manifest, fitted, calibration, exported.difference, made.refused
        )

    def contact_sheet(self) -> Image | None:
        """Some images, each with augmented copies beside it: uint8 (H, W, 3) BGR.

        None before the first training, and where nothing was shared between trainings.
        """
        if self._shared is None:
            return None
        choice, data, _ = self._shared
        rng = np.random.default_rng(self._order.seed)
        images = data.images[rng.permutation(len(data.images))[:_SHOWN]]
        policy = self._policy(choice.spec)
        columns = [images, *(augment(images, policy, rng) for _ in range(_SHOWN - 1))]
        rows = [np.concatenate([column[i] for column in columns], 1) for i in range(len(images))]
        sheet = np.concatenate(rows, 0)
        return np.asarray(cv2.resize(sheet, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))

    def _trainer(self, chosen: Indices, report: Report) -> tuple[Choice, Labelled, Trainer]:
        """A fixture is learnt from the chosen good images alone, so it cannot be shared."""
        choice = self._choice(chosen, report)
        if isinstance(choice.spec, NoFixture):
            if self._shared is None:
                self._shared = self._prepared(choice, report)
            return self._shared
        return self._prepared(choice, report)

    def _choice(self, chosen: Indices, report: Report) -> Choice:
        order = self._order
        if order.fixture == "none":
            return Choice(NoFixture(), order.size, order.size, "none: asked for")
        good = [self._samples[i] for i in chosen if not self._samples[i].is_defective]
        images = [read_image(sample.path) for sample in good]
        return choose_fixture(
            images, order.fixture, size=order.size, seed=order.seed, report=report
        )

    def _prepared(self, choice: Choice, report: Report) -> tuple[Choice, Labelled, Trainer]:
        data = load(self._samples, choice.spec, choice.height, choice.width, report)
        extra = {} if self._settings.options is None else {"options": self._settings.options}
        trainer: Trainer = self._module.trainer(
            data, self._policy(choice.spec), seed=self._order.seed, report=report, **extra
        )
        return choice, data, trainer

    def _check_targets(self, chosen: Indices) -> None:
        """Before the work: what is kept for validation must be able to promise it."""
        kinds = [sample.kind for sample in self._samples]
        _, kept = keep_for_validation(kinds, chosen, self._order.seed)
        bad = sum(kinds[i] != GOOD for i in kept)
        check_supported(self._order.targets, len(kept) - bad, bad)

    def _calibrated(self, data: Labelled, fitted: FittedLabelled) -> Calibration:
        """From the images kept for validation, which chose the epoch too."""
        bad = data.defective[fitted.validation]
        scores = fitted.validation_scores[:, None]
        found = calibrate(
            scores[~bad],
            DefectScores(scores[bad], synthetic=False),
            self._order.targets,
            proposed=(fitted.t1, fitted.t2),
        )
        if "anomaly_map" not in fitted.network.roles:
            return found
        place = fitted.network.roles.index("anomaly_map")
        maps = fitted.network.predict(data.images[fitted.validation[~bad]])[place]
        return replace(found, pixel=pixel_threshold(maps))

    def _policy(self, spec: FixtureSpec) -> Policy:
        if self._order.method == "seed-cnn":
            return ORIGINAL
        policy = find_policy(self._settings.augmentation, self._order.category.name)
        if isinstance(spec, NoFixture) or policy.degrees < ANY_ANGLE:
            return policy
        # the fixture has turned the part upright
        upright = replace(policy, degrees=FIXED.degrees)
        ambiguous = isinstance(spec, AxisSpec) and spec.ambiguous_end
        return replace(upright, half_turn=ambiguous)

    def _manifest(
        self,
        version: str,
        data: DataFingerprint,
        chosen: Indices,
        choice: Choice,
        labelled: Labelled,
        fitted: FittedLabelled,
        calibration: Calibration,
        exported: Exported,
        made: Made,
    ) -> ModelManifest:
        order, bad = self._order, labelled.defective
        basis = calibration.basis().model_copy(
            update={"method": f"{fitted.threshold_method}. Seen in {calibration.rule}"}
        )
        options = fitted.options | {
            "fixture": choice.why,
            "monochrome": labelled.monochrome,
            "trained_on_good": int((~bad[chosen]).sum()),
            "trained_on_defective": int(bad[chosen].sum()),
            **made.record(),
        }
        return ModelManifest(
            category=order.category.name,
            version=version,
            labels=list(fitted.labels),
            fixture=choice.spec,
            input=InputSpec(height=choice.height, width=choice.width, aspect=labelled.aspect),
            outputs=exported.outputs,
            score_is_map_max=False,
            variants=made.variants,
            threshold_basis=basis,
            data=data,
            training=TrainingInfo(
                method=order.method, seed=order.seed, options=options, tools=tools()
            ),
            licence=order.licence,
            created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        )
