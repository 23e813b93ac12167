"""ResNets for CIFAR: those of He et al. 2015, section 4.2, and wider ones; shortcut A (padding), B (projection) or none (plain)."""
import torch
from torch import nn


class Pad(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, stride: int):
        super().__init__()
        self.stride, self.extra = stride, channels_out - channels_in

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before = self.extra // 2
        x = nn.functional.avg_pool2d(x, 1, self.stride)
        return nn.functional.pad(x, (0, 0, 0, 0, before, self.extra - before))


class Block(nn.Module):
    def __init__(self, channels_in: int, planes: int, stride: int, option):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.plain = option is None
        self.downsample = nn.Sequential()
        if option and (stride != 1 or channels_in != planes):
            conv = nn.Conv2d(channels_in, planes, 1, stride, bias=False)
            projection = nn.Sequential(conv, nn.BatchNorm2d(planes))
            self.downsample = projection if option == "B" else Pad(channels_in, planes, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y if self.plain else y + self.downsample(x))


class CifarResNet(nn.Module):
    def __init__(self, depths: list, width: int, option):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        channels = width
        for index, depth in enumerate(depths):
            planes = width * 2**index
            blocks = []
            for i in range(depth):
                blocks.append(Block(channels, planes, 2 if index and not i else 1, option))
                channels = planes
            setattr(self, f"layer{index + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        for name, stage in self.named_children():
            if name.startswith("layer"):
                x = stage(x)
        return self.fc(x.mean((2, 3)))


def cifar_resnet(depth: int, option) -> nn.Module:
    return CifarResNet([(depth - 2) // 6] * 3, 16, option)
