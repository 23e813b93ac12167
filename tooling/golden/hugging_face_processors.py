"""What transformers' image processors give, to packages/vision/golden/hugging-face.json. Needs transformers 4, no torch.

python3 tooling/golden/hugging_face_processors.py
"""
import json
from pathlib import Path

import numpy as np
import PIL
import transformers
from transformers.models.bit.image_processing_bit import BitImageProcessor
from transformers.models.clip.image_processing_clip import CLIPImageProcessor
from transformers.models.convnext.image_processing_convnext import ConvNextImageProcessor
from transformers.models.deit.image_processing_deit import DeiTImageProcessor
from transformers.models.mobilenet_v1.image_processing_mobilenet_v1 import MobileNetV1ImageProcessor
from transformers.models.mobilenet_v2.image_processing_mobilenet_v2 import MobileNetV2ImageProcessor
from transformers.models.vit.image_processing_vit import ViTImageProcessor

from pil_pixels import digest, noise_image, write_rows

OUT = Path(__file__).parents[2] / 'packages/vision/golden/hugging-face.json'
SIZES = [(97, 61), (60, 133), (31, 31), (20, 45), (224, 224)]
IMAGENET = {'image_mean': [0.485, 0.456, 0.406], 'image_std': [0.229, 0.224, 0.225]}
CONFIGS = [
    (ConvNextImageProcessor, {'size': 24, 'crop_pct': 0.875, 'resample': 3, **IMAGENET}),
    (ConvNextImageProcessor, {'size': {'shortest_edge': 25}, 'crop_pct': 0.95, 'resample': 2}),
    (ConvNextImageProcessor, {'size': {'shortest_edge': 31}, 'resample': 3, 'do_normalize': False}),
    (ConvNextImageProcessor, {'resample': 2}),
    (BitImageProcessor, {'size': {'shortest_edge': 29}, 'crop_size': {'height': 24, 'width': 24}, **IMAGENET}),
    (BitImageProcessor, {'size': {'shortest_edge': 256}, 'crop_size': {'height': 224, 'width': 224}}),
    (BitImageProcessor, {'size': 20, 'crop_size': 33, 'resample': 2}),
    (BitImageProcessor, {'size': {'height': 26, 'width': 26}, 'crop_size': 23}),
    (BitImageProcessor, {'size': {'height': 26, 'width': 26}, 'do_center_crop': False}),
    (BitImageProcessor, {}),
    (CLIPImageProcessor, {'size': {'shortest_edge': 28}, 'crop_size': {'height': 28, 'width': 28}}),
    (CLIPImageProcessor, {'size': 30, 'crop_size': 27, 'rescale_factor': 1 / 127.5}),
    (CLIPImageProcessor, {'size': 30, 'crop_size': 24, 'do_rescale': False, 'image_mean': [123.675, 116.28, 103.53],
                          'image_std': [58.395, 57.12, 57.375]}),
    (CLIPImageProcessor, {'size': 30, 'crop_size': 24, 'do_rescale': False, 'do_normalize': False}),
    (ViTImageProcessor, {'size': {'height': 24, 'width': 24}, 'image_mean': 0.5, 'image_std': 0.25}),
    (ViTImageProcessor, {'size': 25, 'resample': 3}),
    (ViTImageProcessor, {}),
    (DeiTImageProcessor, {'size': {'height': 29, 'width': 29}, 'crop_size': {'height': 24, 'width': 24}}),
    (DeiTImageProcessor, {}),
    (MobileNetV1ImageProcessor, {'size': {'shortest_edge': 27}, 'crop_size': 24}),
    (MobileNetV2ImageProcessor, {}),
]


def row(processor, config, width, height, seed):
    image = noise_image(width, height, seed)
    floats = processor(image, return_tensors='np', data_format='channels_last')['pixel_values'][0]
    # The same steps without the arithmetic: the pixels, exact.
    pixels = processor(image, return_tensors='np', data_format='channels_last', do_rescale=False,
                       do_normalize=False)['pixel_values'][0]
    assert pixels.dtype == np.uint8 and pixels.shape == floats.shape
    some = floats.reshape(-1)[:: max(1, floats.size // 9)]
    return [width, height, seed, pixels.shape[0], digest(np.ascontiguousarray(pixels).tobytes()),
            [round(float(value), 6) for value in some[:9]]]


rows = []
for number, (kind, config) in enumerate(CONFIGS):
    processor = kind(**config)
    named = {'image_processor_type': kind.__name__, **config}
    for at, (width, height) in enumerate(SIZES):
        rows.append([json.dumps(named), *row(processor, config, width, height, 10 * number + at + 1)])

write_rows(OUT, {
    'from': f'tooling/golden/hugging_face_processors.py, transformers {transformers.__version__}, Pillow {PIL.__version__}',
    'columns': 'configuration, width, height, seed, edge, sha256 (16 digits) of the pixels, every n-th of its floats, n = count / 9',
    'cases': rows,
})
