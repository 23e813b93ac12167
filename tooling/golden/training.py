"""Two steps of plain SGD on small nets: loss, gradients, running statistics and the answers after.

    env -u OPENBLAS_CORETYPE python3 tooling/golden/training.py
"""
import json
import pathlib

import torch
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock, Bottleneck

from cifar_resnet import cifar_resnet
from deterministic import fill, picture, probe

LEARNING_RATE = 0.05


def golden(model: torch.nn.Module, shape: tuple) -> dict:
    x, labels = picture(*shape), torch.arange(shape[0]) % 10
    model = fill(model).train()
    losses, gradients = [], {}
    for step in range(2):
        loss = torch.nn.functional.cross_entropy(model(x), labels)
        model.zero_grad()
        loss.backward()
        losses.append(float(loss))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if step == 0:
                    gradients[name] = probe(name, parameter.grad)
                parameter -= LEARNING_RATE * parameter.grad
    statistics = {name: probe(name, value) for name, value in model.state_dict().items() if "running" in name}
    with torch.no_grad():
        logits = model.eval()(x)
    return {
        "shape": [shape[0], shape[1], shape[2], 3],
        "learningRate": LEARNING_RATE,
        "losses": losses,
        "gradients": gradients,
        "statistics": statistics,
        "logits": [float(v) for v in logits.ravel()],
    }


def main() -> None:
    dilated = dict(num_classes=10, replace_stride_with_dilation=[False, True, True])
    goldens = {
        "resnet8": golden(cifar_resnet(8, "A"), (4, 16, 20)),
        "resnet8_b": golden(cifar_resnet(8, "B"), (4, 16, 20)),
        "plain8": golden(cifar_resnet(8, None), (4, 16, 20)),
        "basic": golden(ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10), (4, 64, 80)),
        "bottleneck, 2 groups, outputStride 8": golden(
            ResNet(Bottleneck, [1, 1, 1, 1], groups=2, width_per_group=32, **dilated), (4, 32, 48)
        ),
    }
    out = pathlib.Path(__file__).parent / "golden" / "training.json"
    out.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in goldens.items()) + "\n}\n")


if __name__ == "__main__":
    main()
