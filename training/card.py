"""``card.md``: one page for people about a package."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.core.manifest import ModelManifest, ThresholdBasis, Variant
from training.variants.show import REFUSED, variant_facts


def card(manifest: ModelManifest) -> str:
    """Markdown; says nothing that the manifest does not hold, and no more than it supports."""
    variant, basis = manifest.variants[0], manifest.threshold_basis
    spec, info = manifest.input, manifest.training
    about = _about(manifest)
    shape = (
        f"Input: {spec.width}×{spec.height} pixels, BGR, from regions of about"
        f" {spec.aspect:.2f} : 1 (width to height). Regions of another shape are distorted."
    )
    verdicts = (
        f"PASS below {variant.thresholds.t1:.4g}, REVIEW up to {variant.thresholds.t2:.4g},"
        " FAIL from there on."
    )
    escapes = f"Expected of defective parts: {_escapes(basis)}."
    facts = [shape, verdicts, *_outlined(variant), _overkill(basis), escapes]
    facts += _synthetic(basis)
    facts += variant_facts(manifest)
    facts += [f"Thresholds: {basis.method}.", f"Licence: {manifest.licence}"]
    seed = f"Seed {info.seed}; training data sha256 `{manifest.data.sha256}`."
    settings = [
        f"{key}: {value}"
        for key, value in sorted((info.options | info.tools).items())
        if not key.startswith(REFUSED)
    ]
    parts = (
        f"# {manifest.title}",
        about,
        _listed(facts),
        "## How to make it again",
        seed,
        _listed(settings),
    )
    return "\n\n".join(parts) + "\n"


def _about(manifest: ModelManifest) -> str:
    method, options = manifest.training.method, manifest.training.options
    if "trained_on_defective" in options:
        return (
            f"Tells defective parts from good ones; trained by `{method}` on"
            f" {options['trained_on_good']} good and {options['trained_on_defective']} defective"
            " images, a part of them kept from training for the thresholds."
        )
    return (
        f"Finds what differs from good parts; trained by `{method}` on"
        f" {manifest.data.n_images} good images."
    )


def _overkill(basis: ThresholdBasis) -> str:
    if basis.expected_overkill_t1 is None and basis.expected_overkill_t2 is None:
        return "Expected of good parts: unknown; measure with `inspector-train cross-validate`."
    return (
        f"Expected of good parts like those: about {_share(basis.expected_overkill_t1)} not"
        f" passed, about {_share(basis.expected_overkill_t2)} or fewer failed,"
        f" {_share(basis.expected_review)} or fewer in review;"
        f" {basis.n_good} images support no finer promise."
    )


def _listed(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _share(share: float | None) -> str:
    return "an unknown share" if share is None else f"{share:.2%}"


def _outlined(variant: Variant) -> list[str]:
    pixel = variant.thresholds.pixel
    return [] if pixel is None else [f"Defects are outlined in the map at {pixel:.4g}."]


def _escapes(basis: ThresholdBasis) -> str:
    measure = "measure with `inspector-train"
    if basis.expected_escape is not None and basis.escape_at_most is not None:
        return (
            f"{basis.expected_escape:.2%} of {basis.n_defective} known ones passed, which"
            f" promises no less than {basis.escape_at_most:.2%} (95 % confidence); images that"
            f" also chose how long to train: {measure} cross-validate`"
        )
    if basis.expected_escape is not None:
        return f"about {basis.expected_escape:.2%} passed"
    if basis.n_defective:
        return f"unknown; {measure} cross-validate`"
    return f"unknown, no real ones were seen in training; {measure} evaluate`"


def _synthetic(basis: ThresholdBasis) -> list[str]:
    if basis.synthetic_escape is None or basis.synthetic_escape_at_most is None:
        return []
    text = (
        f"Of {basis.n_synthetic} synthetic defects (made up in held-out good parts)"
        f" {basis.synthetic_escape:.2%} passed, at most {basis.synthetic_escape_at_most:.2%} of"
        " such ones (95 % confidence). That promises nothing of real ones."
    )
    return [text]
