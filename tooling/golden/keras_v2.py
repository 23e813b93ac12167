"""Keras's ResNet V2 in PyTorch, for what Keras's own is not asked: gradients. Names are those that the networks have here."""
import torch
from torch import nn

EPSILON = 1.001e-5


class Block(nn.Module):
    """Normalise, activate, convolve, three times; where only the size changes, every second pixel goes past."""

    def __init__(self, channels: int, planes: int, stride: int):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(channels, EPSILON), nn.Conv2d(channels, planes, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(planes, EPSILON), nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn3, self.conv3 = nn.BatchNorm2d(planes, EPSILON), nn.Conv2d(planes, 4 * planes, 1)
        self.stride = stride
        if channels != 4 * planes:
            self.downsample = nn.Sequential(nn.Conv2d(channels, 4 * planes, 1, stride))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        active = torch.relu(self.bn1(x))
        y = self.conv2(torch.relu(self.bn2(self.conv1(active))))
        y = self.conv3(torch.relu(self.bn3(y)))
        past = self.downsample(active) if hasattr(self, "downsample") else x[:, :, :: self.stride, :: self.stride]
        return y + past


class KerasV2(nn.Module):
    def __init__(self, depths: list, width: int, planes: list, num_classes: int):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3)
        channels = width
        for stage, depth in enumerate(depths):
            blocks = []
            for index in range(depth):
                halves = stage < len(depths) - 1 and index == depth - 1
                blocks.append(Block(channels, planes[stage], 2 if halves else 1))
                channels = 4 * planes[stage]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.norm, self.fc = nn.BatchNorm2d(channels, EPSILON), nn.Linear(channels, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(nn.functional.pad(self.conv1(x), (1, 1, 1, 1)), 3, 2)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.relu(self.norm(x)).mean((2, 3)))
