"""What the scripts of the benchmark share: lines of JSON, files of tensors, what the CPU has."""
import json
import os
import shutil

import numpy

DTYPES = {"F32": numpy.float32, "I32": numpy.int32}


def reply(message):
    print(json.dumps(message), flush=True)


def read_safetensors(file):
    """Arrays by name, mapped; of the types that the benchmark writes."""
    with open(file, "rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        entries = json.loads(stream.read(size))
    arrays = {}
    for name, entry in entries.items():
        offset = 8 + size + entry["data_offsets"][0]
        arrays[name] = numpy.memmap(file, DTYPES[entry["dtype"]], "c", offset, tuple(entry["shape"]))
    return arrays


def has_bfloat16():
    """Whether the CPU multiplies bfloat16 itself; elsewhere it is slower than float32."""
    try:
        with open("/proc/cpuinfo") as stream:
            words = set(stream.read().split())
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})


def check_bfloat16():
    if not has_bfloat16():
        raise SystemExit("expected a CPU with bfloat16 arithmetic (AVX512_BF16, AMX), got one without; leave it out")


def check_compile(torch):
    """Ends where torch.compile cannot work: before PyTorch 2, and without a C++ compiler."""
    if not hasattr(torch, "compile"):
        raise SystemExit(f"torch.compile: expected PyTorch 2 or later, got {torch.__version__}")
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise SystemExit(f"torch.compile: expected a C++ compiler, got no {compiler}; install it, or name one by CXX")
