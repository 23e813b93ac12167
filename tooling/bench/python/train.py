"""Trains a ResNet in PyTorch as the benchmark `train` drives it: a line of JSON in, one out.

python3 train.py SETUP, where SETUP is JSON: what src/training/trainers.ts hands over.
"""
import json
import os
import sys
import time

import numpy
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torch import nn
from torchvision import transforms

from peer import check_bfloat16, check_compile, read_safetensors, reply


class Cifar10(torch.utils.data.Dataset):
    def __init__(self, folder):
        files = [os.path.join(folder, f"data_batch_{i}.bin") for i in range(1, 6)]
        records = numpy.concatenate([numpy.fromfile(file, numpy.uint8).reshape(-1, 3073) for file in files])
        self.labels = records[:, 0].astype(int).tolist()
        self.pixels = numpy.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.transform = transforms.Compose([
            transforms.RandomCrop(32, padding=4),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ])

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.pixels[index])), self.labels[index]


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.added = stride, outputs - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.added:  # option A
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.added // 2, self.added // 2))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks = (depth - 2) // 6
        self.layer1 = nn.Sequential(*[BasicBlock(16, 16, 1) for _ in range(blocks)])
        self.layer2 = nn.Sequential(BasicBlock(16, 32, 2), *[BasicBlock(32, 32, 1) for _ in range(blocks - 1)])
        self.layer3 = nn.Sequential(BasicBlock(32, 64, 2), *[BasicBlock(64, 64, 1) for _ in range(blocks - 1)])
        self.fc = nn.Linear(64, 10)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


def make_model(setup):
    name = setup["model"]
    depth = int(name[len("resnet"):])
    model = CifarResNet(depth) if setup["isCifar"] else getattr(torchvision.models, name)()
    if "initialFile" in setup:
        weights = {key: torch.from_numpy(array) for key, array in read_safetensors(setup["initialFile"]).items()}
        missing, unexpected = model.load_state_dict(weights, strict=False)
        others = [key for key in missing if not key.endswith("num_batches_tracked")] + unexpected
        if others:
            raise SystemExit(f"{name}: expected the same parameters, got other ones: {', '.join(others)}")
    return model.to(memory_format=torch.channels_last)


def make_batches(setup):
    """Images, NCHW channels last, and labels, for ever."""
    if "batchesFile" in setup:
        arrays = read_safetensors(setup["batchesFile"])
        images = torch.from_numpy(arrays["images"]).permute(0, 1, 4, 2, 3)
        labels = torch.from_numpy(arrays["labels"]).long()
        return forever(list(zip(images, labels)))
    workers = setup["workers"]
    return forever(torch.utils.data.DataLoader(
        Cifar10(setup["folder"]), setup["batch"], shuffle=True, drop_last=True, num_workers=workers,
        persistent_workers=workers > 0))


def forever(batches):
    while True:
        yield from batches


def make_optimizer(model, rate):
    options = {"lr": rate, "momentum": 0.9, "weight_decay": 1e-4}
    try:
        return torch.optim.SGD(model.parameters(), fused=True, **options)
    except TypeError:  # before PyTorch 2.3
        return torch.optim.SGD(model.parameters(), **options)


def main(setup):
    torch.manual_seed(1)
    torch.set_num_threads(setup["threads"])
    if setup["isBf16"]:
        check_bfloat16()
    model = make_model(setup)
    optimizer = make_optimizer(model, setup["learningRate"])

    def loss_of(images, labels):
        with torch.autocast("cpu", torch.bfloat16, enabled=setup["isBf16"]):
            return F.cross_entropy(model(images), labels)

    if setup["isCompiled"]:
        check_compile(torch)
        loss_of = torch.compile(loss_of)
    batches = make_batches(setup)
    how = ["channels last"] + ["torch.compile"] * setup["isCompiled"] + ["bfloat16"] * setup["isBf16"]
    reply({"version": torch.__version__, "device": f"PyTorch {torch.__version__}, {', '.join(how)}"})
    for line in sys.stdin:
        request = json.loads(line)
        losses = []
        start = time.perf_counter()
        for step in range(request["untimed"] + request["steps"]):
            if step == request["untimed"]:
                start = time.perf_counter()
            images, labels = next(batches)
            loss = loss_of(images.to(memory_format=torch.channels_last), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        reply({"seconds": time.perf_counter() - start, "losses": losses})


main(json.loads(sys.argv[1]))
