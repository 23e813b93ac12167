"""Expected numbers of the backend contract, by PyTorch: packages/testing/golden/backend-contract.json

Inputs are sin(seed + 0.7 i) over the row-major NHWC / HWIO array, so that the tests make the same ones.
"""
import json
import pathlib

import torch
import torch.nn.functional as F


def wave(seed, *shape):
    count = int(torch.tensor(shape).prod())
    return torch.sin(seed + 0.7 * torch.arange(count, dtype=torch.float64)).reshape(shape)


def image(seed, n, h, w, c):
    return wave(seed, n, h, w, c).permute(0, 3, 1, 2).contiguous()


def kernel(seed, h, w, i, o):
    return wave(seed, h, w, i, o).permute(3, 2, 0, 1).contiguous()


def nhwc(t):
    return [round(v, 8) for v in t.detach().permute(0, 2, 3, 1).reshape(-1).tolist()]


def flat(t):
    return [round(v, 8) for v in t.detach().reshape(-1).tolist()]


x, w = image(1, 2, 5, 6, 3), kernel(2, 3, 3, 3, 4)
x.requires_grad_(), w.requires_grad_()
conv = F.conv2d(x, w, stride=2, padding=1)
mean, var, gamma, beta = wave(3, 4), wave(4, 4).abs() + 0.1, wave(5, 4), wave(6, 4)
norm = F.batch_norm(conv, mean, var, gamma, beta, eps=1e-5)
pool_input = (image(7, 2, 6, 5, 2) - 1.5).requires_grad_()  # all negative: padding with zeros would show
pool = F.max_pool2d(pool_input, 3, 2, 1)
a, b, bias = wave(8, 3, 5), wave(9, 5, 4), wave(10, 4)
grouped = F.conv2d(image(11, 1, 4, 4, 6), kernel(12, 3, 3, 3, 4), groups=2)
loss = (F.relu(norm) * image(13, 2, 3, 3, 4)).sum()
dx, dw = torch.autograd.grad(loss, [x, w])
(dpool,) = torch.autograd.grad((pool * image(14, 2, 3, 3, 2)).sum(), [pool_input])

golden = {
    "conv": nhwc(conv),
    "batchNorm": nhwc(norm),
    "maxPool": nhwc(pool),
    "matMul": flat(a @ b + bias),
    "mean": flat(x.mean(dim=(2, 3))),
    "groupedConv": nhwc(grouped),
    "convGradX": nhwc(dx),
    "convGradFilter": [round(v, 8) for v in dw.permute(2, 3, 1, 0).reshape(-1).tolist()],
    "maxPoolGrad": nhwc(dpool),
}
target = pathlib.Path(__file__).parents[2] / "packages/testing/golden/backend-contract.json"
target.write_text(json.dumps(golden) + "\n")
