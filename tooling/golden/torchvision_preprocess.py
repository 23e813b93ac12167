"""What torchvision's evaluation transforms give, to packages/vision/golden/preprocess.json.

env -u OPENBLAS_CORETYPE python3 tooling/golden/torchvision_preprocess.py
"""
from pathlib import Path

import PIL
import torchvision
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from pil_pixels import Xorshift32, digest, noise_image, write_rows

MODES = {'bilinear': InterpolationMode.BILINEAR, 'bicubic': InterpolationMode.BICUBIC}
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
HALF = ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
OUT = Path(__file__).parents[2] / 'packages/vision/golden/preprocess.json'


def floats(image, mean, std):
    """[height, width, 3] float32, little-endian."""
    tensor = transforms.Compose([transforms.ToTensor(), transforms.Normalize(mean, std)])(image)
    return tensor.permute(1, 2, 0).contiguous().numpy().astype('<f4').tobytes()


def row(width, height, seed, resize_px, crop_px, name):
    image = noise_image(width, height, seed)
    resized = transforms.Resize(resize_px, MODES[name])(image)
    cropped = transforms.CenterCrop(crop_px)(resized)
    return [width, height, seed, resize_px, crop_px, name, *resized.size, digest(cropped.tobytes()),
            digest(floats(cropped, *IMAGENET))]


random = Xorshift32(1512)
cases = []
for seed in range(1, 61):
    resize_px = random.between(1, 60)
    cases.append(row(random.between(1, 90), random.between(1, 90), seed, resize_px,
                     random.between(1, resize_px + random.between(0, 9)), list(MODES)[seed % 2]))
cases.append(row(100, 75, 61, 75, 64, 'bilinear'))  # the shorter edge has its length: no resampling
cases.append(row(32, 32, 62, 32, 32, 'bilinear'))

levels = Image.frombytes('RGB', (16, 16), bytes(value for level in range(256) for value in (level,) * 3))
write_rows(OUT, {
    'from': f'tooling/golden/torchvision_preprocess.py, torchvision {torchvision.__version__}, Pillow {PIL.__version__}',
    'columns': 'width, height, seed, resizePx, cropPx, filter, resized width, height, sha256 (16 digits) of the crop, of its floats',
    'cases': cases,
    'levels': [[*IMAGENET, digest(floats(levels, *IMAGENET))], [*HALF, digest(floats(levels, *HALF))]],
})
