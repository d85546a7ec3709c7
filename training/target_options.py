"""Options that several commands share: what is trained on, target rates, the station's scale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inspector.core.manifest import Targets
from inspector.errors import InputError
from training.outcomes import LEAST_REGION, MOST_REGION

Data = Annotated[Path, typer.Option(help="Folder that holds the category's folder.")]
CategoryName = Annotated[str, typer.Option(help="Name of the category.")]

MaxEscape = Annotated[
    float | None, typer.Option(help="Largest share of defective parts that may pass.")
]
MaxOverkill = Annotated[
    float | None, typer.Option(help="Largest share of good parts that may be failed.")
]
MaxReview = Annotated[
    float | None, typer.Option(help="Largest share of good parts that may go to review.")
]

RegionPixels = Annotated[
    int | None,
    typer.Option(
        min=LEAST_REGION,
        max=MOST_REGION,
        help="Shorter side of the region that the station will inspect: larger pictures are"
        " reduced to it, so that the model learns what the station sees.",
    ),
]


def targets_of(
    max_escape: float | None, max_overkill: float | None, max_review: float | None
) -> Targets:
    """Raises InputError for what is no share."""
    named = {"escape": max_escape, "overkill": max_overkill, "review": max_review}
    for name, share in named.items():
        if share is not None and not 0 < share < 1:
            raise InputError(
                f"--max-{name} {share:g}: expected a share above 0 and below 1, such as 0.02"
            )
    return Targets(max_escape=max_escape, max_overkill=max_overkill, max_review=max_review)
