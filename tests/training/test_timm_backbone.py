"""Backbones of timm, by a stand-in for timm: the real one needs torchvision."""

from __future__ import annotations

import sys
from itertools import pairwise
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from inspector.errors import ConfigError
from tests.support.parts_folder import disc
from training.backbones import open_backbone
from training.export import export
from training.methods import Parts, gaussian

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)


class _Network(nn.Module):
    """Stages at strides 2, 4, 8 and 16, with batch norm and SiLU."""

    def __init__(self, chosen: tuple[int, ...] | None) -> None:
        super().__init__()
        torch.manual_seed(0)
        widths = (3, 4, 6, 8, 10)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.BatchNorm2d(b), nn.SiLU())
            for a, b in pairwise(widths)
        )
        self.chosen = chosen
        self.pretrained_cfg = {"mean": MEAN, "std": STD}
        self.feature_info = SimpleNamespace(reduction=lambda: [2, 4, 8, 16])

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        return found if self.chosen is None else [found[i] for i in self.chosen]


def _create(name: str, *, pretrained: bool, features_only: bool, out_indices=None) -> nn.Module:
    assert pretrained
    assert features_only
    if name == "flat":
        network = _Network(None)
        network.feature_info = SimpleNamespace(reduction=lambda: [16])
        return network
    if name != "tiny":
        raise RuntimeError(f"Unknown model ({name})")
    return _Network(out_indices)


@pytest.fixture
def fake_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    timm = ModuleType("timm")
    timm.create_model = _create  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "timm", timm)


@pytest.mark.usefixtures("fake_timm")
def test_pictures_reach_the_network_as_it_knows_them() -> None:
    backbone = open_backbone("timm:tiny", (), monochrome=False)
    image = np.zeros((1, 32, 32, 3), np.uint8)
    image[..., 2] = 255  # pure red
    stages = backbone(torch.from_numpy(image))
    red = (torch.tensor([1.0, 0.0, 0.0]) - torch.tensor(MEAN)) / torch.tensor(STD)
    expected = _Network((2, 3)).eval()(red[None, :, None, None].expand(1, 3, 32, 32))
    assert [s.shape[1:] for s in stages] == [(8, 4, 4), (10, 2, 2)]
    for found, wanted in zip(stages, expected, strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.usefixtures("fake_timm")
@pytest.mark.parametrize("monochrome", [False, True])
def test_a_method_exports_with_it(monochrome: bool) -> None:
    views = np.stack([np.stack([disc(i, size=64)]) for i in range(4)])
    parts = Parts(views, backbone="timm:tiny", monochrome=monochrome)
    fitted = gaussian.fit(parts, seed=0, report=lambda step, share: None)
    exported = export(fitted.detector, 64, 64, seed=0)
    assert exported.difference < 1e-4
    assert exported.outputs[1].shape == [8, 8]


@pytest.mark.usefixtures("fake_timm")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("timm:nothing", "Unknown model"),
        ("timm:flat", r"strides \[16\]: expected 8 and 16"),
        ("resnet", "choose efficientnet-lite0"),
    ],
)
def test_what_cannot_be_had_is_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        open_backbone(name, (), monochrome=False)


def test_without_timm_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigError, match="install it"):
        open_backbone("timm:resnet18", (), monochrome=False)
