"""Five steps of each optimiser on ResNet-8: losses, gradients of the first step, parameters and running statistics after.

    env -u OPENBLAS_CORETYPE python3 tooling/golden/optimizers.py
"""
import json
import pathlib

import torch

from cifar_resnet import cifar_resnet
from deterministic import fill, picture, probe

STEPS = 5
SHAPE = (4, 8, 8)
LEARNING_RATES = [0.02, 0.05, 0.05, 0.01, 0.01]


def golden(
    make_optimizer, smoothing=0.0, clip=0.0, groups=lambda model: model.parameters(), accumulate=1, ema=0.0, keep_gradients=False
) -> dict:
    x, labels = picture(*SHAPE), torch.arange(SHAPE[0]) % 10
    model = fill(cifar_resnet(8, "B")).train()
    optimizer = make_optimizer(groups(model))
    average = {name: value.clone() for name, value in model.state_dict().items()}
    losses, gradients = [], {}
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATES[step] * group.get("scale", 1.0)
        optimizer.zero_grad()
        parts = torch.arange(SHAPE[0]).chunk(accumulate)
        loss = 0.0
        for part in parts:
            part_loss = torch.nn.functional.cross_entropy(model(x[part]), labels[part], label_smoothing=smoothing)
            (part_loss / len(parts)).backward()
            loss += float(part_loss) / len(parts)
        losses.append(loss)
        if step == 0 and keep_gradients:
            gradients = {name: probe(name, p.grad) for name, p in model.named_parameters() if p.grad is not None}
        if clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                average[name] = ema * average[name] + (1 - ema) * value
    kept = model.state_dict() if not ema else average
    values = {name: probe(name, value) for name, value in kept.items() if value.is_floating_point()}
    return {"losses": losses, "gradients": gradients, "values": values}


def without_decay_on_vectors(model):
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    return [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]


def frozen_stem_slow_layer1(model):
    for p in [*model.conv1.parameters(), *model.bn1.parameters()]:
        p.requires_grad = False
    slow = list(model.layer1.parameters())
    ids = {id(p) for p in slow}
    rest = [p for p in model.parameters() if p.requires_grad and id(p) not in ids]
    return [{"params": slow, "scale": 0.1}, {"params": rest}]


def main() -> None:
    sgd = lambda parameters, **more: torch.optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=5e-3, **more)
    adamw = lambda parameters: torch.optim.AdamW(parameters, lr=0.1, weight_decay=0.05)
    goldens = {
        "momentum": golden(sgd, keep_gradients=True),
        "nesterov": golden(lambda parameters: sgd(parameters, nesterov=True), groups=without_decay_on_vectors),
        "smoothed and clipped": golden(sgd, smoothing=0.1, clip=0.5),
        "groups": golden(sgd, groups=frozen_stem_slow_layer1),
        "accumulated": golden(sgd, accumulate=2),
        "average": golden(sgd, ema=0.8),
        "adamw": golden(adamw),
    }
    out = pathlib.Path(__file__).parents[2] / "packages/train/golden/optimizers.json"
    body = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in goldens.items())
    head = json.dumps({"learningRates": LEARNING_RATES, "shape": [SHAPE[0], SHAPE[1], SHAPE[2], 3]})
    out.write_text(f'{{\n"settings": {head},\n{body}\n}}\n')


if __name__ == "__main__":
    main()
