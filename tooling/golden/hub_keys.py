"""Names and shapes of all the tensors in timm's and Hugging Face's ResNets, for tooling/golden/golden/hub-keys.txt.gz.

python -m venv --system-site-packages venv
venv/bin/pip install --no-deps timm==0.9.16 transformers==4.36.2 huggingface_hub==0.20.3 safetensors==0.4.3 tokenizers==0.15.2
venv/bin/pip install pyyaml requests tqdm filelock fsspec regex packaging
env -u OPENBLAS_CORETYPE venv/bin/python tooling/golden/hub_keys.py

Per repository a line `# repository`, and `name [shape]` for each tensor in the state dict's order.
"""
import gzip
import os

import timm
from transformers import ResNetConfig, ResNetForImageClassification

OUT = os.path.join(os.path.dirname(__file__), 'golden/hub-keys.txt.gz')
TIMM = ['resnet18.a1_in1k', 'resnet34.a1_in1k', 'resnet50.a1_in1k', 'resnet101.a1_in1k', 'resnet152.a1_in1k',
        'resnext50_32x4d.a1h_in1k', 'resnext101_32x8d.tv2_in1k', 'resnext101_64x4d.tv_in1k', 'wide_resnet50_2.tv2_in1k',
        'wide_resnet101_2.tv2_in1k']
# transformers/models/resnet/convert_resnet_to_pytorch.py
DEPTHS = {18: [2, 2, 2, 2], 26: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3]}


def microsoft(depth):
    is_basic = depth in (18, 34)
    widths = [64, 128, 256, 512] if is_basic else [256, 512, 1024, 2048]
    config = ResNetConfig(depths=DEPTHS[depth], hidden_sizes=widths, layer_type='basic' if is_basic else 'bottleneck',
                          num_labels=1000)
    return ResNetForImageClassification(config)


def listing(model):
    return ''.join(f'{name} {list(t.shape)}\n'.replace(',', '') for name, t in model.state_dict().items())


def main():
    lists = {f'timm/{name}': listing(timm.create_model(name, pretrained=False)) for name in TIMM}
    lists.update({f'microsoft/resnet-{depth}': listing(microsoft(depth)) for depth in DEPTHS})
    text = ''.join(f'# {repo}\n{lines}' for repo, lines in lists.items())
    with open(OUT, 'wb') as file:
        file.write(gzip.compress(text.encode(), mtime=0))


main()
