"""Names and shapes of the tensors that publishers' own code gives a ResNet, for packages/weights/golden/network-names.txt.gz.

python tooling/golden/network_names.py      (torch 1.13, torchvision 0.14, timm 1.0)

Per network a line `# title`, and `name [shape]` for each tensor. Publishers whose code is not installed have their
modules written out here, with the address of the original.
"""
import gzip
import os
import tempfile

import numpy as np
import timm
import torch
import torchvision
from torch import nn
from torch.nn.utils import prune, weight_norm
from torch.optim.swa_utils import AveragedModel
from torchvision.models import resnet18, resnet50

OUT = os.path.join(os.path.dirname(__file__), '../../packages/weights/golden/network-names.txt.gz')


class Net(nn.Module):
    """Children under names of one's own."""

    def __init__(self, **children):
        super().__init__()
        for name, child in children.items():
            setattr(self, name, child)


# https://github.com/kuangliu/pytorch-cifar/blob/master/models/resnet.py
class KuangliuBlock(nn.Module):
    def __init__(self, in_planes, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != planes:
            self.shortcut = nn.Sequential(nn.Conv2d(in_planes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))


# https://github.com/kuangliu/pytorch-cifar/blob/master/models/preact_resnet.py
class PreActBlock(nn.Module):
    def __init__(self, in_planes, planes, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_planes)
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        if stride != 1 or in_planes != planes:
            self.shortcut = nn.Sequential(nn.Conv2d(in_planes, planes, 1, stride, bias=False))


def kuangliu(block):
    stem = {} if block is PreActBlock else {'bn1': nn.BatchNorm2d(64)}
    stages, planes = {}, 64
    for stage, width in enumerate((64, 128, 256, 512)):
        stages[f'layer{stage + 1}'] = nn.Sequential(block(planes, width, 2 if stage else 1), block(width, width, 1))
        planes = width
    return Net(conv1=nn.Conv2d(3, 64, 3, 1, 1, bias=False), **stem, **stages, linear=nn.Linear(512, 10))


# https://github.com/weiaicunzai/pytorch-cifar100/blob/master/models/resnet.py
class WeiaicunzaiBlock(nn.Module):
    def __init__(self, in_channels, channels, stride, is_bottleneck):
        super().__init__()
        out = channels * (4 if is_bottleneck else 1)
        kernels = [(in_channels, channels, 1), (channels, channels, 3), (channels, out, 1)] if is_bottleneck else [
            (in_channels, channels, 3), (channels, channels, 3)]
        layers = []
        for a, b, size in kernels:
            layers += [nn.Conv2d(a, b, size, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        self.residual_function = nn.Sequential(*layers[:-1])
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out:
            self.shortcut = nn.Sequential(nn.Conv2d(in_channels, out, 1, bias=False), nn.BatchNorm2d(out))


def weiaicunzai(depths, is_bottleneck):
    stages, channels = {}, 64
    for stage, (depth, width) in enumerate(zip(depths, (64, 128, 256, 512))):
        blocks = []
        for index in range(depth):
            blocks.append(WeiaicunzaiBlock(channels, width, 2 if stage and not index else 1, is_bottleneck))
            channels = width * (4 if is_bottleneck else 1)
        stages[f'conv{stage + 2}_x'] = nn.Sequential(*blocks)
    stem = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
    return Net(conv1=stem, **stages, fc=nn.Linear(channels, 100))


# https://github.com/facebookresearch/detectron2/blob/main/detectron2/modeling/backbone/resnet.py
class ConvNorm(nn.Conv2d):
    def __init__(self, a, b, size):
        super().__init__(a, b, size, bias=False)
        self.norm = nn.BatchNorm2d(b)


def detectron2():
    stages, channels = {}, 64
    for stage, (depth, width) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512))):
        blocks = []
        for index in range(depth):
            shortcut = {} if index else {'shortcut': ConvNorm(channels, width * 4, 1)}
            blocks.append(Net(**shortcut, conv1=ConvNorm(channels, width, 1), conv2=ConvNorm(width, width, 3),
                              conv3=ConvNorm(width, width * 4, 1)))
            channels = width * 4
        stages[f'res{stage + 2}'] = nn.Sequential(*blocks)
    return Net(stem=Net(conv1=ConvNorm(3, 64, 7)), **stages)


# https://github.com/open-mmlab/mmdetection/blob/main/mmdet/models/backbones/resnet.py, deep_stem
def resnet_v1d():
    net = timm.create_model('resnet50d')
    stem = nn.Sequential(*net.conv1, net.bn1, nn.ReLU())
    return Net(backbone=Net(stem=stem, **{f'layer{i}': getattr(net, f'layer{i}') for i in range(1, 5)}),
               head=Net(fc=nn.Linear(2048, 1000)))


# https://github.com/leftthomas/SimCLR/blob/master/model.py
def simclr():
    children = [c for c in resnet50().children() if not isinstance(c, (nn.Linear, nn.MaxPool2d))]
    children[0] = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    g = nn.Sequential(nn.Linear(2048, 512, bias=False), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 128))
    return Net(f=nn.Sequential(*children), g=g)


# https://github.com/fastai/fastai/blob/master/fastai/vision/learner.py, create_body and create_head
def fastai():
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(1024), nn.Dropout(.25),
                         nn.Linear(1024, 512, bias=False), nn.ReLU(), nn.BatchNorm1d(512), nn.Dropout(.5),
                         nn.Linear(512, 37, bias=False))
    return nn.Sequential(nn.Sequential(*list(resnet18().children())[:-2]), head)


