"""Weights and pictures that these scripts and packages/testing/src/deterministic.ts make alike, to the bit; in NumPy alone.

Each value is a hash of its tensor's name and its index, so that tensors of any size are made without a sequence.
"""
import math

import numpy as np


def uniform(name: str, count: int) -> np.ndarray:
    """`count` float64 in [0, 1): FNV-1a of the name, then murmur3's finaliser of each index."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        h = np.uint32(seed) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
    return h.astype(np.float64) / 4294967296.0


def tensor(name: str, shape: tuple) -> np.ndarray:
    """A float32 parameter, in PyTorch's layout, of a size that keeps activations in range."""
    count = int(np.prod(shape))
    u = uniform(name, count)
    signed = 2.0 * u - 1.0
    if len(shape) == 4:
        values = signed * math.sqrt(6.0 / (shape[1] * shape[2] * shape[3]))
    elif len(shape) == 2:
        values = signed * math.sqrt(1.0 / shape[1])
    elif name.endswith("running_var"):
        values = 0.5 + u
    elif name.endswith("weight"):
        values = 0.6 + 0.4 * u
    else:
        values = 0.2 * signed
    return values.astype(np.float32).reshape(shape)


def picture_values(batch: int, height: int, width: int, channels: int = 3) -> np.ndarray:
    """An NHWC picture."""
    values = 2.0 * uniform("input", batch * height * width * channels) - 1.0
    return values.astype(np.float32).reshape(batch, height, width, channels)


def probe_values(name: str, values: np.ndarray) -> list:
    """Two numbers that any changed element changes: the norm, and the product with a deterministic vector."""
    flat = values.astype(np.float64).ravel()
    return [float(np.sqrt((flat * flat).sum())), float((flat * (2.0 * uniform(f"probe {name}", flat.size) - 1.0)).sum())]
