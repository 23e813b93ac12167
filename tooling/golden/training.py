"""Two steps of plain SGD on small nets: loss, gradients, running statistics and the answers after.

    env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/training.py

It needs timm; architectures.py says how to have it.
"""
import functools
import json
import pathlib

import timm.models.resnet
import torch
from timm.layers import BatchNormAct2d, BlurPool2d, EvoNorm2dS0, create_conv2d, get_attn
from timm.models.res2net import Bottle2neck
from timm.models.resnest import ResNestBottleneck
from timm.models.resnetv2 import ResNetV2
from timm.models.senet import SEResNetBlock, SENet
from timm.models.sknet import SelectiveKernelBasic
from torchvision.models import ResNet
from torchvision.models.resnet import BasicBlock, Bottleneck

from cifar_resnet import cifar_resnet
from deterministic import fill, picture, probe
from keras_v2 import KerasV2
from kuangliu import pre_act_resnet18
from publishers import ClipResNet

LEARNING_RATE = 0.05


def golden(model: torch.nn.Module, shape: tuple) -> dict:
    x, labels = picture(*shape), torch.arange(shape[0]) % 10
    model = fill(model).train()
    losses, gradients = [], {}
    for step in range(2):
        loss = torch.nn.functional.cross_entropy(model(x), labels)
        model.zero_grad()
        loss.backward()
        losses.append(float(loss))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if step == 0:
                    gradients[name] = probe(name, parameter.grad)
                parameter -= LEARNING_RATE * parameter.grad
    statistics = {name: probe(name, value) for name, value in model.state_dict().items() if "running" in name}
    with torch.no_grad():
        logits = model.eval()(x)
    return {
        "shape": [shape[0], shape[1], shape[2], 3],
        "learningRate": LEARNING_RATE,
        "losses": losses,
        "gradients": gradients,
        "statistics": statistics,
        "logits": [float(v) for v in logits.ravel()],
    }


def main() -> None:
    one = [1, 1, 1, 1]
    narrow = dict(channels=(8, 16, 32, 64), stem_width=8, num_classes=10)
    deep = dict(stem_type="deep", avg_down=True, block_args=dict(attn_layer="se"))
    v2 = dict(channels=(32, 64, 128, 256), stem_chs=16, conv_layer=create_conv2d, norm_layer=BatchNormAct2d)
    grouped = dict(channels=(128, 128, 256, 256), stem_chs=64, num_classes=10)
    evolved = dict(stem_type="deep", avg_down=True, conv_layer=create_conv2d, norm_layer=EvoNorm2dS0)
    branches = dict(stem_type="deep", base_width=32, block_args=dict(scale=4))
    splits = dict(stem_type="deep", cardinality=2, base_width=32, block_args=dict(radix=2, avd=True))
    selects = dict(stem_type="deep", block_args=dict(sk_kwargs=dict(rd_ratio=1 / 8, rd_divisor=16)))
    averaged = dict(stem_type="deep", avg_down=True, aa_layer=torch.nn.AvgPool2d, block_args=dict(attn_layer="eca"))
    blurred = dict(stem_type="deep", aa_layer=BlurPool2d)
    quarter = dict(attn_layer=functools.partial(get_attn("se"), rd_ratio=0.25))
    revisited = dict(stem_type="deep", replace_stem_pool=True, avg_down=True, block_args=quarter)
    senet = dict(stem_type="deep", cardinality=2, block_reduce_first=2, down_kernel_size=3)
    legacy = dict(groups=1, reduction=16, drop_rate=0.0)
    dilated = dict(num_classes=10, replace_stride_with_dilation=[False, True, True])
    goldens = {
        "resnet8": golden(cifar_resnet(8, "A"), (4, 16, 20)),
        "resnet8_b": golden(cifar_resnet(8, "B"), (4, 16, 20)),
        "plain8": golden(cifar_resnet(8, None), (4, 16, 20)),
        "basic": golden(ResNet(BasicBlock, one, num_classes=10), (4, 64, 80)),
        "bottleneck, 2 groups, outputStride 8": golden(
            ResNet(Bottleneck, one, groups=2, width_per_group=32, **dilated), (4, 32, 48)
        ),
        "deep stem, average-pool shortcut, squeeze-excite": golden(
            timm.models.resnet.ResNet(timm.models.resnet.Bottleneck, one, **narrow, **deep), (4, 48, 40)
        ),
        "pre-activation bottleneck": golden(ResNetV2(one, num_classes=10, **v2), (4, 48, 40)),
        "pre-activation basic": golden(pre_act_resnet18(one, 8), (4, 16, 20)),
        "standardised weights, group norm": golden(ResNetV2(one, **grouped, stem_type="fixed"), (4, 48, 40)),
        "pre-activation deep stem, EvoNorm": golden(ResNetV2(one, **grouped, **evolved), (4, 48, 40)),
        "res2net": golden(timm.models.resnet.ResNet(Bottle2neck, one, **narrow, **branches), (4, 48, 40)),
        "resnest": golden(timm.models.resnet.ResNet(ResNestBottleneck, one, **narrow, **splits), (4, 48, 40)),
        "channel attention, averages": golden(
            timm.models.resnet.ResNet(timm.models.resnet.Bottleneck, one, **narrow, **averaged), (4, 64, 64)
        ),
        "blur": golden(timm.models.resnet.ResNet(timm.models.resnet.BasicBlock, one, **narrow, **blurred), (4, 64, 80)),
        "resnet-rs": golden(
            timm.models.resnet.ResNet(timm.models.resnet.Bottleneck, one, **narrow, **revisited), (4, 48, 40)
        ),
        "senet": golden(timm.models.resnet.ResNet(timm.models.resnet.Bottleneck, one, **narrow, **senet), (4, 48, 40)),
        "legacy senet": golden(SENet(SEResNetBlock, one, num_classes=10, **legacy), (4, 64, 80)),
        "keras v2": golden(KerasV2([2, 1, 1, 1], 16, [8, 16, 32, 64], 10), (4, 48, 40)),
        "attention pool": golden(ClipResNet(one, 24, 2, 16, 10), (4, 64, 64)),
        "sknet": golden(timm.models.resnet.ResNet(SelectiveKernelBasic, one, **narrow, **selects), (4, 48, 40)),
    }
    out = pathlib.Path(__file__).parent / "golden" / "training.json"
    out.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in goldens.items()) + "\n}\n")


if __name__ == "__main__":
    main()
