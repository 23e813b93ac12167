"""Logits and endpoints of every torchvision variant from deterministic weights.

    env -u OPENBLAS_CORETYPE python3 tooling/golden/variants.py
"""
import json
import pathlib

import torch
import torchvision

from cifar_resnet import CifarResNet, cifar_resnet
from deterministic import fill, picture, probe

TORCHVISION = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d",
    "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
]
EVERY = 37  # one logit in so many is kept
ENDPOINTS = {"maxpool": "stem", "layer1": "layer1", "layer2": "layer2", "layer3": "layer3", "layer4": "layer4"}


def golden(model: torch.nn.Module, shape: tuple, endpoints: dict) -> dict:
    x = picture(*shape)
    model = fill(model).eval()
    nhwc = {}

    def keep(name: str):
        def hook(module, inputs, output) -> None:
            nhwc[name] = output.permute(0, 2, 3, 1).clone(memory_format=torch.contiguous_format)

        return hook

    hooks = [model.get_submodule(path).register_forward_hook(keep(name)) for path, name in endpoints.items()]
    with torch.no_grad():
        logits = model(x)
    for hook in hooks:
        hook.remove()
    return {
        "shape": [*x.shape[:1], *x.shape[2:], x.shape[1]],
        "largest": float(logits.abs().max()),
        "every": EVERY,
        "logits": [[float(v) for v in row[::EVERY]] for row in logits],
        "probe": probe("logits", logits),
        "endpoints": {name: probe(name, value) for name, value in nhwc.items()},
    }


def main() -> None:
    torch.manual_seed(0)
    goldens = {}
    for name in TORCHVISION:
        goldens[name] = golden(getattr(torchvision.models, name)(), (2, 64, 80), ENDPOINTS)
    for stride, dilate in ((8, [False, True, True]), (16, [False, False, True])):
        model = torchvision.models.resnet50(replace_stride_with_dilation=dilate)
        goldens[f"resnet50 outputStride {stride}"] = golden(model, (1, 64, 80), ENDPOINTS)
    stages = {"relu": "stem", "layer1": "layer1", "layer2": "layer2", "layer3": "layer3"}
    for depth in (20, 56):
        for option in "AB":
            name = f"resnet{depth}" + ("" if option == "A" else "_b")
            goldens[name] = golden(cifar_resnet(depth, option), (2, 32, 40), stages)
        goldens[f"plain{depth}"] = golden(cifar_resnet(depth, None), (2, 32, 40), stages)
    goldens["wide_resnet14_2"] = golden(CifarResNet([2, 2, 2], 32, "B"), (2, 32, 40), stages)
    out = pathlib.Path(__file__).parent / "golden" / "variants.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in goldens.items()) + "\n}\n")


if __name__ == "__main__":
    main()
