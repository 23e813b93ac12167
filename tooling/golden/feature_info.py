"""What timm says of the feature maps of its residual networks, and what a head is after `reset_classifier`.

    env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/feature_info.py

architectures.py says how to have timm. Of each network, in the order of the maps: channels, how many times smaller than the
picture they are, and the shapes of what is in the new head, with its largest weight.
"""
import json
import pathlib

import timm
import torch

TARGET = pathlib.Path(__file__).parent / "golden/feature-info.json"
NAMES = (
    "resnet18 resnet50 resnext50_32x4d wide_resnet50_2 resnet50d resnet26t resnetaa50 resnetblur50 resnet50_gn seresnet50 "
    "ecaresnet26t ecaresnet50d_pruned resnetrs50 senet154 legacy_seresnet50 legacy_senet154 res2net50_26w_4s resnest50d "
    "skresnet18 resnetv2_18d resnetv2_50 resnetv2_50d_gn resnetv2_50d_evos resnetv2_50x1_bit resnetv2_50x3_bit"
).split()
DILATED = {"resnet50": 8, "resnet50d": 16, "resnetv2_50": 8}
CLASSES = 7
SIZE = 96


def row(name: str, **options) -> dict:
    torch.manual_seed(0)
    model = timm.create_model(name, **options)
    features = timm.create_model(name, features_only=True, **options).eval()
    maps = features.feature_info
    with torch.no_grad():
        shapes = [list(y.shape[1:]) for y in features(torch.zeros(1, 3, SIZE, SIZE))]
    model.reset_classifier(CLASSES)
    head = {key: value for key, value in model.state_dict().items() if key.startswith(model.default_cfg["classifier"])}
    return {
        "numChs": maps.channels(),
        "reduction": maps.reduction(),
        "shapes": shapes,
        "head": {key: list(value.shape) for key, value in head.items()},
        "largest": max(value.abs().max().item() for value in head.values()),
    }


def main() -> None:
    rows = {name: row(name) for name in NAMES}
    rows |= {f"{name}, output stride {stride}": row(name, output_stride=stride) for name, stride in DILATED.items()}
    lines = (f"{json.dumps(name)}: {json.dumps(found)}" for name, found in rows.items())
    TARGET.write_text('{"networks": {\n' + ",\n".join(lines) + "\n}}\n")


if __name__ == "__main__":
    main()
