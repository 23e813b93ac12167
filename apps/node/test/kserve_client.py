"""What kserve's client gets from `residual serve`, as JSON: kserve_client.py HTTP"""

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

[http] = sys.argv[1:]
SHAPE = [1, 32, 32, 3]
prepared = np.sin(np.arange(np.prod(SHAPE)) * 0.37).astype(np.float32).reshape(SHAPE)


async def answers():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    tensor = InferInput(name="input", shape=SHAPE, datatype="FP32", data=prepared.flatten().tolist())
    answer = await client.infer(http, InferRequest(model_name="net", infer_inputs=[tensor]), model_name="net")
    binary = InferInput(name="input", shape=SHAPE, datatype="FP32")
    binary.set_data_from_numpy(prepared, binary_data=True)
    as_bytes = await client.infer(http, InferRequest(model_name="net", infer_inputs=[binary]), model_name="net")
    return {
        "ready": [await client.is_server_ready(http), await client.is_model_ready(http, "net")],
        "live": await client.is_server_live(http),
        "logits": [one.get_output_by_name("logits").as_numpy().tolist() for one in [answer, as_bytes]],
    }


print(json.dumps(asyncio.run(answers())))
