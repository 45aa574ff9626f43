"""ggml, as llama.cpp has it: f32, 8-bit and 4-bit products, plain and repacked, on its CPU backend.

The libraries are those of the package llama-cpp-python, or of the folder that VISE_GGML names.
"""

import ctypes
import glob
import importlib.util
import os

import numpy as np

import timing

TYPES = {"f32": 0, "q4_0": 2, "q8_0": 8}
# What is timed: name, type of the weights, repacked, our kernel for it, limit.
PRODUCTS = [("f32", "f32", False, "f32", "f32"), ("q8_0", "q8_0", False, "int8", "int8"),
            ("q4_0", "q4_0", False, "grouped", "int8"),
            ("q4_0 repacked", "q4_0", True, "grouped", "int8")]


class InitParams(ctypes.Structure):
    _fields_ = [("mem_size", ctypes.c_size_t), ("mem_buffer", ctypes.c_void_p),
                ("no_alloc", ctypes.c_bool)]


class PoolParams(ctypes.Structure):
    _fields_ = [("cpumask", ctypes.c_bool * 512), ("n_threads", ctypes.c_int),
                ("prio", ctypes.c_int), ("poll", ctypes.c_uint32),
                ("strict_cpu", ctypes.c_bool), ("paused", ctypes.c_bool)]


def folder():
    if "VISE_GGML" in os.environ:
        return os.environ["VISE_GGML"]
    spec = importlib.util.find_spec("llama_cpp")
    if not spec:
        raise SystemExit("there is no ggml")
    return os.path.join(os.path.dirname(spec.origin), "lib")


class Ggml:
    """The functions that are used, with what they take and return."""

    def __init__(self):
        at = folder()
        self.libraries = []
        for name in ("base", "cpu"):
            path = sorted(glob.glob(os.path.join(at, f"libggml-{name}.so*")))[0]
            self.libraries.append(ctypes.CDLL(path, ctypes.RTLD_GLOBAL))
        p, i, n, s = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_size_t
        self.init = self.find("ggml_init", p, InitParams)
        self.tensor = self.find("ggml_new_tensor_2d", p, p, i, n, n)
        self.mul_mat = self.find("ggml_mul_mat", p, p, p, p)
        self.graph = self.find("ggml_new_graph", p, p)
        self.expand = self.find("ggml_build_forward_expand", None, p, p)
        self.set = self.find("ggml_backend_tensor_set", None, p, p, s, s)
        self.get = self.find("ggml_backend_tensor_get", None, p, p, s, s)
        self.quantize = self.find("ggml_quantize_chunk", s, i, p, p, n, n, n, p)
        self.quantize_row = self.find("quantize_row_q8_0", None, p, p, n)
        self.row_size = self.find("ggml_row_size", s, i, n)
        self.alloc = self.find("ggml_backend_alloc_ctx_tensors_from_buft", p, p, p)
        self.plain = self.find("ggml_backend_cpu_buffer_type", p)
        self.repack = self.find("_Z35ggml_backend_cpu_repack_buffer_typev", p)
        self.cpu = self.find("ggml_backend_cpu_init", p)
        self.set_threads = self.find("ggml_backend_cpu_set_n_threads", None, p, i)
        self.set_pool = self.find("ggml_backend_cpu_set_threadpool", None, p, p)
        self.pool_params = self.find("ggml_threadpool_params_default", PoolParams, i)
        self.new_pool = self.find("ggml_threadpool_new", p, ctypes.POINTER(PoolParams))
        self.compute = self.find("ggml_backend_graph_compute", i, p, p)

    def find(self, name, result, *arguments):
        for library in self.libraries:
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype, function.argtypes = result, arguments
                return function
        raise SystemExit(f"this ggml has no {name}")

    def context(self):
        return self.init(InitParams(1 << 20, None, True))

    def backend(self, threads):
        backend = self.cpu()
        params = self.pool_params(threads)
        self.set_threads(backend, threads)
        self.set_pool(backend, self.new_pool(ctypes.byref(params)))
        return backend


def weight(g, kind, repacked, w):
    n, k = w.shape
    context = g.context()
    t = g.tensor(context, TYPES[kind], k, n)
    g.alloc(context, g.repack() if repacked else g.plain())
    if kind == "f32":
        coded = w
    else:
        coded = np.empty(g.row_size(TYPES[kind], k) * n, np.uint8)
        g.quantize(TYPES[kind], w.ctypes.data, coded.ctypes.data, 0, n, k, None)
    g.set(t, coded.ctypes.data, 0, coded.nbytes)
    return t


def product(g, w, x, n):
    """A graph that computes x w', and a way to read what came out."""
    m, k = x.shape
    context = g.context()
    t = g.tensor(context, TYPES["f32"], k, m)
    y = g.mul_mat(context, w, t)
    graph = g.graph(context)
    g.expand(graph, y)
    g.alloc(context, g.plain())
    g.set(t, x.ctypes.data, 0, x.nbytes)

    def result():
        out = np.empty((m, n), np.float32)
        g.get(y, out.ctypes.data, 0, out.nbytes)
        return out

    return graph, result


def quantize_rows(g, k, repeats):
    """Activations, 64 rows at a time, to q8_0."""
    x = np.random.default_rng(2).standard_normal((64, k), dtype=np.float32)
    out = np.empty(g.row_size(TYPES["q8_0"], k) * 64, np.uint8)
    name = "ggml quantize q8_0"

    def run():
        g.quantize_row(x.ctypes.data, out.ctypes.data, x.size)

    timing.emit_bytes(name, x.nbytes, timing.best({name: run}, repeats)[name])


def main():
    k, n, repeats, all_rows, all_threads = timing.arguments()
    if k % 32 or n % 8:
        raise SystemExit("ggml takes inputs in blocks of 32 and channels in blocks of 8")
    g = Ggml()
    quantize_rows(g, k, repeats)
    random = np.random.default_rng(1)
    w = random.standard_normal((n, k), dtype=np.float32)
    weights = {name: weight(g, kind, repacked, w) for name, kind, repacked, *_ in PRODUCTS}
    for threads in all_threads:
        backend = g.backend(threads)
        for m in all_rows:
            x = random.standard_normal((m, k), dtype=np.float32)
            want, sides, limits = x @ w.T, {}, {}
            for name, _, _, base, limit in PRODUCTS:
                graph, result = product(g, weights[name], x, n)
                g.compute(backend, graph)
                error = np.linalg.norm(result() - want) / np.linalg.norm(want)
                if error > 0.2:  # 4 bits a weight
                    raise SystemExit(f"{name} is wrong by {error}")
                sides["ggml " + name] = lambda graph=graph: g.compute(backend, graph)
                limits["ggml " + name] = base, limit
            for name, seconds in timing.best(sides, repeats).items():
                timing.emit(name, *limits[name], m, threads, k, n, seconds)


main()
