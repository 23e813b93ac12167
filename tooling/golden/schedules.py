"""Learning rates of PyTorch's schedulers, step by step.

    env -u OPENBLAS_CORETYPE python3 tooling/golden/schedules.py
"""
import json
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler

STEPS = 20


def rates(make) -> list:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = make(optimizer)
    values = []
    for _ in range(STEPS):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return values


def warm_up_then_cosine(optimizer):
    warm_up = lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters=5)
    cosine = lr_scheduler.CosineAnnealingLR(optimizer, T_max=15)
    return lr_scheduler.SequentialLR(optimizer, [warm_up, cosine], milestones=[5])


def main() -> None:
    warnings.simplefilter("ignore")
    goldens = {
        "multiStep": rates(lambda o: lr_scheduler.MultiStepLR(o, [8, 15])),
        "cosine": rates(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=20, eta_min=0.001)),
        "oneCycle": rates(lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=STEPS + 1, cycle_momentum=False)),
        "warmUp": rates(warm_up_then_cosine),
    }
    out = pathlib.Path(__file__).parents[2] / "packages/train/golden/schedules.json"
    out.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in goldens.items()) + "\n}\n")


if __name__ == "__main__":
    main()
