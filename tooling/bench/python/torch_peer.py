"""PyTorch on the CPU with torchvision's models, channels last: eagerly, by torch.compile, or frozen by torch.jit."""
from peer import check_bfloat16, check_compile, missing_package, read_safetensors


def load_library(job):
    try:
        import torch
    except ImportError:
        raise missing_package("torch")
    try:
        import torchvision
    except ImportError:
        raise missing_package("torchvision")
    torch.set_num_threads(job["threads"])
    return lambda: Runner(torch, torchvision, job)


class Runner:
    def __init__(self, torch, torchvision, job):
        self.torch = torch
        self.is_bfloat16 = job["precision"] == "bf16"
        if self.is_bfloat16:
            check_bfloat16()
        builder = getattr(torchvision.models, job["model"], None)
        if builder is None:
            raise SystemExit(f"expected a model of torchvision, got {job['model']}")
        model = builder()
        weights = {key: torch.from_numpy(array) for key, array in read_safetensors(job["weightsFile"]).items()}
        missing, unexpected = model.load_state_dict(weights, strict=False)
        others = [key for key in missing if not key.endswith("num_batches_tracked")] + unexpected
        if others:
            raise SystemExit(f"{job['model']}: expected torchvision's parameters, got other ones: {', '.join(others)}")
        model = model.eval().to(memory_format=torch.channels_last)
        self.model = getattr(self, job["variant"].replace(".", "_"))(model, job)
        self.device = f"PyTorch {torch.__version__}, {job['threads']} threads, channels last, {job['variant']}"

    def eager(self, model, job):
        return model

    def torch_compile(self, model, job):
        check_compile(self.torch)
        from torch._inductor import config

        # Weights are constants: batch norms are folded, and convolutions packed.
        config.freezing = True
        return self.torch.compile(model)

    def torch_jit(self, model, job):
        torch = self.torch
        shape = (job["batch"], 3, job["sizePx"], job["sizePx"])
        example = torch.zeros(shape).to(memory_format=torch.channels_last)
        with torch.inference_mode(), self.autocast():
            frozen = torch.jit.freeze(torch.jit.trace(model, example, check_trace=False))
            return torch.jit.optimize_for_inference(frozen)

    def autocast(self):
        return self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.is_bfloat16, cache_enabled=False)

    def prepare(self, pictures):
        self.pictures = self.torch.from_numpy(pictures).to(memory_format=self.torch.channels_last)

    def run(self):
        with self.torch.no_grad(), self.autocast():
            return self.model(self.pictures).float().numpy()
