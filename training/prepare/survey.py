"""Everything that is to be known before a file is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector.core.geometry import Roi
from inspector.errors import InputError
from training.methods import Report
from training.prepare.duplicates import clusters
from training.prepare.inventory import Inventory, Picture, take_inventory
from training.prepare.items import TEST, TRAIN, UNLABELLED, Found, Problem, Reading, Trust
from training.prepare.layouts import category_folder, read_source
from training.prepare.leakage import Duplicates, Leak, find_duplicates, find_leaks, left_out
from training.prepare.split import split_pictures

_SHOWN = 3
ASPECT_SPREAD = 0.05
"""Share by which aspects may differ before one network input distorts some of them."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to make a category of, and what is allowed.

    ``test_share`` is in 0..1, of the good pictures whose source has no split;
    ``keep_unlabelled`` writes pictures that nobody labelled to a folder of their own.
    """

    sources: tuple[Path, ...]
    out: Path
    category: str | None = None
    test_share: float = 0.3
    seed: int = 0
    trust: Trust | None = None
    keep_unlabelled: bool = False
    allow_leakage: bool = False
    strict: bool = False
    force: bool = False
    roi: Roi | None = None

    @property
    def name(self) -> str:
        """Of the category: as given, or the name of the first source's folder."""
        if self.category is not None:
            return self.category
        first = self.sources[0].resolve()
        return first.stem if first.is_file() else category_folder(first, None).name

    @property
    def folder(self) -> Path:
        """Where the category goes."""
        return self.out / self.name


@dataclass(frozen=True, slots=True)
class Chosen:
    """A picture that will be written, and where to."""

    picture: Picture
    split: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found; pairs and leaks refer to ``inventory.pictures``.

    ``objections``: why nothing may be written, one line each.
    """

    request: Request
    found: Found
    inventory: Inventory
    duplicates: Duplicates
    leaks: list[Leak]
    gone: set[int]
    splits: list[str]
    chosen: list[Chosen]
    objections: list[str]
    notes: list[str]

    @property
    def problems(self) -> list[Problem]:
        return self.found.problems + self.inventory.problems

    def sizes(self) -> Counter[tuple[int, int]]:
        """(width, height) in pixels of what will be written."""
        return Counter((c.picture.width, c.picture.height) for c in self.chosen)

    def counts(self) -> dict[str, Counter[str]]:
        """Pictures to write, by split and kind."""
        counts: dict[str, Counter[str]] = {TRAIN: Counter(), TEST: Counter(), UNLABELLED: Counter()}
        for chosen in self.chosen:
            counts[chosen.split][chosen.picture.item.kind] += 1
        return {split: kinds for split, kinds in counts.items() if kinds}


def survey(request: Request, report: Report) -> Survey:
    """Reads all sources and writes nothing; ``report`` hears of the progress.

    Raises InputError where a source cannot be read at all.
    """
    found = Found()
    for source in request.sources:
        found.add(read_source(source, Reading(request.category, request.trust, request.roi)))
    inventory = take_inventory(found.items, report)
    pictures = inventory.pictures
    duplicates = find_duplicates(pictures)
    # a file with several names moves as one, whatever its copies are called
    linked = [(p.first, p.second) for p in duplicates.pairs] + list(duplicates.repeated.items())
    groups = clusters(len(pictures), linked)
    kept = [[i for i in group if i not in duplicates.repeated] for group in groups]
    splits = split_pictures(pictures, kept, test_share=request.test_share, seed=request.seed)
    leaks = find_leaks(pictures, duplicates.pairs, splits)
    gone = left_out(pictures, leaks, splits) if request.allow_leakage else set()
    chosen = [
        Chosen(picture, splits[i])
        for i, picture in enumerate(pictures)
        if i not in gone and i not in duplicates.repeated
    ]
    objections = list(_objections(request, found, inventory, leaks, chosen))
    notes = list(_notes(request, inventory, chosen))
    return Survey(
        request, found, inventory, duplicates, leaks, gone, splits, chosen, objections, notes
    )


def _objections(
    request: Request,
    found: Found,
    inventory: Inventory,
    leaks: Sequence[Leak],
    chosen: Sequence[Chosen],
) -> Iterator[str]:
    problems = found.problems + inventory.problems
    if found.conflicts and request.trust is None:
        yield (
            f"labels contradict each other {_first(found.conflicts)}: mend them, or say whom to"
            " believe with --trust csv or --trust folder"
        )
    if inventory.bad_masks:
        yield f"{_first(inventory.bad_masks)}: a mask must have its picture's size"
    unlabelled = sum(c.split == UNLABELLED for c in chosen)
    if unlabelled and not request.keep_unlabelled:
        yield (
            f"{unlabelled} pictures have no label by a person (a verdict is none): sort them into"
            " folders good and <kind of defect>, or keep them apart with --label-as reviewed"
        )
    if problems and request.strict:
        listed = [f"{p.path}: {p.why}" for p in problems]
        yield f"{_first(listed)}: --strict allows no file that cannot be used"
    if leaks and not request.allow_leakage:
        pairs = [_pair(inventory.pictures, leak) for leak in leaks]
        yield (
            f"the same picture stands on both sides {_first(pairs)}: a test on it would flatter;"
            " remove one, or --allow-leakage to leave out those in train"
        )
    if not chosen:
        yield "no picture can be used: nothing to write"


def _notes(request: Request, inventory: Inventory, chosen: Sequence[Chosen]) -> Iterator[str]:
    """What training will stumble over, or the user should know."""
    for split, least in ((TRAIN, 2), (TEST, 1)):
        good = sum(c.split == split and c.picture.item.is_good for c in chosen)
        if good < least:
            need = "fit needs at least two" if split == TRAIN else "evaluate needs some"
            yield f"{good or 'no'} good in {split}: {need}"
    if not any(c.split == TEST and not c.picture.item.is_good for c in chosen):
        yield "no defects in test: escapes cannot be measured"
    moved = sum(p.item.split == TRAIN and not p.item.is_good for p in inventory.pictures)
    if moved:
        yield f"{moved} defects of {TRAIN} go to {TEST}: training learns from good parts"
    aspects = [c.picture.width / c.picture.height for c in chosen]
    if aspects and max(aspects) > min(aspects) * (1 + ASPECT_SPREAD):
        yield (
            f"aspects from {min(aspects):.2f} to {max(aspects):.2f}: one network input distorts"
            " some of them" + ("" if request.roi else "; cut a station's pictures with --roi")
        )
    for path in inventory.empty_masks:
        yield f"mask {path} outlines nothing"


def _pair(pictures: Sequence[Picture], leak: Leak) -> str:
    first, second = (pictures[i].item.path for i in (leak.pair.first, leak.pair.second))
    return f"{first} = {second} ({leak.why})"


def _first(lines: Sequence[str]) -> str:
    rest = len(lines) - _SHOWN
    return f"({'; '.join(lines[:_SHOWN])}{f'; and {rest} more' if rest > 0 else ''})"


def refuse(survey: Survey) -> None:
    """Raises InputError with the objections, if there are any."""
    if survey.objections:
        more = len(survey.objections) - 1
        rest = f" (and {more} more objection{'s' if more > 1 else ''}, see above)" if more else ""
        raise InputError(survey.objections[0] + rest)
