"""The packages below a folder as people choose among them: facts, card, verification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from inspector.core.manifest import ModelManifest
from inspector.errors import InspectorError, PackageError
from inspector.inference.package import Package, find_packages, load_package, read_bounded
from inspector.inference.predictor import open_predictor

CARD = "card.md"
MAX_CARD_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """One package. A broken one has ``problem`` and the names of its folders, no more.

    Attributes:
        variants: sha256 by name of the variant.
        metrics: as its trainer measured them, e.g. ``image_auroc``.
        card: the page for people (Markdown), empty where there is none.
    """

    path: Path
    category: str
    version: str
    problem: str | None = None
    method: str = ""
    created: str = ""
    licence: str = ""
    size_bytes: int = 0
    variants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    metrics: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    basis: str = ""
    card: str = ""

    @property
    def title(self) -> str:
        return f"{self.category}@{self.version}"

    def holds(self, sha256: str) -> bool:
        """Whether one of its variants is the model file with that checksum."""
        return sha256 in self.variants.values()


def gallery(root: Path) -> list[GalleryEntry]:
    """Every package at ``root``/<category>/<version>, sound or not, in order of names.

    Reads manifests and cards only. Raises InputError where ``root`` is no folder.
    """
    return [_entry(path, held) for path, held in find_packages(root).items()]


def _entry(path: Path, held: Package | PackageError) -> GalleryEntry:
    if isinstance(held, PackageError):
        return GalleryEntry(path, path.parent.name, path.name, problem=str(held))
    return _of(held.manifest, path)


def _of(manifest: ModelManifest, path: Path) -> GalleryEntry:
    return GalleryEntry(
        path=path,
        category=manifest.category,
        version=manifest.version,
        method=manifest.training.method,
        created=manifest.created,
        licence=manifest.licence,
        size_bytes=sum(v.size_bytes for v in manifest.variants),
        variants=MappingProxyType({v.name: v.sha256 for v in manifest.variants}),
        metrics=MappingProxyType(dict(manifest.metrics)),
        basis=manifest.threshold_basis.method,
        card=read_card(path),
    )


def read_card(package: Path) -> str:
    """The package's page for people; what cannot be read is said in its place."""
    if not (package / CARD).exists():
        return ""
    try:
        data = read_bounded(package / CARD, f"model package {package}: {CARD}", MAX_CARD_BYTES)
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return f"({CARD} is not a UTF-8 text file)"
    except PackageError as error:
        return f"({error})"


@dataclass(frozen=True, slots=True)
class VariantCheck:
    """A variant that passed: ``difference`` of its golden outputs where ``allowed`` is."""

    variant: str
    provider: str
    difference: float
    allowed: float


@dataclass(frozen=True, slots=True)
class Verification:
    """What a full check of a package on this machine found; ``problem`` None: all is well."""

    checks: tuple[VariantCheck, ...] = ()
    problem: str | None = None

    @property
    def passed(self) -> bool:
        return self.problem is None


def verify_package(
    path: Path,
    *,
    require_gpu: bool = False,
    threads: int | None = None,
    on_step: Callable[[str], None] = lambda what: None,
) -> Verification:
    """Checksums, safety and golden outputs of every variant; takes seconds a variant.

    ``on_step`` hears what comes next, and may raise to give up (that comes through).
    """
    checks: list[VariantCheck] = []
    try:
        package = load_package(path)
        for variant in package.manifest.variants:
            on_step(f"{package.manifest.title} {variant.name}")
            predictor = open_predictor(
                package, variant=variant.name, require_gpu=require_gpu, threads=threads
            )
            checks.append(
                VariantCheck(
                    variant.name,
                    predictor.provider,
                    predictor.golden_difference,
                    variant.golden.atol,
                )
            )
            predictor.close()
    except InspectorError as error:
        return Verification(tuple(checks), str(error))
    return Verification(tuple(checks))
