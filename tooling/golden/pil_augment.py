"""What Pillow makes of one small picture: each deterministic change of the augmentations, as bytes.

    env -u OPENBLAS_CORETYPE python3 tooling/golden/pil_augment.py
"""
import json
import pathlib

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from deterministic_values import uniform

WIDTH, HEIGHT = 9, 7


def main() -> None:
    # Not the whole range of levels, so that stretching it shows.
    levels = (30 + 190 * uniform("augment", WIDTH * HEIGHT * 3) ** 2).astype(np.uint8).reshape(HEIGHT, WIDTH, 3)
    image = Image.fromarray(levels)
    tall = Image.fromarray(np.tile(levels, (20, 20, 1)))
    results = {
        "brightness 0.6": ImageEnhance.Brightness(image).enhance(0.6),
        "brightness 1.7": ImageEnhance.Brightness(image).enhance(1.7),
        "contrast 0.4": ImageEnhance.Contrast(image).enhance(0.4),
        "contrast 1.9": ImageEnhance.Contrast(image).enhance(1.9),
        "saturation 0.3": ImageEnhance.Color(image).enhance(0.3),
        "saturation 1.8": ImageEnhance.Color(image).enhance(1.8),
        "sharpness 0.2": ImageEnhance.Sharpness(image).enhance(0.2),
        "sharpness 1.9": ImageEnhance.Sharpness(image).enhance(1.9),
        "posterize 3": ImageOps.posterize(image, 3),
        "solarize 100": ImageOps.solarize(image, 100),
        "autocontrast": ImageOps.autocontrast(image),
    }
    # Equalising needs some pixels of each level: the picture repeated, of which the first tile is kept.
    equal = np.asarray(ImageOps.equalize(tall))[:HEIGHT, :WIDTH]
    goldens = {"width": WIDTH, "height": HEIGHT, "picture": levels.ravel().tolist()}
    goldens["results"] = {name: np.asarray(result).ravel().tolist() for name, result in results.items()}
    goldens["results"]["equalize"] = equal.ravel().tolist()
    out = pathlib.Path(__file__).parents[2] / "packages/vision/golden/augment.json"
    out.write_text(json.dumps(goldens) + "\n")


if __name__ == "__main__":
    main()
