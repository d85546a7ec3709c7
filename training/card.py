"""``card.md``: one page for people about a package."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.core.manifest import ModelManifest


def card(manifest: ModelManifest) -> str:
    """Markdown; says nothing that the manifest does not hold, and no more than it supports."""
    variant, basis = manifest.variants[0], manifest.threshold_basis
    spec, info = manifest.input, manifest.training
    about = (
        f"Finds what differs from good parts; trained by `{info.method}` on"
        f" {manifest.data.n_images} good images."
    )
    shape = (
        f"Input: {spec.width}×{spec.height} pixels, BGR, from regions of about"
        f" {spec.aspect:.2f} : 1 (width to height). Regions of another shape are distorted."
    )
    verdicts = (
        f"PASS below {variant.thresholds.t1:.4g}, REVIEW up to {variant.thresholds.t2:.4g},"
        " FAIL from there on."
    )
    overkill = (
        f"Expected of good parts like those: about {_share(basis.expected_overkill_t1)} not"
        f" passed, about {_share(basis.expected_overkill_t2)} or fewer failed;"
        f" {basis.n_good} images support no finer promise."
    )
    escapes = f"Expected of defective parts: {_escapes(basis.expected_escape)}."
    facts = [shape, verdicts, overkill, escapes]
    facts += [f"Thresholds: {basis.method}.", f"Licence: {manifest.licence}"]
    seed = f"Seed {info.seed}; training data sha256 `{manifest.data.sha256}`."
    settings = [f"{key}: {value}" for key, value in sorted((info.options | info.tools).items())]
    parts = (
        f"# {manifest.title}",
        about,
        _listed(facts),
        "## How to make it again",
        seed,
        _listed(settings),
    )
    return "\n\n".join(parts) + "\n"


def _listed(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _share(share: float | None) -> str:
    return "an unknown share" if share is None else f"{share:.2%}"


def _escapes(share: float | None) -> str:
    if share is None:
        return "unknown, none were seen in training; measure with `inspector-train evaluate`"
    return f"about {share:.2%} passed"
