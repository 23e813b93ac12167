"""The same with torchvision on one thread: OMP_NUM_THREADS=1 python3 packages/vision/bench/preprocess.py"""
import time

import numpy as np
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode

levels = (np.arange(4000 * 3000 * 3, dtype=np.int64) * 7919 >> 3).astype(np.uint8)
image = Image.fromarray(levels.reshape(3000, 4000, 3))
for mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC):
    prepare = transforms.Compose([
        transforms.Resize(256, mode), transforms.CenterCrop(224), transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])
    times = []
    for _ in range(21):
        start = time.perf_counter()
        prepare(image)
        times.append((time.perf_counter() - start) * 1e3)
    print(mode.value, f'{sorted(times)[10]:.1f}')
