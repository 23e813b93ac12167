"""OpenVINO on the CPU, set up for latency."""
from peer import missing_package

HINTS = {"fp32": {"INFERENCE_PRECISION_HINT": "f32"}, "bf16": {"INFERENCE_PRECISION_HINT": "bf16"}, "int8": {}}


def load_library(job):
    try:
        import openvino
    except ImportError:
        raise missing_package("openvino")
    return lambda: Runner(openvino, job)


class Runner:
    def __init__(self, openvino, job):
        core = openvino.Core()
        if job["precision"] == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise SystemExit("expected a CPU on which OpenVINO has bfloat16, got one without; leave it out")
        model = core.read_model(job.get("int8File", job["onnxFile"]))
        model.reshape([job["batch"], 3, job["sizePx"], job["sizePx"]])
        is_pinned = job["variant"] == "pinned"
        compiled = core.compile_model(model, "CPU", {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": job["threads"],
            "ENABLE_CPU_PINNING": is_pinned,
            **HINTS[job["precision"]],
        })
        self.request = compiled.create_infer_request()
        self.tensor = openvino.Tensor
        version = openvino.__version__.split("-")[0]
        self.device = f"OpenVINO {version}, {job['threads']} threads, {'' if is_pinned else 'not '}pinned"

    def prepare(self, pictures):
        # The tensor only points at the numbers.
        self.pictures = pictures
        self.request.set_input_tensor(self.tensor(pictures, shared_memory=True))

    def run(self):
        self.request.infer()
        return self.request.get_output_tensor().data
