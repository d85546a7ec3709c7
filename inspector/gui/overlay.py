"""The overlay options in force, shared by every picture of the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from inspector.gui.runs.events import Shown
from inspector.gui.settings import OverlaySettings, SettingsFile
from inspector.vision.overlay import Marks, OverlayStyle


class OverlayOptions(QObject):
    """Remembered in the settings; ``changed`` makes pictures draw themselves anew."""

    changed = Signal()

    def __init__(self, settings: SettingsFile) -> None:
        super().__init__()
        self._settings = settings

    @property
    def values(self) -> OverlaySettings:
        return self._settings.values.overlay

    def update(self, **changes: object) -> None:
        """Fields of OverlaySettings; raises ValidationError for wrong ones."""
        values = OverlaySettings.model_validate({**self.values.model_dump(), **changes})
        self._settings.update(overlay=values)
        self.changed.emit()

    def toggle(self) -> None:
        self.update(shown=not self.values.shown)

    def style(self) -> OverlayStyle | None:
        """None: bare pictures."""
        v = self.values
        return OverlayStyle(v.heat_opacity, v.heat, v.contours, v.boxes) if v.shown else None


def marks_of(shown: Shown) -> list[Marks]:
    """One a region that the network answered for."""
    t1 = shown.recipe.thresholds.t1
    return [
        Marks(prediction.anomaly_map, prediction.to_image, t1, inspection.defects)
        for inspection, prediction in zip(shown.inspections, shown.predictions, strict=True)
        if prediction is not None
    ]
