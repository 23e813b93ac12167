"""Writes a tiny ResNet in the kinds of files that people have, and index.json: for each its file and PyTorch's logits.

    env -u OPENBLAS_CORETYPE /usr/bin/python3 tooling/golden/wild_files.py DIR

`wild-files.test.ts` runs it and reads every file; nothing is committed, since torch writes them in a second.
"""
import argparse
import collections
import copy
import json
import pathlib
import pickle
import sys
import types

import numpy as np
import torch
import torch.nn.utils.prune as prune
from torch import nn

from cifar_resnet import CifarResNet
from deterministic import fill, picture

OUT = pathlib.Path(sys.argv[1])
INDEX = {}


def tiny(head=None, channels=3, bias=False) -> nn.Module:
    model = CifarResNet([1, 1, 1], 8, "B")
    if head is not None:
        model.fc = head
    if channels != 3 or bias:
        model.conv1 = nn.Conv2d(channels, 8, 3, 1, 1, bias=bias)
    return fill(model).eval()


def logits(model: nn.Module) -> list:
    channels = next(model.parameters()).shape[1]
    with torch.no_grad():
        return [float(v) for v in model(picture(1, 32, 32, channels)).ravel()]


def add(kind: str, obj, model: nn.Module, file: str = None, expected=None, note: str = "", **how) -> None:
    file = file or f"{len(INDEX)}.pth"
    torch.save(obj, OUT / file, **how)
    INDEX[kind] = {"file": file, "expected": expected or {"logits": logits(model)}, "note": note}


def embedding(model: nn.Module) -> dict:
    bare = copy.deepcopy(model)
    bare.fc = nn.Identity()
    return {"pooled": logits(bare)}


def prefixed(model: nn.Module, prefix: str, head: bool = True) -> dict:
    state = model.state_dict().items()
    return collections.OrderedDict((prefix + k, v) for k, v in state if head or not k.startswith("fc."))


