"""The backbone: padding, folded norms, colours, and that it sees what it should."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inspector.core.frame import Image
from inspector.errors import ConfigError
from training import backbones
from training.backbones import EfficientNetLite0, load_weights, same_padding

SCREW = 783  # of ImageNet's thousand classes


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (256, 3, 2, (0, 1)),  # even: all of it at the end, which torch's own padding cannot
        (255, 3, 2, (1, 1)),
        (256, 5, 2, (1, 2)),
        (255, 5, 2, (2, 2)),
        (256, 3, 1, (1, 1)),
        (256, 5, 1, (2, 2)),
        (7, 1, 1, (0, 0)),
        (1, 5, 2, (2, 2)),
    ],
)
def test_same_padding(size: int, kernel: int, stride: int, expected: tuple[int, int]) -> None:
    assert same_padding(size, kernel, stride) == expected


@pytest.mark.parametrize("size", [64, 65, 95])
def test_stages_have_their_strides(size: int) -> None:
    net = EfficientNetLite0((2, 4, 10))
    outputs = net(torch.zeros(1, size, 64, 3, dtype=torch.uint8))
    heights = [-(-size // stride) for stride in (4, 8, 16)]
    assert [tuple(o.shape) for o in outputs] == [
        (1, c, h, 64 // s) for c, h, s in zip(net.channels, heights, (4, 8, 16), strict=True)
    ]
    assert net.channels == [24, 40, 112]


def test_folded_norm_is_the_norm() -> None:
    state = load_weights()
    folded = backbones._conv(state, "_conv_stem", "_bn0", stride=2)
    x = torch.randn(1, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1))
    y = torch.nn.functional.conv2d(padded, state["_conv_stem.weight"], stride=2)
    norm = [state[f"_bn0.{n}"] for n in ("running_mean", "running_var", "weight", "bias")]
    y = torch.nn.functional.batch_norm(y, *norm, eps=1e-3).clamp(0, 6)
    torch.testing.assert_close(folded(x), y, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("stages", [(), (4, 2), (4, 4), (-1,), (16,)])
def test_wrong_stages_are_refused(stages: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="rising block numbers"):
        EfficientNetLite0(stages)


def _features(image: Image, *, monochrome: bool) -> torch.Tensor:
    net = EfficientNetLite0((2,), monochrome=monochrome)
    return net(torch.from_numpy(image)[None])[0]


def test_monochrome_sees_brightness_alone() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (32, 32, 1)).astype(np.uint8)
    image = np.repeat(grey, 3, axis=2)
    same = _features(image, monochrome=True)
    torch.testing.assert_close(same, _features(image, monochrome=False), atol=1e-4, rtol=1e-4)
    # +50 blue weighs as much as -13.96 red in brightness
    cast = np.full((32, 32, 3), (150, 100, 81), np.uint8)
    plain = np.full((32, 32, 3), 100, np.uint8)
    seen, unseen = (
        (_features(cast, monochrome=m) - _features(plain, monochrome=m)).abs().max()
        for m in (False, True)
    )
    assert unseen < 0.05 * seen


def _classify(image: Image) -> int:
    state = load_weights()
    small = cv2.resize(image, (224, 224), interpolation=cv2.INTER_AREA)
    [features] = EfficientNetLite0((15,), state)(torch.from_numpy(small)[None])
    head = backbones._conv(state, "_conv_head", "_bn1")(features).mean((2, 3))
    return int((head @ state["_fc.weight"].T + state["_fc.bias"]).argmax())


def test_recognises_a_screw(data_dir: Path) -> None:
    """Swapped colours, another padding or scale would still run, but not see this."""
    files = sorted((data_dir / "mvtec_ad" / "screw" / "train" / "good").glob("00[0-4].*"))
    assert [_classify(cv2.imread(str(f))) for f in files] == [SCREW] * 5
