--- Transforms.

return {
  name = "transforms",
  kind = "module",
  summary = "changes of a whole float model that leave its answers as they were",
  text = "vise.transform(model, name, options) applies one. rotate (QuaRot, arXiv 2404.00456; SpinQuant, arXiv "
    .. "2405.16406) turns the residual stream and the values of attention, so that no channel is much larger than the "
    .. "others: r1, of the stream, with norms fused into what reads them and a head of its own; r2, of the values of "
    .. "each head; r3, of queries and keys in every forward, which only helps who quantizes keys. Each is "
    .. '"none", "hadamard", "random-hadamard" (after random signs) or, but for r3, "random-matrix"; true and false are '
    .. "the default and none. The other options: block, 0 for the largest Hadamard matrix that divides the width; "
    .. 'seed; dtype, "model" or "f32", what changed weights are stored in. The input of a layer behind a nonlinear '
    .. 'function, R4, is turned by the step "rotate" of a method. fold puts the factors of SmoothQuant (arXiv '
    .. "2211.10438) into the norms before the layers; it takes alpha, dtype and calibrate, a function of the model "
    .. "that runs it.",
  prelude = 'local model <close> = assert(vise.open "models/stories")',
  records = {
    {
      "vise.Transform", "a change of a whole model",
      fields = {
        { "name", "string", "recorded in manifests: lower-case letters, digits and - _ ." },
        { "options", "table<string, string|number|boolean>", "names and defaults; dtype, if there, says what changed "
          .. "tensors are stored in", optional = true },
        { "calibrated", "boolean", "vise.transform is given calibrate = function(model) ... end", default = false },
        { "apply", "fun(work: vise.TransformWork, options: table)", "notes what is to become of the tensors" },
      },
    },
    {
      "vise.TransformWork", "what a transform works on: tensors by the checkpoint's names",
      fields = {
        { "settings", "table<string, any>", "of the model, as they are" },
        { "stream", "table", "who writes and who reads the residual stream: embeddings, writers, readers, values, "
          .. "every name written out" },
        { "info", "fun(self: vise.TransformWork, name: string): vise.TensorInfo?", "what is known of a tensor" },
        { "tensor", "fun(self: vise.TransformWork, name: string): vise.Tensor", "a tensor as it is before this "
          .. "transform" },
        { "change", "fun(self: vise.TransformWork, name: string, f: fun(w: vise.Tensor): vise.Tensor?)", "f gets the "
          .. "tensor in f64 when all changes are made, and changes it or gives another; several are made in order, "
          .. "and rounded once" },
        { "rotate", "fun(self: vise.TransformWork, layer: string, side: string, rotation: vise.Rotation)", "turns what "
          .. 'a layer takes "in", W Q, or gives "out", Q\' W and Q\' b' },
        { "rotate_vector", "fun(self: vise.TransformWork, name: string, rotation: vise.Rotation)", "the same of a "
          .. "vector" },
        { "spans", "fun(self: vise.TransformWork, layers: string[]): table<string, vise.Tensor>", "runs the "
          .. "calibration: the largest |x| of every input channel, by layer; to be closed" },
        { "layers", "table<string, vise.nn.Linear>", "of the model, by name" },
        { "copy", "fun(self: vise.TransformWork, name: string, source: string)", "a new tensor that begins as "
          .. "another" },
        { "create", "fun(self: vise.TransformWork, name: string, shape: integer[])", "a new tensor of zeros" },
        { "set", "fun(self: vise.TransformWork, name: string, value: any)", "changes a setting that the family's "
          .. "stream lists" },
      },
    },
    {
      "vise.Rotation", "x is multiplied by a diagonal, then by an orthogonal matrix, block by block",
      fields = {
        { "block", "integer", "numbers of x that are mixed with each other" },
        { "diagonal", "vise.Tensor", "f64, of all numbers", optional = true },
        { "matrix", "vise.Tensor", "f64 [m, m], under the Walsh-Hadamard matrix of block / m", optional = true },
        { "center", "boolean", "the mean is taken out first", default = false },
      },
    },
  },
  functions = {
    {
      name = "names",
      arguments = {},
      returns = { { "string[]", "names" } },
      text = "The names of all transforms, sorted.",
      example = 'print(table.concat(vise.transforms.names(), " ")) --> fold rotate',
    },
    {
      name = "register",
      arguments = { { "transform", "vise.Transform", "to add" } },
      returns = { { "vise.Transform", "transform" } },
      text = "Adds a transform that vise.transform takes by its name. An artefact that was made with it loads where "
        .. "it is not known: it holds what was changed.",
      example = [[
vise.transforms.register {
  name = "louder", -- larger values, and smaller weights behind them
  apply = function(work)
    for _, pair in ipairs(work.stream.values) do
      for name, factor in pairs { [pair.from] = 2, [pair.to] = 0.5 } do
        work:change(name .. ".weight", function(w)
          for i = 1, w:count() do w:set(i, w:get(i) * factor) end
        end)
      end
    end
  end,
}
local before = assert(model:forward { 1, 403, 407 }):tobytes()
assert(vise.transform(model, "louder"))
assert(model:forward { 1, 403, 407 }:tobytes() == before)]],
    },
    {
      name = "rotation",
      arguments = {
        { "kind", "string", "of the orthogonal matrix", choices = { "hadamard", "random-hadamard", "random-matrix" } },
        { "width", "integer", "numbers of x", min = 1 },
        { "block", "integer", "numbers that are mixed: the size of a Hadamard matrix, or any of a random one",
          min = 1 },
        { "random", "vise.Generator", "draws signs and matrices" },
      },
      returns = { { "vise.Rotation", "rotation", "the same in every block" } },
      text = "A rotation, for vise.TransformWork.rotate.",
      example = [[
local q = vise.transforms.rotation("random-hadamard", 24, 12, vise.random(1))
local x = vise.random(2):normal { 3, 24 }
local y = x:to "f64"
vise.linalg.rotate(y, { block = q.block }, q.diagonal, q.matrix)
assert(math.abs(y:to("f32"):norm() / x:norm() - 1) < 1e-6)]],
      source = "random matrices: the left factor of normal numbers, Mezzadri 2007",
    },
  },
}
