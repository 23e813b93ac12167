"""Grad-CAM and Grad-CAM++ maps by PyTorch's hooks and autograd, from deterministic weights.

    env -u OPENBLAS_CORETYPE python3 tooling/golden/grad_cam.py
"""
import json
import pathlib

import torch
import torchvision

from cifar_resnet import cifar_resnet
from deterministic import fill, picture


def gradient_at(model: torch.nn.Module, layer: str, x: torch.Tensor, target: int) -> tuple:
    """What the layer gives, and the target logit's gradient with respect to it."""
    kept = []
    handle = dict(model.named_modules())[layer].register_forward_hook(lambda _m, _i, out: kept.append(out))
    logits = model(x)
    handle.remove()
    (gradient,) = torch.autograd.grad(logits[0, target], kept[0])
    return kept[0].detach(), gradient


def grad_cam(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    weights = g.mean((2, 3), keepdim=True)
    return torch.relu((weights * a).sum(1))[0]


def grad_cam_plus_plus(a: torch.Tensor, g: torch.Tensor) -> torch.Tensor:
    alpha = g**2 / (2 * g**2 + a.sum((2, 3), keepdim=True) * g**3 + 1e-6)
    weights = (torch.relu(g) * torch.where(g != 0, alpha, torch.zeros_like(g))).sum((2, 3), keepdim=True)
    return torch.relu((weights * a).sum(1))[0]


def upsampled(cam: torch.Tensor, size: int) -> torch.Tensor:
    cam = cam / cam.max()
    return torch.nn.functional.interpolate(cam[None, None], (size, size), mode="bilinear", align_corners=False)[0, 0]


def main() -> None:
    goldens = []
    models = {
        "resnet8": (cifar_resnet(8, "A"), 16, ["layer1", "layer2", "layer3"]),
        "resnet18": (torchvision.models.resnet18(), 64, ["maxpool", "layer2", "layer3", "layer4"]),
        "resnet50": (torchvision.models.resnet50(), 64, ["layer3", "layer4"]),
    }
    for name, (model, size, layers) in models.items():
        model = fill(model).eval()
        x = picture(1, size, size)
        target = int(model(x)[0].argmax())
        for layer in layers:
            a, g = gradient_at(model, layer, x, target)
            cams = {"grad-cam": grad_cam(a, g), "grad-cam++": grad_cam_plus_plus(a, g)}
            for method, cam in cams.items():
                assert cam.max() > 0, (name, layer, method)
                golden = {"model": name, "size": size, "layer": layer.replace("maxpool", "stem"), "method": method}
                golden |= {"target": target, "shape": list(cam.shape), "map": [float(f"{v:.7g}") for v in cam.flatten()]}
                if layer == layers[-1]:
                    golden["heatmap row"] = [float(f"{v:.7g}") for v in upsampled(cam, size)[size // 3]]
                goldens.append(golden)
    out = pathlib.Path(__file__).parents[2] / "packages" / "classifier" / "golden" / "grad-cam.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text("[\n" + ",\n".join(json.dumps(golden) for golden in goldens) + "\n]\n")


if __name__ == "__main__":
    main()
