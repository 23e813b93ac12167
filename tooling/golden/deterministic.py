"""deterministic_values.py's weights and pictures for PyTorch."""
import torch

from deterministic_values import picture_values, probe_values, tensor


def fill(model: torch.nn.Module) -> torch.nn.Module:
    """Gives every floating tensor of the model's state dict its deterministic values."""
    state = model.state_dict()
    for name, value in state.items():
        if value.dtype == torch.float32:
            value.copy_(torch.from_numpy(tensor(name, tuple(value.shape))))
    return model


def picture(batch: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    """An NCHW picture whose values are counted in NHWC order."""
    return torch.from_numpy(picture_values(batch, height, width, channels).transpose(0, 3, 1, 2).copy())


def probe(name: str, values: torch.Tensor) -> list:
    """Two numbers that any changed element changes: the norm, and the product with a deterministic vector."""
    return probe_values(name, values.detach().numpy())
