"""Quantises an ONNX file to int8 after training, once: what is in the cache already is only named.

python3 quantise.py SETUP, where SETUP is JSON: `method`, `onnxFile`, `picturesFile`, `cacheFolder` and `key` of the two files.
Answers with a line of JSON, `file`.
"""
import json
import os
import shutil
import sys
import tempfile
from importlib import metadata

import numpy

from peer import cpu_flags, missing_package, read_safetensors, reply


def pictures_of(setup):
    """NCHW, one at a time."""
    for picture in read_safetensors(setup["picturesFile"])["calibration"]:
        yield numpy.ascontiguousarray(picture.transpose(2, 0, 1))[None]


class Nncf:
    """For OpenVINO: its own toolkit, which also corrects biases."""

    file = "model.xml"
    packages = ["nncf", "openvino"]

    def quantise(self, setup, file):
        import nncf
        import openvino

        pictures = list(pictures_of(setup))
        model = openvino.Core().read_model(setup["onnxFile"])
        dataset = nncf.Dataset(pictures, lambda picture: picture)
        quantised = nncf.quantize(model, dataset, subset_size=len(pictures))
        openvino.save_model(quantised, file, compress_to_fp16=False)


class OnnxRuntime:
    """For ONNX Runtime: its own static quantisation, with a scale for each channel of weights."""

    file = "model.onnx"
    packages = ["onnxruntime", "onnx"]

    def quantise(self, setup, file):
        from onnxruntime import quantization

        # Without these instructions sums of two products saturate at 16 bits, unless weights have 7.
        has_wide_sums = bool(cpu_flags() & {"avx512_vnni", "avx_vnni", "asimddp"})
        quantization.quantize_static(
            setup["onnxFile"], file, Reader(({"image": picture} for picture in pictures_of(setup))),
            quant_format=quantization.QuantFormat.QDQ, per_channel=True, reduce_range=not has_wide_sums,
            activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)


class Reader:
    """Which `quantize_static` asks for pictures until it gets none."""

    def __init__(self, inputs):
        self.inputs = inputs

    def get_next(self):
        return next(self.inputs, None)


def version_of(package):
    """Without importing it, which takes seconds."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        raise missing_package(package)


def main(setup):
    method = {"nncf": Nncf, "onnxruntime": OnnxRuntime}[setup["method"]]()
    versions = [f"{package}-{version_of(package)}" for package in method.packages]
    folder = os.path.join(setup["cacheFolder"], "-".join([setup["key"], *versions]))
    if not os.path.exists(folder):
        os.makedirs(setup["cacheFolder"], exist_ok=True)
        made = tempfile.mkdtemp(dir=setup["cacheFolder"])
        try:
            method.quantise(setup, os.path.join(made, method.file))
            os.rename(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    reply({"file": os.path.join(folder, method.file)})


main(json.loads(sys.argv[1]))
