"""onnxruntime: f32, int8 (static and dynamic scales) and 4-bit products of one layer."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

import timing

GROUP = 32


def initializer(name, array):
    return onnx.numpy_helper.from_array(array, name)


def model(op, domain, inputs, weights, attributes):
    """A graph of one node: what `inputs` names comes from outside, `weights` are constant."""
    node = helper.make_node(op, [*inputs, *weights], ["y"], domain=domain, **attributes)
    outside = [helper.make_tensor_value_info(n, t, shape) for n, (t, shape) in inputs.items()]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", outside, [y],
                              [initializer(n, w) for n, w in weights.items()])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def problems(m, k, n):
    """name, our kernel, limit, model, feed, expected y."""
    random = np.random.default_rng(1)
    x = random.standard_normal((m, k), dtype=np.float32)
    w = random.standard_normal((k, n), dtype=np.float32) / 64
    codes = random.integers(-127, 128, (k, n), dtype=np.int8)
    u8 = random.integers(0, 256, (m, k), dtype=np.uint8)
    scale, one = np.full(n, 1 / 4096, np.float32), np.float32(1 / 64)
    nibbles = random.integers(0, 16, (n, k), dtype=np.uint8)
    packed = (nibbles[:, 0::2] | nibbles[:, 1::2] << 4).reshape(n, k // GROUP, GROUP // 2)
    steps = np.full(n * k // GROUP, 1 / 256, np.float32)
    opened = ((nibbles.astype(np.float32) - 8) / 256).T
    ms = "com.microsoft"
    float_x = {"x": (TensorProto.FLOAT, [m, k])}
    coded_x = {"x": (TensorProto.UINT8, [m, k])}
    yield "f32", "f32", "f32", model("MatMul", "", float_x, {"w": w}, {}), x, x @ w
    # The inputs of MatMulIntegerToFloat are x, w, x scale, w scale.
    yield ("int8 u8s8", "int8", "int8",
           model("MatMulIntegerToFloat", ms, coded_x,
                 {"w": codes, "xs": one, "ws": scale, "zx": np.uint8(128)}, {}),
           u8, (u8.astype(np.float32) - 128) @ codes.astype(np.float32) / 64 / 4096)
    yield ("int8 dynamic", "int8", "int8",
           model("DynamicQuantizeMatMul", ms, float_x, {"w": codes, "ws": scale}, {}),
           x, x @ codes.astype(np.float32) / 4096)
    for level in (0, 4):
        yield (f"int4 g{GROUP} level {level}", "grouped" if level else "w4",
               "int8" if level else "f32",
               model("MatMulNBits", ms, float_x, {"w": packed, "s": steps},
                     {"K": k, "N": n, "bits": 4, "block_size": GROUP, "accuracy_level": level}),
               x, x @ opened)


def bound(blob, x, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(blob, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_output("y")
    return lambda: session.run_with_iobinding(binding), binding


def main():
    k, n, repeats, all_rows, all_threads = timing.arguments()
    if k % GROUP:
        raise SystemExit(f"inputs are no multiple of {GROUP}")
    for m in all_rows:
        for threads in all_threads:
            sides, limits = {}, {}
            for name, base, limit, blob, x, want in problems(m, k, n):
                run, binding = bound(blob, x, threads)
                run()
                got = binding.copy_outputs_to_cpu()[0]
                error = np.linalg.norm(got - want) / np.linalg.norm(want)
                if error > 0.02:  # quantized activations are off by that much at most
                    raise SystemExit(f"{name} is wrong by {error}")
                sides["onnxruntime " + name] = run
                limits["onnxruntime " + name] = base, limit
            for name, seconds in timing.best(sides, repeats).items():
                timing.emit(name, *limits[name], m, threads, k, n, seconds)


main()
