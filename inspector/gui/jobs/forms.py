"""The forms of a recipe and its camera, as data; keys are those of the recipe's tables."""

from __future__ import annotations

from inspector.gui.engineer.fields import FieldSpec
from inspector.gui.translate import QT_TRANSLATE_NOOP

DEFECT_FIELDS = (
    FieldSpec(
        "min_area_px",
        QT_TRANSLATE_NOOP("Fields", "Least defect area"),
        suffix=" px²",
        decimals=0,
        step=10,
        tip=QT_TRANSLATE_NOOP("Fields", "Smaller spots are left out of the score; 0 keeps all"),
    ),
    FieldSpec(
        "min_area_mm2",
        QT_TRANSLATE_NOOP("Fields", "Least defect area"),
        low=0.001,
        suffix=" mm²",
        decimals=3,
        step=0.1,
        optional=True,
        tip=QT_TRANSLATE_NOOP("Fields", "Needs the ruler: a length you know in the picture"),
    ),
    FieldSpec(
        "mm_per_px",
        QT_TRANSLATE_NOOP("Fields", "Size of a pixel"),
        low=0.00001,
        high=1000,
        suffix=" mm",
        decimals=5,
        step=0.01,
        optional=True,
        tip=QT_TRANSLATE_NOOP("Fields", "Lay the ruler along something whose length you know"),
    ),
)

QUALITY_FIELDS = (
    FieldSpec(
        "min_mean",
        QT_TRANSLATE_NOOP("Fields", "Brightness at least"),
        high=255,
        decimals=0,
        optional=True,
    ),
    FieldSpec(
        "max_mean",
        QT_TRANSLATE_NOOP("Fields", "Brightness at most"),
        high=255,
        decimals=0,
        optional=True,
    ),
    FieldSpec(
        "min_contrast",
        QT_TRANSLATE_NOOP("Fields", "Contrast at least"),
        high=128,
        step=0.5,
        decimals=1,
        tip=QT_TRANSLATE_NOOP("Fields", "A covered or dead camera gives about 0"),
    ),
    FieldSpec(
        "max_saturated",
        QT_TRANSLATE_NOOP("Fields", "Overexposed share at most"),
        high=1,
        step=0.01,
        optional=True,
    ),
    FieldSpec(
        "min_sharpness",
        QT_TRANSLATE_NOOP("Fields", "Sharpness at least"),
        high=1e5,
        decimals=1,
        optional=True,
        tip=QT_TRANSLATE_NOOP("Fields", "Variance of the Laplacian at quarter scale"),
    ),
)

PART_FIELDS = (
    FieldSpec(
        "mode",
        QT_TRANSLATE_NOOP("Fields", "Parts are told by"),
        "choice",
        choices=(
            ("presence", QT_TRANSLATE_NOOP("Fields", "presence on the belt")),
            ("trigger", QT_TRANSLATE_NOOP("Fields", "a trigger")),
            ("frame", QT_TRANSLATE_NOOP("Fields", "every frame")),
        ),
    ),
    FieldSpec("trigger_frames", QT_TRANSLATE_NOOP("Fields", "Frames a trigger"), "whole",
              low=1, high=1000),
    FieldSpec(
        "rule",
        QT_TRANSLATE_NOOP("Fields", "A part's frames join by"),
        "choice",
        choices=(
            ("worst", QT_TRANSLATE_NOOP("Fields", "the worst of them")),
            ("k_of_n", QT_TRANSLATE_NOOP("Fields", "k of n")),
        ),
    ),
    FieldSpec("k", QT_TRANSLATE_NOOP("Fields", "k: frames that must agree"), "whole",
              low=1, high=1000),
    FieldSpec("n", QT_TRANSLATE_NOOP("Fields", "n: frames needed"), "whole", low=1, high=1000),
)  # fmt: skip

PRESENCE_FIELDS = (
    FieldSpec(
        "difference",
        QT_TRANSLATE_NOOP("Fields", "Differs from the belt by"),
        "whole",
        low=1,
        high=255,
        suffix=QT_TRANSLATE_NOOP("Fields", " grey levels"),
    ),
    FieldSpec("min_share", QT_TRANSLATE_NOOP("Fields", "in at least this share"),
              low=0.0001, high=1, step=0.005, decimals=4),
    FieldSpec(
        "settled_when",
        QT_TRANSLATE_NOOP("Fields", "A part counts when it"),
        "choice",
        choices=(
            ("rest", QT_TRANSLATE_NOOP("Fields", "has come to rest")),
            ("inside", QT_TRANSLATE_NOOP("Fields", "is wholly inside")),
        ),
    ),
    FieldSpec("settle_frames", QT_TRANSLATE_NOOP("Fields", "for so many frames"), "whole",
              low=1, high=1000),
    FieldSpec("motion", QT_TRANSLATE_NOOP("Fields", "Moves if it changes by"), "whole",
              low=1, high=255, suffix=QT_TRANSLATE_NOOP("Fields", " grey levels")),
    FieldSpec("max_moving_share", QT_TRANSLATE_NOOP("Fields", "in more than this share"),
              high=1, step=0.001, decimals=4),
    FieldSpec("gap_frames", QT_TRANSLATE_NOOP("Fields", "Empty frames between parts"), "whole",
              low=1, high=1000),
)  # fmt: skip

CAMERA_FIELDS = (
    FieldSpec("width", QT_TRANSLATE_NOOP("Fields", "Width"), "whole", low=16, high=16384,
              suffix=" px", optional=True),
    FieldSpec("height", QT_TRANSLATE_NOOP("Fields", "Height"), "whole", low=16, high=16384,
              suffix=" px", optional=True),
    FieldSpec("fps", QT_TRANSLATE_NOOP("Fields", "Frames per second"), low=1, high=1000,
              decimals=1, optional=True),
    FieldSpec("pixel_format", QT_TRANSLATE_NOOP("Fields", "Pixel format (four letters)"), "text",
              optional=True, tip=QT_TRANSLATE_NOOP("Fields", "e.g. MJPG or YUYV")),
    FieldSpec("exposure", QT_TRANSLATE_NOOP("Fields", "Exposure"), low=-1e6, decimals=1,
              optional=True, tip=QT_TRANSLATE_NOOP("Fields", "In the driver's own units")),
    FieldSpec("gain", QT_TRANSLATE_NOOP("Fields", "Gain"), low=-1e6, decimals=1, optional=True),
    FieldSpec("white_balance_k", QT_TRANSLATE_NOOP("Fields", "White balance"), high=20000,
              step=100, decimals=0, suffix=" K", optional=True),
    FieldSpec("focus", QT_TRANSLATE_NOOP("Fields", "Focus"), low=-1e6, decimals=1, optional=True),
    FieldSpec(
        "backend",
        QT_TRANSLATE_NOOP("Fields", "Driver"),
        "choice",
        choices=(
            ("auto", QT_TRANSLATE_NOOP("Fields", "usual one")),
            ("v4l2", "V4L2"),
            ("dshow", "DirectShow"),
            ("msmf", "Media Foundation"),
        ),
    ),
)  # fmt: skip
