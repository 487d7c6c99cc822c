"""What the peers share: the data of a task, and the lines by which they are asked."""
import json
import os
import struct
import sys
import time

import numpy as np

# answers have the standard output for themselves; what libraries say goes where errors go
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
KINDS = {"F32": np.float32, "I32": np.int32, "U8": np.uint8}


def load(path):
    """Arrays of a safetensors file by kind and name: {"w": {"q/net/kernel0": ...}, "field": {...}}."""
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header, body = json.loads(file.read(size)), file.read()
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind, rest = name.split("/", 1)
        data = np.frombuffer(body[begin:end], KINDS[entry["dtype"]]).reshape(entry["shape"])
        arrays.setdefault(kind, {})[rest] = data.copy()
    return arrays


def node(arrays, name):
    """Tensors of a node, by layer and tensor."""
    return {k[len(name) + 1:]: v for k, v in arrays.items() if k.startswith(name + "/")}


def serve(check, run):
    """Lines of JSON in and out: "check" gives numbers by name, {"times": k} does the work k times and gives the seconds. `run` says how many units that was, if not k."""
    print(json.dumps({"ready": True}), file=ANSWERS, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked == "check":
            answer = {name: np.asarray(value, np.float64).reshape(-1).tolist() for name, value in check().items()}
        else:
            began, used = time.perf_counter(), time.process_time()
            units = run(asked["times"])
            answer = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - used, "units": asked["times"] if units is None else units}
        print(json.dumps(answer), file=ANSWERS, flush=True)


def configuration(weights, optimiser_steps, environment_steps):
    """What a whole run says of itself when it is checked: weights that learn, and how often an optimiser steps per 1,000 steps of the environment."""
    return {"weights": weights, "steps": 1000 * optimiser_steps / environment_steps}
