"""Becomes a contestant of the benchmark, as src/child.ts does: a line of JSON in, one out.

python3 infer.py; questions and answers are those of src/messages.ts.
"""
import importlib
import json
import resource
import signal
import sys
import time

import numpy

from peer import read_safetensors, reply

# A process uses so little of a core while its threads sleep.
IDLE_SHARE = 0.1
LOOK_S = 0.01
MOST_REST_S = 0.5

# Each has `load_library(job)`, whose answer loads the model: `device`, `prepare(pictures)` and `run() -> logits`.
MODULES = {"openvino": "openvino_peer", "torch": "torch_peer"}


def load(job):
    two = read_safetensors(job["picturesFile"])["pictures"]
    pictures = numpy.stack([two[index % 2] for index in range(job["batch"])])
    begin = time.perf_counter()
    load_model = importlib.import_module(MODULES[job["engine"]]).load_library(job)
    library_at = time.perf_counter()
    runner = load_model()
    model_at = time.perf_counter()
    # NHWC to NCHW, which is not timed: a user would make them so to begin with.
    runner.prepare(numpy.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))
    prepared_at = time.perf_counter()
    logits = numpy.asarray(runner.run(), numpy.float32)
    first_at = time.perf_counter()
    return runner, {
        "kind": "loaded",
        "device": runner.device,
        "libraryMs": 1000 * (library_at - begin),
        "loadMs": 1000 * (model_at - library_at),
        "firstMs": 1000 * (first_at - prepared_at),
        "logits": logits.ravel().tolist(),
    }


def run(runner, runs):
    ms = []
    for _ in range(runs):
        begin = time.perf_counter()
        runner.run()
        ms.append(1000 * (time.perf_counter() - begin))
    threads_rest()
    return {"kind": "ran", "ms": ms, "peakMB": peak_mb()}


def threads_rest():
    """Threads that spin after a run would slow down whoever is next."""
    last_look = time.perf_counter() + MOST_REST_S
    share = 1
    while share > IDLE_SHARE and time.perf_counter() < last_look:
        used, begin = time.process_time(), time.perf_counter()
        time.sleep(LOOK_S)
        share = (time.process_time() - used) / (time.perf_counter() - begin)


def peak_mb():
    """The most memory that the process has had at once; `VmHWM` where there is /proc."""
    try:
        with open("/proc/self/status") as stream:
            return next(int(line.split()[1]) for line in stream if line.startswith("VmHWM:")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def first_line(error):
    return str(error).strip().split("\n")[0] or type(error).__name__


def main():
    # Ctrl-C reaches all processes of a terminal; who started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner = None
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if question["kind"] == "load":
                runner, answer = load(question["job"])
            else:
                answer = run(runner, question["runs"])
        except (Exception, SystemExit) as error:  # each is told, by whichever library
            answer = {"kind": "refused", "reason": first_line(error)}
        reply(answer)


main()