def unknown(module: str, name: str, base=object):
    """A class of a library that is not there when the file is read."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
    made = type(name, (base,), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


def wrappers(m: nn.Module) -> None:
    optimizer = torch.optim.SGD(m.parameters(), 0.1, momentum=0.9)
    for parameter in m.parameters():
        optimizer.state[parameter]["momentum_buffer"] = torch.randn_like(parameter)
    add("state dict", m.state_dict(), m)
    add("legacy container", m.state_dict(), m, _use_new_zipfile_serialization=False)
    add("DistributedDataParallel checkpoint", {"epoch": 9, "arch": "resnet8", "state_dict": prefixed(m, "module."), "best_acc1": torch.tensor(69.7), "optimizer": optimizer.state_dict()}, m)
    add("torch.compile of DDP", {"model": prefixed(m, "module._orig_mod."), "epoch": 3}, m)
    add("nested wrappers", {"model": {"state_dict": m.state_dict(), "name": "x"}, "epoch": 3}, m)
    add("a wrapper of one's own name", {"classifier_net": m.state_dict(), "optim": optimizer.state_dict()}, m)
    add("deepspeed", {"module": m.state_dict(), "buffer_names": [], "optimizer": None}, m)
    add("a tuple", (5, m.state_dict()), m)
    add("a list in a list", [[m.state_dict()], "x"], m)
    add("any prefix", prefixed(m, "classy_state_dict.base_model.trunk._feature_blocks."), m)
    config = unknown("omegaconf.dictconfig", "DictConfig")()
    config._content = {"lr": 0.1}
    history = unknown("mmengine.logging.history_buffer", "HistoryBuffer")()
    history._log_history = np.arange(3.0)
    add("Lightning", {"state_dict": prefixed(m, "model.") | {"criterion.weight": torch.ones(10)}, "hyper_parameters": {"data": pathlib.PosixPath("/data"), "args": argparse.Namespace(lr=1), "hydra": config}, "callbacks": {unknown("pytorch_lightning.callbacks", "ModelCheckpoint"): {"best": torch.tensor(0.1)}}, "lr_schedulers": [optimizer.state_dict()]}, m)
    add("mmengine", {"meta": {}, "message_hub": {"log_scalars": {"train/lr": history}}, "state_dict": collections.OrderedDict(("head." + k if k.startswith("fc") else "backbone." + k, v) for k, v in m.state_dict().items())}, m)
    add("numpy beside", {"state_dict": m.state_dict(), "best": np.float64(0.7), "history": np.arange(5.0), "classes": np.array(["a", "b"])}, m)


def models(m: nn.Module) -> None:
    add("a whole model", m, m)
    add("a whole model in a dict", {"net": m, "acc": 93.1}, m)
    add("a whole DataParallel model", nn.DataParallel(m), m)
    for kind, module in (("scripted", torch.jit.script), ("traced", lambda x: torch.jit.trace(x, picture(1, 32, 32)))):
        file = f"{kind}.pt"
        torch.jit.save(module(copy.deepcopy(m)), str(OUT / file))
        INDEX[f"TorchScript, {kind}"] = {"file": file, "expected": {"logits": logits(m)}, "note": ""}


def several(m: nn.Module) -> None:
    other = CifarResNet([1, 1, 1], 8, "B").eval()
    average = prefixed(m, "module.") | {"n_averaged": torch.tensor(100)}
    add("EMA beside raw, timm", {"state_dict": other.state_dict(), "state_dict_ema": m.state_dict(), "args": argparse.Namespace(model="x")}, m, note="EMA")
    add("EMA beside raw, torchvision", {"model": other.state_dict(), "model_ema": average}, m, note="EMA")
    add("AveragedModel", average, m)
    queries = prefixed(m, "module.encoder_q.", head=False) | prefixed(other, "module.encoder_k.", head=False)
    add("query and key encoders", {"state_dict": queries | {"module.queue": torch.randn(64, 128)}}, m, expected=embedding(m), note="encoder_q")
    teacher = {"student": prefixed(other, "module.backbone.", head=False), "teacher": prefixed(m, "backbone.", head=False)}
    add("student and teacher", teacher, m, expected=embedding(m), note="teacher")


def heads() -> None:
    add("Dropout and Linear", tiny(nn.Sequential(nn.Dropout(), nn.Linear(32, 3))).state_dict(), tiny(nn.Sequential(nn.Dropout(), nn.Linear(32, 3))))
    mlp = tiny(nn.Sequential(nn.Linear(32, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(), nn.Linear(16, 3)))
    add("several layers with batch norm", mlp.state_dict(), mlp, note="ReLU")
    bare = tiny(nn.Linear(32, 4, bias=False))
    add("no bias", bare.state_dict(), bare)
    one = tiny(nn.Linear(32, 1))
    add("one logit", one.state_dict(), one)
    m = tiny()
    conv = m.state_dict()
    conv["fc.weight"] = conv["fc.weight"][:, :, None, None].clone()
    add("a 1x1 convolution", conv, m)
    add("none", prefixed(m, "", head=False), m, expected=embedding(m), note="no head")
    grey = tiny(channels=1)
    add("grey pictures", grey.state_dict(), grey)
    biased = tiny(bias=True)
    add("a convolution with bias", biased.state_dict(), biased)


def numbers(m: nn.Module) -> None:
    for kind, cast in (("half", torch.Tensor.half), ("bfloat16", torch.Tensor.bfloat16)):
        rounded = copy.deepcopy(m)
        for value in rounded.state_dict().values():
            if value.is_floating_point():
                value.copy_(cast(value).float())
        add(kind, {k: cast(v) if v.is_floating_point() else v for k, v in m.state_dict().items()}, rounded)
    add("double", copy.deepcopy(m).double().state_dict(), m)
    add("channels last", copy.deepcopy(m).to(memory_format=torch.channels_last).state_dict(), m)
    add("protocol 5", m.state_dict(), m, pickle_protocol=5)
    arrays = {k: v.numpy() for k, v in m.state_dict().items()}
    with open(OUT / "numpy.pkl", "wb") as file:
        pickle.dump({"model": arrays, "__author__": "x"}, file)
    with open(OUT / "tensors.pkl", "wb") as file:
        pickle.dump(m.state_dict(), file)
    np.savez(OUT / "plain.npz", **arrays)
    np.savez_compressed(OUT / "packed.npz", **arrays)
    for file in ("numpy.pkl", "tensors.pkl", "plain.npz", "packed.npz"):
        INDEX[file] = {"file": file, "expected": {"logits": logits(m)}, "note": ""}
    quantised = copy.deepcopy(m)
    weight = torch.quantize_per_channel(m.conv1.weight.detach(), m.conv1.weight.abs().amax((1, 2, 3)).double() / 127, torch.zeros(8).long(), 0, torch.qint8)
    quantised.conv1.weight.data.copy_(weight.dequantize())
    add("a quantised tensor", m.state_dict() | {"conv1.weight": weight, "conv1.scale": torch.tensor(0.1), "conv1.zero_point": torch.tensor(0)}, quantised, note="quantised")
    pruned = copy.deepcopy(m)
    prune.l1_unstructured(pruned.conv1, "weight", 0.3)
    add("pruned", pruned.state_dict(), pruned.eval())
    leftovers = {"total_ops": torch.zeros(1), "layer1.0.conv1.total_params": torch.zeros(1), "conv1.weight_fake_quant.scale": torch.ones(1)}
    add("leftovers of tools", m.state_dict() | leftovers, m)
    children = nn.Sequential(m.conv1, m.bn1, m.relu, m.layer1, m.layer2, m.layer3, nn.AdaptiveAvgPool2d(1), nn.Flatten(), m.fc)
    add("a Sequential of the children", children.state_dict(), m)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    m = tiny()
    wrappers(m)
    models(m)
    several(m)
    heads()
    numbers(m)
    (OUT / "index.json").write_text(json.dumps(INDEX))


if __name__ == "__main__":
    main()
