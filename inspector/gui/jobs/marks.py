"""Between a recipe's regions and what is drawn and listed of them; pure but for words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from inspector.core.geometry import Roi
from inspector.core.recipe import Recipe, RegionSpec
from inspector.gui.jobs.canvas import Drawn
from inspector.gui.jobs.draft import Draft
from inspector.gui.jobs.panels import RectangleRow

LEAST_SIDE = 16


def region_key(index: int) -> str:
    return f"region:{index}"


def mask_key(index: int, mask: int) -> str:
    return f"mask:{index}:{mask}"


def parse_key(key: str) -> tuple[int, int | None]:
    """(region, mask); mask None for the region itself."""
    kind, *numbers = key.split(":")
    return int(numbers[0]), int(numbers[1]) if kind == "mask" else None


def whole(size: tuple[int, int]) -> Roi:
    return Roi(0, 0, size[0], size[1])


def placed(spec: RegionSpec, size: tuple[int, int]) -> Roi:
    """Where the region is, in a picture of that width and height."""
    return spec.region or whole(size)


def masks_of(spec: RegionSpec) -> tuple[Roi, ...]:
    """In pixels of the region."""
    return tuple(Roi(b.x1, b.y1, b.width, b.height) for b in spec.ignored_boxes)


def drawn(recipe: Recipe, size: tuple[int, int], chosen: str) -> list[Drawn]:
    """Every region and mask, in image pixels."""
    found = []
    for index, spec in enumerate(recipe.regions):
        place = placed(spec, size)
        key = region_key(index)
        found.append(Drawn(key, place, spec.name, is_mask=False, chosen=key == chosen))
        for number, mask in enumerate(masks_of(spec)):
            key = mask_key(index, number)
            roi = Roi(place.x + mask.x, place.y + mask.y, mask.width, mask.height)
            text = _tr("mask %1").replace("%1", str(number + 1))
            found.append(Drawn(key, roi, text, is_mask=True, chosen=key == chosen))
    return found


def rows(recipe: Recipe, size: tuple[int, int]) -> list[RectangleRow]:
    """As the list shows them: masks in pixels of their region, as the recipe has them."""
    found = []
    for index, spec in enumerate(recipe.regions):
        place = placed(spec, size)
        text = spec.name if spec.roi else _tr("%1 (whole picture)").replace("%1", spec.name)
        found.append(RectangleRow(region_key(index), text, place))
        for number, mask in enumerate(masks_of(spec)):
            text = "    " + _tr("mask %1").replace("%1", str(number + 1))
            found.append(RectangleRow(mask_key(index, number), text, mask))
    return found


def moved(draft: Draft, key: str, roi: Roi, size: tuple[int, int]) -> Draft:
    """The draft with a rectangle at ``roi`` (image pixels). Raises ConfigError."""
    region, mask = parse_key(key)
    if mask is None:
        return draft.with_roi(region, roi)
    place = placed(_specs(draft)[region], size)
    x, y = max(0, roi.x - place.x), max(0, roi.y - place.y)
    return typed(draft, key, Roi(x, y, roi.width, roi.height))


def typed(draft: Draft, key: str, roi: Roi) -> Draft:
    """The draft with a rectangle at ``roi``, as the list has it. Raises ConfigError."""
    region, mask = parse_key(key)
    if mask is None:
        return draft.with_roi(region, roi)
    masks = list(masks_of(_specs(draft)[region]))
    masks[mask] = roi
    return draft.with_masks(region, tuple(masks))


def removed(draft: Draft, key: str) -> Draft:
    """Without it; the last region stays."""
    region, mask = parse_key(key)
    if mask is None:
        return draft.without_region(region)
    masks = list(masks_of(_specs(draft)[region]))
    del masks[mask]
    return draft.with_masks(region, tuple(masks))


def with_new_mask(draft: Draft, chosen: str, size: tuple[int, int]) -> tuple[Draft, str]:
    """A mask in the middle of the chosen region; the draft and the mask's key."""
    region = parse_key(chosen)[0] if chosen else 0
    place = placed(_specs(draft)[region], size)
    width, height = max(LEAST_SIDE, place.width // 5), max(LEAST_SIDE, place.height // 5)
    mask = Roi((place.width - width) // 2, (place.height - height) // 2, width, height)
    masks = (*masks_of(_specs(draft)[region]), mask)
    return draft.with_masks(region, masks), mask_key(region, len(masks) - 1)


def with_new_region(draft: Draft, size: tuple[int, int]) -> tuple[Draft, str]:
    """One more, in the middle of the picture, under a free name."""
    taken = {spec.name for spec in _specs(draft)}
    name = next(f"part-{n}" for n in range(2, 100) if f"part-{n}" not in taken)
    width, height = size[0] // 3, size[1] // 3
    roi = Roi(size[0] // 3, size[1] // 3, max(LEAST_SIDE, width), max(LEAST_SIDE, height))
    return draft.with_region(name, roi), region_key(len(taken))


def _specs(draft: Draft) -> tuple[RegionSpec, ...]:
    return draft.recipe.regions if draft.recipe else ()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Jobs", text)
