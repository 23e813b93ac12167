"""Logits and endpoints of Keras's applications from deterministic weights, which are made by the names that the networks have here.

    python3 -m venv venv && venv/bin/pip install tensorflow-cpu
    venv/bin/python tooling/golden/keras_networks.py

Each stands under `NAME at HEIGHTxWIDTH`, as in architectures.json; Keras's names and shapes of all variables go into
keras-variables.txt.gz. torch is not needed.
"""
import gzip
import json
import pathlib
import re

import keras
import numpy as np

from deterministic_values import picture_values, probe_values, tensor

EVERY = 37  # one logit in so many is kept
EVEN, ODD = (2, 64, 80), (1, 75, 91)
MODELS = {
    "keras_resnet50": (keras.applications.ResNet50, (EVEN, ODD), 25_636_712),
    "keras_resnet101": (keras.applications.ResNet101, (EVEN,), 44_707_176),
    "keras_resnet152": (keras.applications.ResNet152, (EVEN,), 60_419_944),
    "keras_resnet50v2": (keras.applications.ResNet50V2, (EVEN, ODD), 25_613_800),
    "keras_resnet101v2": (keras.applications.ResNet101V2, (EVEN,), 44_675_560),
    "keras_resnet152v2": (keras.applications.ResNet152V2, (EVEN,), 60_380_648),
}
PARAMETERS = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias", "moving_mean": "running_mean",
              "moving_variance": "running_var"}


def torch_name(layer: str, variable: str, is_v2: bool) -> str:
    """The name that a variable has here."""
    parameter = PARAMETERS[variable]
    outside = {"conv1_conv": "conv1", "conv1_bn": "bn1", "predictions": "fc", "post_bn": "norm"}
    if layer in outside:
        return f"{outside[layer]}.{parameter}"
    stage, block, part = re.fullmatch(r"conv(\d)_block(\d+)_(.*)", layer).groups()
    if part == "preact_bn":
        inside = "bn1"
    else:
        number, kind = part.split("_")
        if number == "0":
            inside = "downsample.0" if kind == "conv" else "downsample.1"
        else:
            inside = f"{kind}{int(number) + (is_v2 and kind == 'bn')}"
    return f"layer{int(stage) - 1}.{int(block) - 1}.{inside}.{parameter}"


def fill(model: keras.Model, is_v2: bool) -> None:
    for layer in model.layers:
        for variable in layer.weights:
            name = torch_name(layer.name, variable.name, is_v2)
            shape = tuple(variable.shape)
            axes = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[len(shape)]  # OIHW to HWIO
            torch_shape = tuple(shape[axes.index(axis)] for axis in range(len(shape)))
            variable.assign(tensor(name, torch_shape).transpose(axes))


def golden(make, shape: tuple, is_v2: bool, parameters: int) -> dict:
    batch, height, width = shape
    x = picture_values(batch, height, width, 3)
    keras.backend.clear_session()
    model = make(weights=None, input_shape=(height, width, 3), classifier_activation=None)
    assert sum(int(np.prod(v.shape)) for v in model.weights) == parameters, model.count_params()
    fill(model, is_v2)
    names = [layer.name for layer in model.layers]
    last = {f"layer{stage - 1}": [n for n in names if re.fullmatch(rf"conv{stage}_block\d+_out", n)][-1] for stage in range(2, 6)}
    places = {"stem": "pool1_pool", **last}
    outputs = keras.Model(model.input, [model.output, *(model.get_layer(layer).output for layer in places.values())])
    logits, *endpoints = (np.asarray(value) for value in outputs(x, training=False))
    return {
        "shape": [batch, height, width, 3],
        "largest": float(np.abs(logits).max()),
        "every": EVERY,
        "logits": [[float(v) for v in row[::EVERY]] for row in logits],
        "probe": probe_values("logits", logits),
        "endpoints": {name: probe_values(name, value) for name, value in zip(places, endpoints)},
    }


def variables() -> str:
    """A paragraph a model: its name, then a line for each variable, as `save` calls them."""
    lines = []
    for name, (make, _, _) in MODELS.items():
        keras.backend.clear_session()
        lines.append(f"# {name}")
        for layer in make(weights=None).layers:
            lines += [f"{layer.name}/{v.name} [{' '.join(map(str, v.shape))}]" for v in layer.weights]
    return "\n".join(lines) + "\n"


def main() -> None:
    folder = pathlib.Path(__file__).parent / "golden" / "publishers"
    (folder / "keras-variables.txt.gz").write_bytes(gzip.compress(variables().encode(), 9, mtime=0))
    goldens = {
        f"{name} at {shape[1]}x{shape[2]}": golden(make, shape, name.endswith("v2"), parameters)
        for name, (make, shapes, parameters) in MODELS.items()
        for shape in shapes
    }
    (folder / "keras.json").write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in goldens.items()) + "\n}\n")


if __name__ == "__main__":
    main()
