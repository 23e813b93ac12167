"""Logits of timm's ResNetV2, Res2Net, ResNeSt and SKNet from deterministic weights, a file a family in golden/families.

    env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/families.py

It needs timm; architectures.py says how to have it. Each stands under `NAME at HEIGHTxWIDTH`; what has more than a hundred
million parameters has one block a stage, and says so. The names and shapes of all tensors go, as a digest, beside them.
"""
import json
import pathlib

import timm
from torch import nn

from architectures import TIMM_V2, TORCHVISION, state_dict
from variants import golden

LARGE = 100_000_000
# With these weights PyTorch's own answer in float32 is off the one in float64: by a fifth, by 5e-4 and by 1.2e-4 of the
# largest logit.
UNSTABLE = {"ecaresnet200d", "resnest200e", "seresnet200d"}
# One of each kind of block, with two blocks a stage: what every engine computes, see src/family-engines.slow.test.ts.
KINDS = {
    "resnetv2_50d_gn", "resnetv2_50d_evos", "resnetv2_50x1_bit", "res2next50", "resnest50d_4s2x40d", "resnest50d_1s4x24d",
    "skresnext50_32x4d",
}
SMALL, EVEN, ODD = (1, 64, 64), (1, 64, 80), (1, 75, 91)
# By family: its endpoints, and its architectures with the sizes of their pictures.
FAMILIES = {
    "resnetv2": (TIMM_V2, {
        "resnetv2_18": (EVEN,), "resnetv2_18d": (EVEN, ODD), "resnetv2_34": (EVEN,), "resnetv2_34d": (EVEN,),
        "resnetv2_50": (EVEN,), "resnetv2_101": (EVEN,), "resnetv2_50d_gn": (EVEN,), "resnetv2_50d_evos": (EVEN,),
        "resnetv2_50x1_bit": (EVEN,), "resnetv2_50x3_bit": (EVEN,), "resnetv2_101x1_bit": (EVEN,),
        "resnetv2_101x3_bit": (SMALL,), "resnetv2_152x2_bit": (SMALL,), "resnetv2_152x4_bit": (SMALL,),
    }),
    "res2net": (TORCHVISION, {
        "res2net50_26w_4s": (EVEN, ODD), "res2net101_26w_4s": (EVEN,), "res2net50_26w_6s": (EVEN,),
        "res2net50_26w_8s": (EVEN,), "res2net50_48w_2s": (EVEN,), "res2net50_14w_8s": (EVEN,), "res2next50": (EVEN,),
        "res2net50d": (EVEN, ODD), "res2net101d": (EVEN,),
    }),
    "resnest": (TORCHVISION, {
        "resnest14d": (EVEN, ODD), "resnest26d": (EVEN,), "resnest50d": (EVEN,), "resnest101e": (EVEN,),
        "resnest200e": (SMALL,), "resnest269e": (SMALL,), "resnest50d_4s2x40d": (EVEN,),
        "resnest50d_1s4x24d": (EVEN,),
    }),
    "sknet": (TORCHVISION, {"skresnet18": (EVEN, ODD), "skresnet34": (EVEN,), "skresnext50_32x4d": (EVEN,)}),
}


def keep_first_blocks(model: nn.Module, count: int) -> None:
    """So many of each stage."""
    if hasattr(model, "stages"):
        for stage in model.stages:
            stage.blocks = stage.blocks[:count]
    else:
        for index in range(1, 5):
            setattr(model, f"layer{index}", getattr(model, f"layer{index}")[:count])


def family(endpoints: dict, sizes: dict) -> dict:
    logits, state_dicts = {}, {}
    for name, shapes in sizes.items():
        model = timm.create_model(name)
        state_dicts[name] = state_dict(model)
        is_cut = state_dicts[name]["parameters"] > LARGE or name in UNSTABLE
        if is_cut:
            keep_first_blocks(model, 1)
        for shape in shapes:
            title = f"{name}{', one block a stage' if is_cut else ''} at {shape[1]}x{shape[2]}"
            logits[title] = golden(model, (*shape, 3), endpoints)
        if name in KINDS:
            keep_first_blocks(model, 2)
            logits[f"{name}, two blocks a stage at {ODD[1]}x{ODD[2]}"] = golden(model, (*ODD, 3), endpoints)
    return {"stateDicts": state_dicts, "logits": logits}


def rounded(value):
    """Seven digits of every number."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(part) for part in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def write(families: dict) -> None:
    folder = pathlib.Path(__file__).parent / "golden" / "families"
    folder.mkdir(exist_ok=True)
    for name, (endpoints, sizes) in families.items():
        parts = {
            part: "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in values.items()) + "\n}"
            for part, values in rounded(family(endpoints, sizes)).items()
        }
        text = ",\n".join(f"{json.dumps(part)}: {values}" for part, values in parts.items())
        (folder / f"{name}.json").write_text(f"{{\n{text}\n}}\n")


if __name__ == "__main__":
    write(FAMILIES)
