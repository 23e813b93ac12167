"""Logits and endpoints of architectures that torchvision has not, and of its own with other options, from deterministic weights.

timm is needed. It goes into a virtual environment that sees the system's PyTorch:

    python3 -m venv --system-site-packages venv
    venv/bin/pip install --no-deps timm huggingface_hub
    env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/architectures.py

Each stands under `NAME at HEIGHTxWIDTH`; odd sizes go through the borders of pooling. The names and shapes of the nets'
tensors go, as a digest, into state-dicts.json.
"""
import functools
import hashlib
import json
import pathlib

import timm
import torch
import torchvision
from torch import nn

from kuangliu import pre_act_resnet18, resnet18
from variants import golden

TORCHVISION = {"maxpool": "stem", "layer1": "layer1", "layer2": "layer2", "layer3": "layer3", "layer4": "layer4"}
TIMM_V2 = {"stem.pool": "stem", **{f"stages.{index}": f"layer{index + 1}" for index in range(4)}}
EVEN, ODD = (2, 64, 80), (1, 75, 91)


def replace(model: nn.Module, old: type, new) -> nn.Module:
    """Every module of type `old` by what `new` makes of it."""
    for name, child in model.named_children():
        if isinstance(child, old):
            setattr(model, name, new(child))
        else:
            replace(child, old, new)
    return model


def with_activation(activation: type) -> nn.Module:
    return replace(torchvision.models.resnet18(), nn.ReLU, lambda _: activation())


def stride_in_1x1() -> nn.Module:
    model = torchvision.models.resnet50()
    for module in model.modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            module.conv1.stride, module.conv2.stride = module.conv2.stride, module.conv1.stride
    return model


def with_biases() -> nn.Module:
    def biased(conv: nn.Conv2d) -> nn.Conv2d:
        shape = dict(stride=conv.stride, padding=conv.padding, dilation=conv.dilation, groups=conv.groups)
        return nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, bias=True, **shape)

    return replace(torchvision.models.resnet50(), nn.Conv2d, biased)


def with_head(*head: nn.Module, pool: nn.Module = None) -> nn.Module:
    model = torchvision.models.resnet18()
    model.avgpool = pool or model.avgpool
    model.fc = head[0] if len(head) == 1 else nn.Sequential(*head)
    return model


class ConcatPool(nn.Module):
    """fastai's `AdaptiveConcatPool2d(1)`."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pool = nn.functional.adaptive_max_pool2d, nn.functional.adaptive_avg_pool2d
        return torch.cat([one(x, 1) for one in pool], 1)


def fastai_head() -> tuple:
    """The layers of fastai's `create_head(512, 10)` after its pooling: in its Sequential they are 2 to 8, here too."""
    return (
        nn.Identity(), nn.Flatten(), nn.BatchNorm1d(1024), nn.Dropout(0.25), nn.Linear(1024, 512, bias=False), nn.ReLU(),
        nn.BatchNorm1d(512), nn.Dropout(0.5), nn.Linear(512, 10, bias=False),
    )


def grey() -> nn.Module:
    model = torchvision.models.resnet18()
    model.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    return model


def architectures() -> dict:
    """What makes each, its endpoints, and the sizes of its pictures."""
    resnet50 = torchvision.models.resnet50
    silu_inside = dict(pretrained=False, act_layer=nn.SiLU)
    mlp = nn.Linear(512, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(), nn.Linear(64, 10)
    epsilon = functools.partial(nn.BatchNorm2d, eps=1e-3)
    cifar = {f"layer{index}": f"layer{index}" for index in range(1, 5)}
    timm_model = timm.create_model
    return {
        "resnet50d": (timm_model("resnet50d"), TORCHVISION, (EVEN, ODD)),
        "seresnet50": (timm_model("seresnet50"), TORCHVISION, (EVEN, ODD)),
        "resnetv2_50": (timm_model("resnetv2_50"), TIMM_V2, (EVEN, ODD)),
        "cifar_resnet18": (resnet18(), {"relu": "stem", **cifar}, ((2, 32, 40), (1, 27, 35))),
        "cifar_preact_resnet18": (pre_act_resnet18(), {"conv1": "stem", **cifar}, ((2, 32, 40), (1, 27, 35))),
        "resnet50d, outputStride 16": (timm_model("resnet50d", output_stride=16), TORCHVISION, (ODD,)),
        "seresnet50, outputStride 16": (timm_model("seresnet50", output_stride=16), TORCHVISION, (ODD,)),
        "resnetv2_50, outputStride 8": (timm_model("resnetv2_50", output_stride=8), TIMM_V2, (ODD,)),
        "seresnet50, silu": (timm_model("seresnet50", **silu_inside), TORCHVISION, (ODD,)),
        "resnet50, stride in 1x1": (stride_in_1x1(), TORCHVISION, (EVEN, ODD)),
        "resnet50, epsilon 1e-3": (resnet50(norm_layer=epsilon), TORCHVISION, (EVEN,)),
        "resnet50, biases": (with_biases(), TORCHVISION, (EVEN,)),
        "resnet18, silu": (with_activation(nn.SiLU), TORCHVISION, (ODD,)),
        "resnet18, leaky_relu": (with_activation(nn.LeakyReLU), TORCHVISION, (ODD,)),
        "resnet18, hardswish": (with_activation(nn.Hardswish), TORCHVISION, (ODD,)),
        "resnet18, relu6": (with_activation(nn.ReLU6), TORCHVISION, (ODD,)),
        "resnet18, head without bias": (with_head(nn.Linear(512, 1000, bias=False)), TORCHVISION, (EVEN,)),
        "resnet18, head of two layers": (with_head(*mlp), TORCHVISION, (EVEN,)),
        "resnet18, fastai": (with_head(*fastai_head(), pool=ConcatPool()), TORCHVISION, (EVEN,)),
        "resnet18, one channel": (grey(), TORCHVISION, (EVEN,)),
    }


def state_dict(model: nn.Module) -> dict:
    """How many tensors and parameters it has, and a digest of the tensors' names and shapes in the order of the names."""
    tensors = {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    lines = sorted(f"{name} {','.join(str(size) for size in value.shape)}" for name, value in tensors.items())
    return {
        "tensors": len(tensors),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }


def write(file: str, goldens: dict) -> None:
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in goldens.items())
    (pathlib.Path(__file__).parent / "golden" / file).write_text(f"{{\n{lines}\n}}\n")


def main() -> None:
    torch.manual_seed(0)
    goldens, state_dicts = {}, {}
    for name, (model, endpoints, sizes) in architectures().items():
        for size in sizes:
            channels = next(module for module in model.modules() if isinstance(module, nn.Conv2d)).in_channels
            goldens[f"{name} at {size[1]}x{size[2]}"] = golden(model, (*size, channels), endpoints)
        state_dicts[name] = state_dict(model)
    write("architectures.json", goldens)
    write("state-dicts.json", state_dicts)


if __name__ == "__main__":
    main()
