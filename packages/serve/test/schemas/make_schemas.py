"""Writes the schemas beside this file, out of packages:

    pip install pydantic kubernetes-validate==1.37.0 && pip install --no-deps kserve==0.21.0
    python make_schemas.py

manifests.json: each kind that is deployed, of Kubernetes as kubernetes-validate has it (strict: unknown fields are errors) and of
KServe as its client's models describe it. protocol.json: the Open Inference Protocol's answers as kserve has them. Both packages are
under the Apache License 2.0 (LICENSE beside this file).
"""

import ast
import importlib.util
import json
import re
from pathlib import Path

HERE = Path(__file__).parent


def folder(package):
    return Path(importlib.util.find_spec(package).submodule_search_locations[0])


def bare(schema):
    """Without texts for people."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    texts = ("description", "title", "example")
    return {
        key: bare(value)
        for key, value in schema.items()
        if not key.startswith("x-") and (key not in texts or isinstance(value, dict) and "type" in value)
    }


def write(name, schemas):
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(schemas.items()))
    (HERE / name).write_text('{"$defs": {\n' + lines + "\n}}\n")


version = "v1.37.0-local-strict"
kubernetes = json.loads((folder("kubernetes_validate") / "kubernetes-json-schema" / version / "_definitions.json").read_text())["$defs"]
models = folder("kserve") / "models"


def of_kubernetes(kind):
    """`V1Container` as the definition's name."""
    version, name = re.fullmatch(r"(V\d+(?:(?:alpha|beta)\d+)?|)(\w+)", kind).groups()
    found = [key for key in kubernetes if key.endswith(f".{version.lower()}.{name}")]
    # Some names are in several groups: those of pods are core's.
    return next((key for key in found if ".core." in key), found[0]) if found else None


def of_kserve(kind):
    """A class of the client's models, as a schema."""
    file = models / (re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower() + ".py")
    text = file.read_text()
    fields = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("openapi_types", "attribute_map"):
            fields[node.targets[0].id] = ast.literal_eval(node.value)
    names = fields["attribute_map"]
    required = [names[field] for field in names if f"Invalid value for `{field}`, must not be `None`" in text]
    schema = {
        "type": "object",
        "properties": {names[field]: of_type(kind) for field, kind in fields["openapi_types"].items()},
        "additionalProperties": False,
    }
    return {**schema, "required": required} if required else schema


def of_type(kind):
    plain = {"str": "string", "int": "integer", "bool": "boolean", "float": "number", "object": "object"}
    if kind in plain:
        return {"type": plain[kind]}
    if kind.startswith("list["):
        return {"type": "array", "items": of_type(kind[5:-1])}
    if kind.startswith("dict("):
        return {"type": "object", "additionalProperties": of_type(kind.split(", ")[1][:-1])}
    name = need(kind)
    # Of neither package: anything.
    return {"$ref": f"#/$defs/{name}"} if name else {}


schemas = {}


def need(kind):
    """A class, and all that it is made of; its name among the schemas."""
    file = models / (re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower() + ".py")
    if not file.exists():
        name = of_kubernetes(kind)
        return name and need_kubernetes(name)
    if kind not in schemas:
        schemas[kind] = {}
        schemas[kind] = of_kserve(kind)
    return kind


def need_kubernetes(name):
    if name not in schemas:
        text = re.sub(r'"[^"]*#/(?:\$defs|definitions)/', '"#/$defs/', json.dumps(bare(kubernetes[name])))
        schemas[name] = json.loads(text)
        for other in re.findall(r'"#/\$defs/([^"]+)"', text):
            need_kubernetes(other)
    return name


for kind in ("apps.v1.Deployment", "core.v1.Service", "autoscaling.v2.HorizontalPodAutoscaler"):
    need_kubernetes(f"io.k8s.api.{kind}")
for kind in ("policy.v1.PodDisruptionBudget", "batch.v1.Job"):
    need_kubernetes(f"io.k8s.api.{kind}")
for kind in ("V1alpha1ServingRuntime", "V1beta1InferenceService"):
    need(kind)
write("manifests.json", schemas)

spec = importlib.util.spec_from_file_location("models", folder("kserve") / "protocol/rest/v2_datamodels.py")
protocol = importlib.util.module_from_spec(spec)
spec.loader.exec_module(protocol)
answers = ("ServerLive", "ServerReady", "ServerMetadata", "ModelMetadata", "ModelReady", "Inference")
described = {}
for name in answers:
    schema = bare(getattr(protocol, f"{name}Response").model_json_schema())
    described |= schema.pop("$defs", {})
    described[f"{name}Response"] = schema
write("protocol.json", described)
