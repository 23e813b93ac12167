"""What timm's evaluation transforms give as transformers' TimmWrapperImageProcessor asks for them, to
packages/vision/golden/timm-transforms.json.

env -u OPENBLAS_CORETYPE python3 tooling/golden/timm_transforms.py
"""
import json
from pathlib import Path

import numpy as np
import PIL
import timm
from timm.data import create_transform, resolve_data_config

from pil_pixels import digest, noise_image, write_rows

OUT = Path(__file__).parents[2] / 'packages/vision/golden/timm-transforms.json'
SIZES = [(97, 61), (60, 133), (31, 31), (20, 45)]
CONFIGS = [
    {'input_size': [3, 24, 24], 'crop_pct': 0.875, 'interpolation': 'bilinear', 'test_input_size': [3, 32, 32],
     'test_crop_pct': 1.0},
    {'input_size': [3, 25, 25], 'crop_pct': 0.95, 'interpolation': 'bicubic', 'mean': [0.5, 0.5, 0.5],
     'std': [0.25, 0.5, 0.75]},
    {'input_size': [3, 24, 24], 'crop_pct': 0.9, 'crop_mode': 'squash', 'mean': None, 'std': None},
]


def row(config, width, height, seed):
    image = noise_image(width, height, seed)
    data = resolve_data_config(config, model=None, verbose=False)
    transforms = create_transform(**data, is_training=False)
    floats = transforms(image).permute(1, 2, 0).contiguous().numpy().astype('<f4')
    pixels = image
    for step in transforms.transforms[:-2]:  # without MaybeToTensor and Normalize
        pixels = step(pixels)
    return [width, height, seed, pixels.height, digest(pixels.tobytes()), digest(np.ascontiguousarray(floats).tobytes())]


write_rows(OUT, {
    'from': f'tooling/golden/timm_transforms.py, timm {timm.__version__}, Pillow {PIL.__version__}',
    'columns': 'pretrained_cfg, width, height, seed, edge, sha256 (16 digits) of the pixels, of the floats',
    'cases': [[json.dumps(config), *row(config, *size, 10 * number + at + 1)]
              for number, config in enumerate(CONFIGS) for at, size in enumerate(SIZES)],
})
