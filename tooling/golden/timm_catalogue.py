"""The catalogue's table of what timm publishes, from a dump of timm's own configurations.

    RESIDUAL_DATA=… env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/timm_catalogue.py

`RESIDUAL_DATA/timm-resnets.json` has them; timm itself says which weights of an architecture are its default.
architectures.py says how to have timm.
"""
import json
import math
import os
import pathlib

import timm.models

ROOT = pathlib.Path(__file__).parents[2]
TARGET = ROOT / "packages/weights/src/catalogue/timm-table.ts"
RELEASES = "https://github.com/rwightman/pytorch-image-models/releases/download/"
LINE = 120
HEADER = """// Written by tooling/golden/timm_catalogue.py from the configurations of timm {version}.

/**
 * Everything that timm publishes of residual networks: the parameters of each architecture with its thousand classes, then its
 * weights, timm's default first. Each is a line: tag, edge after resizing / edge of the crop, and what is not as usual:
 * `bilinear` (else bicubic), `half` (mean and deviation 0.5, else ImageNet's), classes:parameters (else 1,000), the licence
 * (else Apache's), the file among timm's releases (else the repository `timm/<architecture>.<tag>`).
 */
export const timmTable = {
"""


def line(architecture: dict, tag: str, config: dict) -> str:
    size = (config.get("test_input_size") or config["input_size"])[1]
    crop = config.get("test_crop_pct") or config["crop_pct"]
    words = [tag, f"{math.floor(size / crop)}/{size}"]
    if config["interpolation"] == "bilinear":
        words.append("bilinear")
    if config["mean"] == [0.5] * 3:
        words.append("half")
    classes = config["num_classes"]
    if classes != 1000:
        head = (architecture["features"] + 1) * (classes - 1000)
        words.append(f"{classes}:{architecture['parameters'] + head}")
    licence = config.get("license") or "unknown"
    if licence != "apache-2.0":
        words.append(licence)
    if "hf_hub_id" not in config:
        words.append(config["url"].removeprefix(RELEASES))
    return " ".join(words)


def features(name: str) -> int:
    """Numbers that the head takes; asked only of architectures with other classes, all of which are bottlenecks."""
    factor = int(name.split("x")[1][0]) if name.endswith("_bit") else 1
    return 2048 * factor


def row(name: str, architecture: dict) -> str:
    architecture = {**architecture, "features": features(name)}
    default = timm.models.get_pretrained_cfg(name).tag
    tags = sorted(architecture["weights"], key=lambda tag: tag != default)
    cells = [f"'{line(architecture, tag, architecture['weights'][tag])}'" for tag in tags]
    parameters = f"{architecture['parameters']:_}"
    short = f"  {name}: [{', '.join([parameters, *cells])}],"
    if len(short) <= LINE:
        return short
    return f"  {name}: [\n" + "".join(f"    {cell},\n" for cell in [parameters, *cells]) + "  ],"


def main() -> None:
    data = json.loads((pathlib.Path(os.environ["RESIDUAL_DATA"]) / "timm-resnets.json").read_text())
    rows = [row(name, architecture) for name, architecture in data["architectures"].items()]
    TARGET.write_text(HEADER.replace("{version}", timm.__version__) + "\n".join(rows) + "\n} as const;\n")


if __name__ == "__main__":
    main()
