"""The strip at the bottom: how camera, processor, disk and time are."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from inspector.gui.context import AppContext
from inspector.gui.people.role_button import RoleButton
from inspector.gui.shell import health_rules
from inspector.gui.shell.health_rules import Reading
from inspector.gui.widgets.health import HealthBadge
from inspector.gui.work import Done, Job, Outcome

REFRESH_MS = 250
SPACING = 26
BY_NEED = ("camera", "age", "disk", "provider", "latency", "drops", "rate")
"""Where there is no room for all, the last ones go first."""
DISK_EVERY = 20
"""Refreshes; asking a disk may take long and is done off the GUI thread."""


class StatusStrip(QFrame):
    """Pulls the run's snapshot four times a second while the window is open."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.setObjectName("status")
        self._context = context
        self._free: int | None = None
        self._round = 0
        theme = context.theme
        self._badges = {
            "camera": HealthBadge("camera", self.tr("Camera"), theme),
            "provider": HealthBadge("processor", self.tr("Model"), theme),
            "disk": HealthBadge("disk", self.tr("Disk"), theme),
            "latency": HealthBadge("latency", self.tr("Verdict after"), theme),
            "age": HealthBadge("age", self.tr("Picture age"), theme),
            "rate": HealthBadge("rate", self.tr("Pictures"), theme),
            "drops": HealthBadge("drops", self.tr("Dropped"), theme),
        }
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 8, 20, 8)
        layout.setSpacing(SPACING)
        for badge in self._badges.values():
            layout.addWidget(badge)
        layout.insertStretch(3, 1)
        self.role = RoleButton(context.access, theme)
        layout.addWidget(self.role)
        context.access.changed.connect(self._make_room)
        # narrower than its badges: the least needed are hidden
        self.setMinimumWidth(200)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self.refresh()
        self._timer.start()

    def badge(self, name: str) -> HealthBadge:
        """``camera``, ``provider``, ``disk``, ``latency``, ``age``, ``rate`` or ``drops``."""
        return self._badges[name]

    def refresh(self) -> None:
        snapshot = self._context.runs.snapshot
        status = snapshot.status if snapshot else None
        readings: dict[str, Reading] = {
            "camera": health_rules.camera(snapshot),
            "provider": health_rules.provider(snapshot),
            "disk": health_rules.disk(self._free, status),
            "latency": health_rules.latency(status),
            "age": health_rules.frame_age(snapshot),
            "rate": health_rules.rate(status),
            "drops": health_rules.drops(status),
        }
        for name, reading in readings.items():
            self._badges[name].set_value(reading.text, reading.health, reading.tip)
        self._make_room()
        self._ask_disk()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self._make_room()

    def _make_room(self) -> None:
        spacing, (left, _, right, _) = SPACING, self.layout().getContentsMargins()  # type: ignore[union-attr, misc]
        room = self.width() - left - right - self.role.sizeHint().width() - spacing
        for name in BY_NEED:
            badge = self._badges[name]
            room -= badge.sizeHint().width() + spacing
            badge.setVisible(room >= 0)

    def stop(self) -> None:
        self._timer.stop()

    def _ask_disk(self) -> None:
        db = self._context.paths.db
        if db is not None and self._round % DISK_EVERY == 0:
            folder = db.absolute().parent
            self._context.work.submit(
                lambda job: _free_bytes(job, folder), self._on_disk, key="status-disk"
            )
        self._round += 1

    def _on_disk(self, outcome: Outcome[int]) -> None:
        self._free = outcome.value if isinstance(outcome, Done) else None


def _free_bytes(job: Job, folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
