"""Logits of timm's `resnet.py` and `senet.py` as families.py writes them, a file for each file of rows.

    env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/timm_resnets.py [FAMILY…]
"""
import sys

from families import ODD, write

HALVING = (1, 64, 96)  # what is smoothed by averages needs sizes that halve without rest
FAMILIES = {
    "timm": (
        "resnet10t resnet14t resnet18d resnet26d resnet26t resnet34d resnet50c resnet50d resnet50s resnet50t resnet50_gn "
        "resnet101c resnet101d resnet101s resnet152c resnet152d resnet152s resnet200 resnet200d resnext50d_32x4d "
        "resnext101_32x4d resnext101_32x16d resnext101_32x32d test_resnet"
    ),
    "squeeze-excite": (
        "seresnet18 seresnet34 seresnet50 seresnet50t seresnet101 seresnet152 seresnet152d seresnet200d seresnet269d "
        "seresnext26d_32x4d seresnext26t_32x4d seresnext50_32x4d seresnext101_32x4d seresnext101_32x8d "
        "seresnext101d_32x8d seresnext101_64x4d senet154"
    ),
    "channel-attention": (
        "ecaresnet26t ecaresnet50d ecaresnet50t ecaresnet101d ecaresnet200d ecaresnet269d ecaresnetlight "
        "ecaresnext26t_32x4d ecaresnext50t_32x4d"
    ),
    "anti-aliased": (
        "resnetblur18 resnetblur50 resnetblur50d resnetblur101d resnetaa34d resnetaa50 resnetaa50d resnetaa101d "
        "seresnetaa50d seresnextaa101d_32x8d seresnextaa201d_32x8d"
    ),
    "resnet-rs": "resnetrs50 resnetrs101 resnetrs152 resnetrs200 resnetrs270 resnetrs350 resnetrs420",
    "pruned": "ecaresnet50d_pruned ecaresnet101d_pruned",
    "legacy-senet": (
        "legacy_seresnet18 legacy_seresnet34 legacy_seresnet50 legacy_seresnet101 legacy_seresnet152 "
        "legacy_seresnext26_32x4d legacy_seresnext50_32x4d legacy_seresnext101_32x4d legacy_senet154"
    ),
}


def sizes(name: str) -> tuple:
    # Caffe's pooling has a border where the stem's output is even, as at 75x91, and none where it is odd.
    if name == "legacy_seresnet18":
        return (ODD, (1, 77, 93))
    return (HALVING,) if "aa" in name else (ODD,)


def main() -> None:
    chosen = sys.argv[1:] or list(FAMILIES)
    write({family: ({}, {name: sizes(name) for name in FAMILIES[family].split()}) for family in chosen})


if __name__ == "__main__":
    main()
