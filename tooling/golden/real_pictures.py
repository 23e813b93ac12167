"""16 steps of plain SGD on the first 512 training pictures of CIFAR-10, 32 at a time: losses, and the first step's gradients.

    env -u OPENBLAS_CORETYPE python3 tooling/golden/real_pictures.py DIR, with CIFAR-10's binary version in DIR
"""
import json
import pathlib
import sys

import numpy
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from deterministic import fill

BATCH, STEPS, LEARNING_RATE = 32, 16, 0.1


class PictureNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        downsample = nn.Sequential(nn.Conv2d(8, 8, 1, 2, bias=False), nn.BatchNorm2d(8))
        self.layer1 = BasicBlock(8, 8, 2, downsample)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(self.layer1(torch.relu(self.bn1(self.conv1(x)))).mean((2, 3)))


def main(folder: str) -> None:
    records = numpy.fromfile(pathlib.Path(folder) / "data_batch_1.bin", numpy.uint8).reshape(-1, 3073)[: BATCH * STEPS]
    mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    images = (torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32)).float() / 255 - mean) / std
    labels = torch.from_numpy(records[:, 0].astype(int))
    model, losses, gradients = fill(PictureNet()).train(), [], {}
    for x, y in zip(images.split(BATCH), labels.split(BATCH)):
        loss = nn.functional.cross_entropy(model(x), y)
        model.zero_grad()
        loss.backward()
        losses.append(float(loss))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                gradients.setdefault(name, parameter.grad.clone())
                parameter -= LEARNING_RATE * parameter.grad
    out = pathlib.Path(__file__).parents[2] / "packages" / "train" / "golden"
    shapes = {name: list(gradient.shape) for name, gradient in gradients.items()}
    text = {"batchSize": BATCH, "learningRate": LEARNING_RATE, "losses": losses, "gradients": shapes}
    (out / "real-pictures.json").write_text(json.dumps(text) + "\n")
    numpy.concatenate([g.numpy().ravel() for g in gradients.values()]).astype("<f4").tofile(out / "real-pictures.f32")


if __name__ == "__main__":
    main(sys.argv[1])
