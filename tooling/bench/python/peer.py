"""What the scripts of the benchmark share: lines of JSON, files of tensors, what the CPU has."""
import json
import os
import shutil
import sys

import numpy

DTYPES = {"F32": numpy.float32, "I32": numpy.int32}

# Libraries print what they like to stdout, where the answers go.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def reply(message):
    print(json.dumps(message), file=ANSWERS, flush=True)


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


def missing_package(name):
    """For `raise`, where an import failed."""
    return SystemExit(f"expected the package {name}, got none; {sys.executable} -m pip install {name}")


def cpu_flags():
    try:
        with open("/proc/cpuinfo") as stream:
            return set(stream.read().split())
    except OSError:
        return set()


def check_bfloat16():
    """Ends where the CPU does not multiply bfloat16 itself; it would be slower than float32."""
    if not cpu_flags() & {"avx512_bf16", "amx_bf16", "bf16"}:
        raise SystemExit("expected a CPU with bfloat16 arithmetic (AVX512_BF16, AMX), got one without; leave it out")


def check_compile(torch):
    """Ends where torch.compile cannot work: before PyTorch 2, and without a C++ compiler."""
    if not hasattr(torch, "compile"):
        raise SystemExit(f"torch.compile: expected PyTorch 2 or later, got {torch.__version__}")
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise SystemExit(f"torch.compile: expected a C++ compiler, got no {compiler}; install it, or name one by CXX")
