"""What timm's blocks and CLIP's pooling make of a deterministic picture with deterministic weights: the numbers of
packages/blocks/src/timm-blocks.test.ts and packages/resnet/src/attention-pool.test.ts.

    env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/blocks.py

It needs timm; architectures.py says how to have it.
"""
import json

import torch
from timm.models.resnet import BasicBlock, Bottleneck
from timm.models.res2net import Bottle2neck
from timm.models.resnest import ResNestBottleneck
from timm.models.sknet import SelectiveKernelBasic, SelectiveKernelBottleneck
from torch import nn

from deterministic import fill, picture, probe
from publishers import ClipPool


def make(block, in_channels: int, planes: int, *, stride: int = 1, **options) -> nn.Module:
    """With the projection that `timm.models.resnet.downsample_conv` makes, where the shapes differ."""
    out_channels = planes * block.expansion
    projection = nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
    )
    fits = stride == 1 and in_channels == out_channels
    kinds = {"norm_layer": nn.BatchNorm2d, "downsample": None if fits else projection}
    return block(in_channels, planes, stride=stride, **kinds, **options)


def selective(ratio: float, divisor: int, splits: bool) -> dict:
    return {"sk_kwargs": {"rd_ratio": ratio, "rd_divisor": divisor, "split_input": splits}}


CASES = {
    "basic": (BasicBlock, 8, 8, {}),
    "basic, halved": (BasicBlock, 4, 8, {"stride": 2}),
    "basic, dilated": (BasicBlock, 8, 8, {"dilation": 2, "first_dilation": 1}),
    "bottleneck": (Bottleneck, 16, 4, {"dilation": 2}),
    "bottleneck, halved, in groups": (Bottleneck, 8, 4, {"stride": 2, "cardinality": 2, "reduce_first": 2}),
    "SK basic": (SelectiveKernelBasic, 8, 8, selective(1 / 8, 2, True)),
    "SK basic, halved": (SelectiveKernelBasic, 4, 8, {"stride": 2, **selective(1 / 2, 3, False)}),
    "SK basic, dilated": (SelectiveKernelBasic, 8, 8, {"dilation": 2, "first_dilation": 1, **selective(1 / 8, 2, True)}),
    "SK bottleneck": (SelectiveKernelBottleneck, 16, 4, selective(1 / 2, 2, False)),
    "SK bottleneck, halved, in groups": (
        SelectiveKernelBottleneck, 8, 4, {"stride": 2, "cardinality": 2, **selective(1 / 2, 2, True)},
    ),
    "SK bottleneck, dilated": (SelectiveKernelBottleneck, 16, 4, {"dilation": 2, **selective(1 / 2, 2, False)}),
    "Res2Net": (Bottle2neck, 16, 4, {"base_width": 64, "scale": 4}),
    "Res2Net, wider": (Bottle2neck, 8, 4, {"base_width": 32, "scale": 3}),
    "Res2Net, halved, in groups": (Bottle2neck, 16, 4, {"stride": 2, "base_width": 32, "cardinality": 2, "scale": 2}),
    "Res2Net, dilated": (Bottle2neck, 16, 4, {"dilation": 2, "base_width": 64, "scale": 3}),
    "ResNeSt": (ResNestBottleneck, 16, 4, {"radix": 2, "avd": True}),
    "ResNeSt, halved after": (ResNestBottleneck, 8, 4, {"stride": 2, "radix": 2, "avd": True, "cardinality": 2}),
    "ResNeSt, halved before": (ResNestBottleneck, 8, 4, {"stride": 2, "radix": 4, "avd": True, "avd_first": True}),
    "ResNeSt, one alternative": (ResNestBottleneck, 16, 4, {"dilation": 2, "radix": 1, "avd": True}),
    "ResNeSt, wide": (ResNestBottleneck, 8, 80, {"radix": 2, "avd": True}),
}


def main() -> None:
    for title, (block, in_channels, planes, options) in CASES.items():
        model = fill(make(block, in_channels, planes, **options)).eval()
        with torch.no_grad():
            y = model(picture(2, 5, 7, in_channels)).permute(0, 2, 3, 1).contiguous()
        print(json.dumps([title, list(y.shape), [round(value, 6) for value in probe("block", y)]], ensure_ascii=False))
    pool = fill(nn.ModuleDict({"attnpool": ClipPool(3, 128, 5)})).eval()
    with torch.no_grad():
        found = pool["attnpool"](picture(2, 3, 3, 128))
    print(json.dumps(["attention pool", list(found.shape), [round(value, 6) for value in found.flatten().tolist()]]))


if __name__ == "__main__":
    main()
