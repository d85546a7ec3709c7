"""What people are told of a package's variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.core.manifest import ModelManifest, Variant


def variants_shown(manifest: ModelManifest, refused: Mapping[str, str]) -> str:
    """A line for each, the refused ones too."""
    return "\n".join([*_shipped(manifest.variants), *_refused(refused)])


def variant_facts(manifest: ModelManifest) -> list[str]:
    """The same from what the manifest alone holds, for its card."""
    options = manifest.training.options
    refused = {
        key.removeprefix(REFUSED): str(reason)
        for key, reason in options.items()
        if key.startswith(REFUSED)
    }
    return [*_shipped(manifest.variants), *_refused(refused)]


REFUSED = "refused "
"""What the key of a reason begins with, in the manifest's ``training.options``."""


def _shipped(variants: Sequence[Variant]) -> list[str]:
    lines = []
    for variant in variants:
        line = f"variant {variant.name}: {variant.size_bytes / 1e6:.1f} MB"
        limits, found = variant.thresholds, variant.agreement
        if found is not None:
            line += (
                f", T1 {limits.t1:.4f}, T2 {limits.t2:.4f}; scores differ from the trained"
                f" network's by {found.typical_difference:.1e} (median), at most"
                f" {found.largest_difference:.1e}; {found.same_verdict:.1%} of {found.n_images}"
                f" validation pictures ({found.n_defective} defective) get fp32's verdict"
            )
        lines.append(line)
    return lines


def _refused(refused: Mapping[str, str]) -> list[str]:
    return [f"variant {name} is not in the package: {why}" for name, why in refused.items()]
