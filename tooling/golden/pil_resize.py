"""What PIL's Image.resize gives for 200 random sizes with both filters, to packages/vision/golden/resize.json.

python3 tooling/golden/pil_resize.py
"""
from pathlib import Path

import PIL
from PIL import Image

from pil_pixels import Xorshift32, digest, noise_image, write_rows

FILTERS = {'bilinear': Image.BILINEAR, 'bicubic': Image.BICUBIC}
OUT = Path(__file__).parents[2] / 'packages/vision/golden/resize.json'


def random_sizes(count):
    random = Xorshift32(2015)
    sizes = [(1, 1, 7, 5), (1, 40, 9, 3), (40, 1, 1, 9), (3, 2, 1, 1), (400, 3, 2, 90), (2, 300, 150, 1)]
    while len(sizes) < count:
        longest = random.between(2, 160)
        width, height, to_width, to_height = (random.between(1, longest) for _ in range(4))
        keep = random.between(0, 9)
        sizes.append((width, height, width if keep == 0 else to_width, height if keep == 1 else to_height))
    return sizes


def resized(case, seed, name):
    width, height, to_width, to_height = case
    return noise_image(width, height, seed).resize((to_width, to_height), FILTERS[name]).tobytes()


cases = []
for index, case in enumerate(random_sizes(200)):
    seed = index + 1
    cases.append([*case, seed, *(digest(resized(case, seed, name)) for name in FILTERS)])

small = []
for index, case in enumerate([(7, 5, 3, 2), (3, 2, 5, 4), (9, 1, 4, 1), (1, 6, 1, 4)]):
    for name in FILTERS:
        seed = 1000 + index
        small.append([*case, seed, name, resized(case, seed, name).hex()])

write_rows(OUT, {
    'from': f'tooling/golden/pil_resize.py, Pillow {PIL.__version__}',
    'columns': 'width, height, to width, to height, seed, then sha256 (16 digits) of the bilinear and of the bicubic bytes; in small the filter and all bytes',
    'cases': cases,
    'small': small,
})
