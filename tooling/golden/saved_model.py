"""An exported SavedModel in Python's TensorFlow against the exported .pth in torchvision: the same logits for the same pictures.

    residual export r18 --model resnet18 --weights WEIGHTS --format saved-model
    residual export r18.pth --model resnet18 --weights WEIGHTS --format pth
    env -u OPENBLAS_CORETYPE python3 tooling/golden/saved_model.py r18 r18.pth resnet18

by a Python that has torch, torchvision and PyPI's tensorflow-cpu (2.13.1).
"""
import sys

import tensorflow
import torch
import torchvision

folder, pth, name = sys.argv[1:]
net = getattr(torchvision.models, name)().eval()
net.load_state_dict(torch.load(pth, map_location='cpu'), strict=True)
serve = tensorflow.saved_model.load(folder, tags=['serve']).signatures['serving_default']
size = serve.structured_input_signature[1]['image'].shape[1]

for batch in (1, 3):
    pictures = torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(batch))
    with torch.no_grad():
        expected = net(pictures)
    logits = serve(image=tensorflow.constant(pictures.permute(0, 2, 3, 1).numpy()))['logits'].numpy()
    assert logits.shape == tuple(expected.shape), (logits.shape, expected.shape)
    error = abs(logits - expected.numpy()).max() / expected.abs().max().item()
    print(f'{name}, batch {batch}: TensorFlow {tensorflow.__version__} differs from torch {torch.__version__} by {error:.1e}')
    assert error < 1e-4, error
