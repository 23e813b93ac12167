"""Deterministic pixels, the same stream as packages/vision/golden/pixels.ts."""
import hashlib

import numpy as np
from PIL import Image


class Xorshift32:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        x = self.state
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self.state = x
        return x

    def between(self, low, high):
        """A whole number from low to high, both included."""
        return low + self.next() % (high - low + 1)


def noise_image(width, height, seed):
    """RGB noise: the high byte of each draw, row by row, channel by channel."""
    random = Xorshift32(seed)
    pixels = bytes(random.next() >> 24 for _ in range(width * height * 3))
    return Image.frombytes('RGB', (width, height), pixels)


def smooth_image(width, height):
    """Three ramps, gentle enough for lossy formats."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x * 5 % 256, y * 7 % 256, (x + y) * 3 % 256], 2).astype('uint8'))


def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def write_rows(path, fields):
    """JSON with a row per line."""
    import json

    parts = []
    for name, value in fields.items():
        if isinstance(value, list):
            rows = ',\n'.join('    ' + json.dumps(row) for row in value)
            parts.append(f'  {json.dumps(name)}: [\n{rows}\n  ]')
        else:
            parts.append(f'  {json.dumps(name)}: {json.dumps(value)}')
    path.write_text('{\n' + ',\n'.join(parts) + '\n}\n')
