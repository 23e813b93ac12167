"""Logits and embeddings of networks whose publishers are no library, from deterministic weights: huyvnphan's CIFAR nets, CLIP's.

    env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/publishers.py

Each stands under `NAME at HEIGHTxWIDTH` in golden/publishers; what has more than a hundred million parameters has one block
a stage, and says so. The names and shapes of all tensors go, as a digest, beside them.
"""
import json
import pathlib

import torch
import torchvision
from torch import nn

from architectures import TORCHVISION, state_dict
from variants import golden

LARGE = 100_000_000
HEAD_CHANNELS = 64


def cifar_maxpool(name: str) -> nn.Module:
    """torchvision's with a 3×3 stem, whose pooling stays, for ten classes."""
    model = getattr(torchvision.models, name)(num_classes=10)
    model.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    return model


class ClipBottleneck(nn.Module):
    """Strides are means of squares: before the last convolution, and before that of the shortcut."""

    def __init__(self, channels: int, planes: int, stride: int):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes)
        self.stride = stride
        if stride > 1 or channels != 4 * planes:
            self.downsample = nn.Sequential(nn.Conv2d(channels, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(nn.functional.avg_pool2d(y, self.stride)))
        past = self.downsample(nn.functional.avg_pool2d(x, self.stride)) if hasattr(self, "downsample") else x
        return torch.relu(y + past)


class ClipPool(nn.Module):
    """The answer that torch's attention gives to the mean, over the mean and all pixels, with places added."""

    def __init__(self, edge: int, channels: int, features: int):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.zeros(edge * edge + 1, channels))
        self.k_proj, self.q_proj = nn.Linear(channels, channels), nn.Linear(channels, channels)
        self.v_proj, self.c_proj = nn.Linear(channels, channels), nn.Linear(channels, features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pixels = x.flatten(2).permute(2, 0, 1)
        tokens = torch.cat([pixels.mean(0, keepdim=True), pixels]) + self.positional_embedding[:, None]
        found, _ = nn.functional.multi_head_attention_forward(
            tokens, tokens, tokens, x.shape[1], x.shape[1] // HEAD_CHANNELS, None,
            torch.cat([self.q_proj.bias, self.k_proj.bias, self.v_proj.bias]), None, None, False, 0.0,
            self.c_proj.weight, self.c_proj.bias, training=False, need_weights=False, use_separate_proj_weight=True,
            q_proj_weight=self.q_proj.weight, k_proj_weight=self.k_proj.weight, v_proj_weight=self.v_proj.weight,
        )
        return found[0]


class ClipResNet(nn.Module):
    def __init__(self, depths: list, features: int, edge: int, width: int, num_classes: int = 0):
        super().__init__()
        half = width // 2
        self.conv1, self.bn1 = nn.Conv2d(3, half, 3, 2, 1, bias=False), nn.BatchNorm2d(half)
        self.conv2, self.bn2 = nn.Conv2d(half, half, 3, 1, 1, bias=False), nn.BatchNorm2d(half)
        self.conv3, self.bn3 = nn.Conv2d(half, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.avgpool = nn.AvgPool2d(2)
        channels = width
        for index, depth in enumerate(depths):
            blocks = []
            for i in range(depth):
                blocks.append(ClipBottleneck(channels, width * 2**index, 2 if index and not i else 1))
                channels = 4 * width * 2**index
            setattr(self, f"layer{index + 1}", nn.Sequential(*blocks))
        self.attnpool = ClipPool(edge, channels, features)
        self.fc = nn.Linear(features, num_classes) if num_classes else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for conv, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = torch.relu(norm(conv(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.avgpool(x)))))
        return self.fc(self.attnpool(x))


# Depths, features, edge of the last feature map, width; and the edge of the picture that is small enough for a test.
CLIP = {
    "clip_resnet50": ([3, 4, 6, 3], 1024, 7, 64),
    "clip_resnet101": ([3, 4, 23, 3], 512, 7, 64),
    "clip_resnet50x4": ([4, 6, 10, 6], 640, 9, 80),
    "clip_resnet50x16": ([6, 8, 18, 8], 768, 12, 96),
    "clip_resnet50x64": ([3, 15, 36, 10], 1024, 14, 128),
}
CLIP_SIZES = {"clip_resnet50": (64, 224)}
STEM = {"avgpool": "stem", **{f"layer{index}": f"layer{index}" for index in range(1, 5)}}


def write(file: str, goldens: dict) -> None:
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in goldens.items())
    (pathlib.Path(__file__).parent / "golden/publishers" / file).write_text(f"{{\n{lines}\n}}\n")


def main() -> None:
    torch.manual_seed(0)
    cifar, clip, state_dicts = {}, {}, {}
    for depth in (18, 34, 50, 101, 152):
        for shape in ((2, 32, 40), (1, 27, 35)) if depth in (18, 50) else ((2, 32, 40),):
            model = cifar_maxpool(f"resnet{depth}")
            name = f"cifar_resnet{depth}_maxpool"
            state_dicts[name] = state_dict(model)
            cifar[f"{name} at {shape[1]}x{shape[2]}"] = golden(model, shape, TORCHVISION)
    for name, (depths, features, edge, width) in CLIP.items():
        state_dicts[name] = state_dict(ClipResNet(depths, features, edge, width))
        is_large = state_dicts[name]["parameters"] > LARGE
        for size in CLIP_SIZES.get(name, (64,)):
            model = ClipResNet([1, 1, 1, 1] if is_large else depths, features, size // 32, width)
            title = f"{name}{', one block a stage' if is_large else ''} at {size}x{size}"
            clip[title] = golden(model, (1, size, size), STEM)
    write("cifar.json", cifar)
    write("clip.json", clip)
    write("state-dicts.json", state_dicts)


if __name__ == "__main__":
    main()
