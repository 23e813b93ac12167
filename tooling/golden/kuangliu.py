"""kuangliu's CIFAR nets: pytorch-cifar's `models/resnet.py` and `models/preact_resnet.py`, its `shortcut` and `linear` under torchvision's names.

https://github.com/kuangliu/pytorch-cifar, MIT licence, Copyright (c) 2017 liukuang
"""
import torch
import torch.nn.functional as F
from torch import nn


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes: int, planes: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = nn.Sequential()
        if stride != 1 or in_planes != self.expansion * planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_planes, self.expansion * planes, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(self.expansion * planes),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.downsample(x)
        return F.relu(out)


class PreActBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes: int, planes: int, stride: int = 1):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_planes)
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        if stride != 1 or in_planes != self.expansion * planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_planes, self.expansion * planes, kernel_size=1, stride=stride, bias=False)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = F.relu(self.bn1(x))
        shortcut = self.downsample(out) if hasattr(self, "downsample") else x
        out = self.conv1(out)
        out = self.conv2(F.relu(self.bn2(out)))
        out += shortcut
        return out


class Stages(nn.Module):
    """What both nets have: four stages, the mean over the picture and a fully connected layer."""

    def __init__(self, block, num_blocks: tuple, num_classes: int, width: int):
        super().__init__()
        self.in_planes = width
        self.conv1 = nn.Conv2d(3, width, kernel_size=3, stride=1, padding=1, bias=False)
        self.make_stem(width)
        self.layer1 = self.make_layer(block, width, num_blocks[0], stride=1)
        self.layer2 = self.make_layer(block, 2 * width, num_blocks[1], stride=2)
        self.layer3 = self.make_layer(block, 4 * width, num_blocks[2], stride=2)
        self.layer4 = self.make_layer(block, 8 * width, num_blocks[3], stride=2)
        self.fc = nn.Linear(8 * width * block.expansion, num_classes)

    def make_stem(self, width: int) -> None:
        pass

    def make_layer(self, block, planes: int, num_blocks: int, stride: int) -> nn.Sequential:
        layers = []
        for stride in [stride] + [1] * (num_blocks - 1):
            layers.append(block(self.in_planes, planes, stride))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)

    def stem(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv1(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        # theirs is avg_pool2d(out, 4), of pictures of 32²: the mean
        return self.fc(out.mean((2, 3)))


class ResNet(Stages):
    def make_stem(self, width: int) -> None:
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()

    def stem(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.bn1(self.conv1(x)))


class PreActResNet(Stages):
    pass


def resnet18(depths: tuple = (2, 2, 2, 2), width: int = 64) -> nn.Module:
    return ResNet(BasicBlock, depths, 10, width)


def pre_act_resnet18(depths: tuple = (2, 2, 2, 2), width: int = 64) -> nn.Module:
    return PreActResNet(PreActBlock, depths, 10, width)
