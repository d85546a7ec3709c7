"""Connects the picture with the draft: what is drawn, measured and taught on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject

from inspector.core.frame import Frame
from inspector.core.ruler import mm_per_px
from inspector.errors import ConfigError
from inspector.gui.context import AppContext
from inspector.gui.engineer.cards import sentence
from inspector.gui.jobs import marks
from inspector.gui.jobs.draft import Draft
from inspector.gui.jobs.picture import EditorPicture
from inspector.gui.jobs.teaching import Teaching
from inspector.gui.jobs.view import JobsView
from inspector.vision import quality

NO_PICTURE = (1280, 720)
"""Stands for a picture's size until there is one."""
MEASURE_EVERY = 15
"""Live pictures between two measurements of their quality."""


class Editor(Protocol):
    """Who holds the draft."""

    @property
    def draft(self) -> Draft | None: ...

    def edit(self, change: Callable[[Draft], Draft]) -> None:
        """The next draft, or its refusal told."""
        ...


class PictureController(QObject):
    """Regions, masks, ruler, quality and the empty belt; the draft is the editor's."""

    def __init__(self, context: AppContext, view: JobsView, editor: Editor) -> None:
        super().__init__(view)
        self._view, self._editor = view, editor
        self._chosen = marks.region_key(0)
        self._size = NO_PICTURE
        self._teaching: Teaching | None = None
        self._frames = 0
        self.picture = EditorPicture(context, self)
        self._connect_picture()

    def begin(self) -> None:
        """Another job: its picture is another one."""
        self._chosen = marks.region_key(0)
        self.picture.forget()
        self._view.canvas.set_image(None)
        self._say_no_picture()

    def show(self) -> None:
        """The draft has changed."""
        self._show_taught()
        self._show_marks()
        self._show_quality()

    def _connect_picture(self) -> None:
        view, regions = self._view, self._view.regions
        view.live_wanted.connect(self._on_live)
        view.picture.apply_wanted.connect(lambda: self._on_live(on=True))
        view.canvas.moved.connect(
            lambda key, roi: self._editor.edit(lambda d: marks.moved(d, key, roi, self._size))
        )
        view.canvas.chosen.connect(self._choose)
        regions.chosen.connect(self._choose)
        regions.typed.connect(
            lambda key, roi: self._editor.edit(lambda d: marks.typed(d, key, roi))
        )
        view.parts.teach_wanted.connect(self._teach)
        regions.add_mask_wanted.connect(self._add_mask)
        regions.add_region_wanted.connect(self._add_region)
        regions.remove_wanted.connect(self._remove)
        regions.whole_wanted.connect(
            lambda key: self._editor.edit(lambda d: d.with_roi(marks.parse_key(key)[0], None))
        )
        regions.ruler_wanted.connect(self._on_ruler)
        regions.measured.connect(self._measure)
        self.picture.frame_came.connect(self._on_frame)
        self.picture.failed.connect(self._on_picture_failed)
        self.picture.stopped.connect(self._on_picture_stopped)

    # drawing

    def _choose(self, key: str) -> None:
        if key != self._chosen:
            self._chosen = key
            self._show_marks()

    def _add_mask(self) -> None:
        def add(draft: Draft) -> Draft:
            made, self._chosen = marks.with_new_mask(draft, self._chosen, self._size)
            return made

        self._editor.edit(add)

    def _add_region(self) -> None:
        def add(draft: Draft) -> Draft:
            made, self._chosen = marks.with_new_region(draft, self._size)
            return made

        self._editor.edit(add)

    def _remove(self, key: str) -> None:
        self._chosen = marks.region_key(0)
        self._editor.edit(lambda d: marks.removed(d, key))

    def _on_ruler(self, on: bool) -> None:  # noqa: FBT001 - a signal's argument
        width, height = self._size
        ends = ((width * 0.25, height * 0.5), (width * 0.75, height * 0.5)) if on else None
        self._view.canvas.set_ruler(ends)
        text = self.tr("Lay it along something you know, type its true length, take it over.")
        self._view.regions.set_ruler(on=on, text=text if on else "")

    def _measure(self, length_mm: float) -> None:
        ends = self._view.canvas.ruler_ends()
        if ends is None:
            return
        try:
            size = mm_per_px(*ends, length_mm)
        except ConfigError as error:
            self._view.regions.set_ruler(on=True, text=str(error))
            return
        self._editor.edit(lambda d: d.with_defects({"mm_per_px": size}))
        text = self.tr("A pixel is %1 mm wide").replace("%1", f"{size:.4g}")
        self._view.regions.set_ruler(on=True, text=text)

    # the picture

    def _on_live(self, on: bool) -> None:  # noqa: FBT001 - a signal's argument
        if on and self._editor.draft is not None:
            self._view.set_live(on=True)
            self._view.canvas.words.set_words(self.tr("Opening the source …"))
            self.picture.start(self._editor.draft)
        else:
            self.picture.stop()

    def _on_frame(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        new_size = (width, height) != self._size
        self._size = (width, height)
        self._view.canvas.set_image(frame.image, live=True)
        self._view.picture_text.setText(f"{width} × {height}")
        if new_size or self._frames == 0:
            self._show_marks()
        if self._frames % MEASURE_EVERY == 0:
            self._show_quality()
        self._frames += 1
        if self._teaching is not None:
            self._teach_with(frame, self._teaching)

    def _on_picture_failed(self, text: str) -> None:
        self._teaching = None
        self._view.set_live(on=False)
        if self._view.canvas.has_image:
            self._view.picture_text.setText(text)
        else:
            self._view.canvas.words.set_words(sentence(text), "warning", danger=True)

    def _on_picture_stopped(self, why: str) -> None:
        self._teaching = None
        self._view.set_live(on=False)
        if self.picture.image is not None:
            self._view.canvas.set_image(self.picture.image)
        if why:
            self._view.picture_text.setText(why)
        self._show_taught()

    def _show_quality(self) -> None:
        draft, image = self._editor.draft, self.picture.image
        if draft is None or draft.recipe is None or image is None:
            return
        box = marks.placed(draft.recipe.regions[0], self._size).box
        pixels = image[box.y1 : box.y2, box.x1 : box.x2]
        if not pixels.size:
            return
        found = quality.measure(pixels, sharpness=True)
        text = (
            self.tr("Now: brightness %1, contrast %2, overexposed %3, sharpness %4")
            .replace("%1", f"{found.mean:.0f}")
            .replace("%2", f"{found.contrast:.1f}")
            .replace("%3", f"{found.saturated:.3f}")
            .replace("%4", f"{found.sharpness or 0:.1f}")
        )
        problem = quality.problem(pixels, draft.recipe.quality)
        if problem is not None:
            text += "\n" + self.tr("It would be INVALID: %1").replace("%1", problem)
        self._view.picture.measured.setText(text)
        self._view.picture.camera_remark.setText(
            "\n".join(self.tr("refused: %1").replace("%1", r) for r in self.picture.refused)
        )

    # teaching

    def _teach(self) -> None:
        draft, image = self._editor.draft, self.picture.image
        if draft is None or draft.recipe is None or image is None:
            return
        roi = draft.recipe.presence_roi()
        if self.picture.is_on:
            self._teaching = Teaching(roi)
            return
        still = Teaching(roi, frames=1)
        still.add(image)
        self._taught(still)

    def _teach_with(self, frame: Frame, teaching: Teaching) -> None:
        teaching.add(frame.image)
        if teaching.complete:
            self._teaching = None
            self._taught(teaching)
        else:
            text = self.tr("Teaching, keep the belt empty: picture %1")
            self._view.parts.set_taught(text.replace("%1", str(teaching.count)), can_teach=False)

    def _taught(self, teaching: Teaching) -> None:
        try:
            reference = teaching.reference()
        except ConfigError as error:
            self._view.parts.set_taught(str(error), can_teach=True)
            return
        self._editor.edit(lambda d: d.with_taught(reference))

    def _show_marks(self) -> None:
        draft = self._editor.draft
        if draft is None or draft.recipe is None:
            return
        self._view.canvas.set_drawn(marks.drawn(draft.recipe, self._size, self._chosen))
        self._view.regions.set_rows(marks.rows(draft.recipe, self._size), self._chosen)

    def _show_taught(self) -> None:
        draft = self._editor.draft
        if draft is None or draft.recipe is None:
            return
        rule = draft.recipe.parts.presence
        taught = rule is not None and rule.reference is not None
        text = self.tr("Taught.") if taught else self.tr("Not taught: every part is INVALID.")
        if self.picture.image is None:
            text += " " + self.tr("To teach it, show the empty belt in the picture.")
        self._view.parts.set_taught(text, can_teach=self.picture.image is not None)

    def _say_no_picture(self) -> None:
        self._frames = 0
        self._size = NO_PICTURE
        self._view.picture_text.setText("")
        self._view.canvas.words.set_words(
            self.tr("Press Live picture to draw regions and masks on it")
        )