# https://github.com/RobustBench/robustbench, ImageNormalizer
def normalize():
    net = Net()
    net.register_buffer('mean', torch.zeros(1, 3, 1, 1))
    net.register_buffer('std', torch.ones(1, 3, 1, 1))
    return net


def mlp_head():
    net = resnet18()
    net.fc = nn.Sequential(nn.Linear(512, 256), nn.BatchNorm1d(256), nn.ReLU(), nn.Dropout(.2), nn.Linear(256, 3))
    return net


def dropout_head():
    net = resnet18()
    net.fc = nn.Sequential(nn.Dropout(.2), nn.Linear(512, 3))
    return net


def convolution_head():
    net = resnet18()
    net.fc = nn.Conv2d(512, 5, 1)
    return net


def pruned():
    net = resnet18()
    prune.l1_unstructured(net.layer1[0].conv1, 'weight', .5)
    weight_norm(net.layer1[0].conv2)
    return net


def bit_variables():
    """The variables of a BiT .npz; timm's own loader reads every one of them into the tensor that the test expects."""
    net = timm.create_model('resnetv2_50x1_bit', num_classes=1000)
    variables = {}

    def put(module, path):
        for name, value in module.named_parameters(recurse=False):
            kinds = {'weight': 'gamma' if value.ndim == 1 else 'kernel', 'bias': 'beta'}
            kind = kinds[name] if value.ndim == 1 and 'group_norm' in path else 'kernel' if value.ndim == 4 else 'bias'
            array = np.random.default_rng(len(variables)).standard_normal(tuple(value.shape), np.float32)
            variables[f'resnet/{path}/{kind}'] = array.transpose(2, 3, 1, 0) if value.ndim == 4 else array

    put(net.stem.conv, 'root_block/standardized_conv2d')
    put(net.norm, 'group_norm')
    put(net.head.fc, 'head/conv2d')
    for i, stage in enumerate(net.stages):
        for j, block in enumerate(stage.blocks):
            for k, letter in enumerate('abc'):
                place = f'block{i + 1}/unit{j + 1:02d}/{letter}'
                put(getattr(block, f'conv{k + 1}'), f'{place}/standardized_conv2d')
                put(getattr(block, f'norm{k + 1}'), f'{place}/group_norm')
            if block.downsample is not None:
                put(block.downsample.conv, f'block{i + 1}/unit{j + 1:02d}/a/proj/standardized_conv2d')
    with tempfile.NamedTemporaryFile(suffix='.npz') as file:
        np.savez(file, **variables)
        file.flush()
        net.load_pretrained(file.name)
    stem = torch.from_numpy(variables['resnet/root_block/standardized_conv2d/kernel'].transpose(3, 2, 0, 1).copy())
    assert torch.equal(net.stem.conv.weight, stem)
    return net.state_dict(), variables


def main():
    tv = torchvision.models
    bit, bit_file = bit_variables()
    children = list(resnet18().children())
    nets = {
        'torchvision resnet18': resnet18(),
        'torchvision resnet50': resnet50(),
        'timm resnet50d': timm.create_model('resnet50d'),
        'timm resnet10t': timm.create_model('resnet10t'),
        'timm seresnet50': timm.create_model('seresnet50'),
        'timm resnetv2_50': timm.create_model('resnetv2_50'),
        'timm resnetv2_50x1_bit': bit,
        'DataParallel': nn.DataParallel(resnet18()),
        'AveragedModel': AveragedModel(resnet18()),
        'Sequential of all children': nn.Sequential(*children),
        'features and classifier': Net(features=nn.Sequential(*children[:-1]), classifier=nn.Linear(512, 4)),
        'Normalize before': nn.Sequential(normalize(), resnet18()),
        'leftthomas SimCLR': simclr(),
        'fastai': fastai(),
        'kuangliu ResNet18': kuangliu(KuangliuBlock),
        'kuangliu PreActResNet18': kuangliu(PreActBlock),
        'weiaicunzai resnet18': weiaicunzai((2, 2, 2, 2), False),
        'weiaicunzai resnet50': weiaicunzai((3, 4, 6, 3), True),
        'detectron2 R-50': detectron2(),
        'mmdetection ResNetV1d-50': resnet_v1d(),
        'torchvision deeplabv3_resnet50': tv.segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None,
                                                                              aux_loss=True),
        'torchvision fcn_resnet50': tv.segmentation.fcn_resnet50(weights=None, weights_backbone=None),
        'torchvision fasterrcnn_resnet50_fpn': tv.detection.fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None),
        'Dropout and Linear': dropout_head(),
        'MLP with batch norm': mlp_head(),
        '1x1 convolution': convolution_head(),
        'pruned and weight-normalised': pruned(),
        'BiT-M-R50x1.npz': bit_file,
    }
    text = ''
    for title, net in nets.items():
        tensors = net.state_dict() if isinstance(net, nn.Module) else net
        lines = (f'{name} {list(t.shape)}\n'.replace(',', '') for name, t in tensors.items())
        text += f'# {title}\n' + ''.join(line for line in lines if 'num_batches_tracked' not in line)
    with open(OUT, 'wb') as file:
        file.write(gzip.compress(text.encode(), mtime=0))


main()
