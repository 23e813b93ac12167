"""What tritonclient gets from `residual serve`, as JSON: triton_client.py HTTP GRPC PICTURE"""

import json
import sys

import numpy as np
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

http, grpc, picture = sys.argv[1:]
SHAPE = [1, 32, 32, 3]
prepared = np.sin(np.arange(np.prod(SHAPE)) * 0.37).astype(np.float32).reshape(SHAPE)


def input_of(module, name, data, datatype, **options):
    tensor = module.InferInput(name, list(data.shape), datatype)
    tensor.set_data_from_numpy(data, **options)
    return tensor


def raised(call):
    try:
        call()
    except InferenceServerException as error:
        return [error.status(), error.message()]
    raise AssertionError("expected an error")


def triton(module, client, as_json, in_json):
    """The same calls of both of Triton's clients; `in_json` are options for tensors that aren't sent as bytes."""
    outputs = [module.InferRequestedOutput(name) for name in ["logits", "embeddings"]]
    answer = client.infer("net", [input_of(module, "input", prepared, "FP32")], outputs=outputs, request_id="7")
    named = [module.InferRequestedOutput("probabilities", class_count=3)]
    with open(picture, "rb") as file:
        files = np.array([file.read()], dtype=np.object_)
    classes = client.infer("net", [input_of(module, "image", files, "BYTES")], outputs=named)
    typed = client.infer("net", [input_of(module, "input", prepared, "FP32", **in_json)])
    wrong = input_of(module, "input", prepared[:, :8], "FP32")
    return {
        "live": client.is_server_live(),
        "ready": [client.is_server_ready(), client.is_model_ready("net"), client.is_model_ready("net", "1")],
        "server": client.get_server_metadata(**as_json),
        "model": client.get_model_metadata("net", **as_json),
        "logits": answer.as_numpy("logits").tolist(),
        "embeddings": list(answer.as_numpy("embeddings").shape),
        "typed": typed.as_numpy("logits").tolist(),
        "classes": [text.decode() for text in classes.as_numpy("probabilities").flatten()],
        "unknown": raised(lambda: client.infer("none", [input_of(module, "input", prepared, "FP32")])),
        "wrong": raised(lambda: client.infer("net", [wrong])),
        "index": client.get_model_repository_index(**as_json),
    }


print(
    json.dumps(
        {
            "http": triton(triton_http, triton_http.InferenceServerClient(http.removeprefix("http://")), {}, {"binary_data": False}),
            "grpc": triton(triton_grpc, triton_grpc.InferenceServerClient(grpc), {"as_json": True}, {}),
        }
    )
)
