"""ResNet-20 on CIFAR-10 in PyTorch, as the benchmark `train` drives it: a line of JSON in, one out.

python3 train_resnet20.py DATA THREADS WORKERS, where DATA holds CIFAR-10's binary version.
"""
import json
import os
import sys
import time

import numpy
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torchvision import transforms

BATCH = 128


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


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        widths = [16] * 4 + [32] * 3 + [64] * 3
        self.blocks = nn.Sequential(*[
            BasicBlock(inputs, outputs, outputs // inputs) for inputs, outputs in zip(widths, widths[1:])
        ])
        self.fc = nn.Linear(64, 10)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = self.blocks(F.relu(self.bn1(self.conv1(x))))
        return self.fc(x.mean((2, 3)))


def forever(loader):
    while True:
        yield from loader


def main(folder, threads, workers):
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    model = ResNet20().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    batches = forever(torch.utils.data.DataLoader(
        Cifar10(folder), BATCH, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0))
    reply({"device": f"PyTorch {torch.__version__}, channels last, {workers} workers"})
    for line in sys.stdin:
        request = json.loads(line)
        total = 0
        for step in range(request["untimed"] + request["steps"]):
            if step == request["untimed"]:
                start = time.perf_counter()
            images, labels = next(batches)
            loss = F.cross_entropy(model(images.to(memory_format=torch.channels_last)), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item()
        reply({"seconds": time.perf_counter() - start, "loss": total / (step + 1)})


def reply(message):
    print(json.dumps(message), flush=True)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
