"""Maps made again for a frame that somebody looks at, where the run's are not at hand."""

from __future__ import annotations

import math
from dataclasses import replace

from inspector.config import RunConfig
from inspector.core.frame import Frame
from inspector.core.inspection import Crop, Prediction
from inspector.core.recipe import Recipe
from inspector.engine.playback import Recorded
from inspector.errors import InferenceError, InputError
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.station.recipes import variant_of


class MapMaker:
    """Opens the run's model at the first question; one thread asks.

    Attributes:
        problem: why there are no maps, None while there are.
    """

    def __init__(self, config: RunConfig, recipe: Recipe) -> None:
        self._config = config
        self._recipe = recipe
        self._predictor: OnnxPredictor | None = None
        self.problem: str | None = None

    def __call__(self, frame: Frame, recorded: Recorded) -> Recorded:
        """With predictions for the regions that were judged; as it was where none can be made.

        Without maps a frame can still be looked at, so nothing is raised here.
        """
        if self.problem is not None or frame.fault is not None:
            return recorded
        try:
            return replace(recorded, predictions=self._made(frame, recorded))
        except (InferenceError, InputError) as error:
            self.problem = str(error)
            return recorded

    def close(self) -> None:
        """Frees the model; idempotent."""
        if self._predictor is not None:
            self._predictor.close()
        self._predictor = None

    def _made(self, frame: Frame, recorded: Recorded) -> tuple[Prediction | None, ...]:
        judged = [math.isfinite(i.score) for i in recorded.inspections]
        regions = zip(self._recipe.regions, judged, strict=True)
        crops = [Crop(frame.image, r.region) for r, wanted in regions if wanted]
        answers = iter(self._opened(recorded).predict(crops) if crops else [])
        return tuple(next(answers) if wanted else None for wanted in judged)

    def _opened(self, recorded: Recorded) -> OnnxPredictor:
        if self._predictor is None:
            config = self._config
            self._predictor = open_predictor(
                config.model,
                variant=config.variant or variant_of(self._recipe, config.model),
                require_gpu=config.require_gpu,
                threads=config.threads,
                execution=config.execution,
            )
        ran = recorded.inspections[0].model_id
        if self._predictor.model_id != ran:
            raise InputError(
                f"the package {self._config.model} has changed since the run: maps of "
                f"{ran.partition('#')[0]} cannot be made again"
            )
        return self._predictor
