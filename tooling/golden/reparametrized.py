"""A checkpoint of a tiny ResNet with pruned and weight-normalised convolutions behind a layer that normalises pictures, and the
weights that PyTorch computes with: packages/weights/golden/reparametrized.pth and reparametrized.json.

python tooling/golden/reparametrized.py      (torch 1.13, torchvision 0.14)
"""
import json
import os

import torch
from torch import nn
from torch.nn.utils import prune, spectral_norm, weight_norm
from torchvision.models.resnet import BasicBlock

OUT = os.path.join(os.path.dirname(__file__), '../../packages/weights/golden/')


class Normalize(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer('mean', torch.tensor([.5, .4, .3]).view(1, 3, 1, 1))
        self.register_buffer('std', torch.tensor([.2, .2, .25]).view(1, 3, 1, 1))


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(2)
        self.layer1 = nn.Sequential(BasicBlock(2, 2))
        self.layer2 = nn.Sequential(BasicBlock(2, 2))
        self.fc = nn.Linear(2, 3)


torch.manual_seed(0)
net = Tiny()
prune.random_unstructured(net.conv1, 'weight', .5)
weight_norm(net.layer1[0].conv1)
with torch.no_grad():
    net.layer1[0].conv1.weight_g.mul_(1.5)
prune.random_unstructured(net.layer1[0].conv2, 'weight', .5)
net.layer1[0].conv2.half()
net.layer1[0].conv2.weight = net.layer1[0].conv2.weight_orig * net.layer1[0].conv2.weight_mask
spectral_norm(net.layer2[0].conv1)
net.layer1[0].conv1(torch.zeros(1, 2, 3, 3))  # computes its weight anew
torch.save({'net': nn.DataParallel(nn.Sequential(Normalize(), net)).state_dict()}, OUT + 'reparametrized.pth')
modules = {'conv1': net.conv1, 'layer1.0.conv1': net.layer1[0].conv1, 'layer1.0.conv2': net.layer1[0].conv2}
weights = {f'{name}.weight': module.weight.float().flatten().tolist() for name, module in modules.items()}
with open(OUT + 'reparametrized.json', 'w') as file:
    json.dump(weights, file)
    file.write('\n')
