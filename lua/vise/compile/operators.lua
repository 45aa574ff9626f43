--- What a compiler has to know of the functions of the core, by the name a recorder hears: a function,
--- or CLASS:METHOD.  A function that is not here may be called on constants only: what it does to
--- values that depend on the inputs cannot be done again.

---@class vise.compile.Operator
---@field out? integer          Which argument is the place of the result, if it takes one.
---@field inplace? integer[]    Arguments that may be the place of the result themselves.
---@field vectors? (integer|string)[]  Arguments that are vectors of any float dtype and are read as f32; a
---                                    name stands for an option.
---@field alike? integer        An argument of which nothing but the layout counts: a packed weight.
---@field position? integer     An argument with options, of which `position` is where a cache ends.
---@field into? boolean         Writes a part of its first argument, which has to be a cache's, and gives it.
---@field view? boolean         The result lies in the first argument.
---@field about? boolean        Asks for a shape, a name and the like: nothing is computed.
---@field made? boolean         The result is made from Lua values.
---@field refused? string       Why it cannot be part of a forward that is compiled, even on constants.

local function elementwise(out)
  return { out = out, inplace = { 1 } }
end

---@type table<string, vise.compile.Operator>
local operators = {
  -- arithmetic
  ["tensor:add"] = elementwise(3), ["tensor:sub"] = elementwise(3),
  ["tensor:mul"] = elementwise(3), ["tensor:div"] = elementwise(3),
  ["tensor:axpy"] = elementwise(4), ["tensor:clamp"] = elementwise(4),
  ["tensor:abs"] = elementwise(2), ["tensor:sign"] = elementwise(2),
  ["tensor:round"] = elementwise(2), ["tensor:power"] = elementwise(3), ["tensor:fold"] = { out = 3 },
  ["tensor:to"] = { out = 3 }, ["tensor:copy"] = { out = 2 },
  ["tensor:transpose"] = { out = 2 },
  matmul = { out = 4 },
  linear = { out = 4, vectors = { 3 } },
  -- networks
  softmax = elementwise(2), silu = elementwise(2), gelu = elementwise(3), silu_mul = { out = 3, inplace = { 1, 2 } },
  layer_norm = { out = 5, inplace = { 1 }, vectors = { 3, 4 } },
  rms_norm = { out = 4, inplace = { 1 }, vectors = { 2 } },
  modulate = elementwise(4),
  gated_add = { out = 4, inplace = { 1, 2 } },
  attention = { out = 5, position = 4 }, rope = { out = 3, inplace = { 1 }, position = 2 },
  add_positions = { out = 4, inplace = { 1 }, position = 3 },
  ["tensor:put"] = { into = true, position = 3 },
  sinusoid = { out = 3 }, embedding = { out = 3 },
  patchify = { out = 3 }, unpatchify = { out = 3 },
  -- quantized layers
  hadamard = { out = 4 },
  rows = { out = 4, vectors = { "weight", "bias" }, alike = 2 },
  product = { out = 4, vectors = { "bias" } },
  simulate = { out = 3, inplace = { 2 } },
  ["coded:decode"] = { out = 2 },
  -- tensors
  tensor = { made = true }, tensor_of = { made = true },
  ["tensor:set"] = { refused = "writes a number into a tensor" },
  ["random:normal"] = { refused = "draws other numbers every time" },
  ["random:uniform"] = { refused = "draws other numbers every time" },
}

for _, name in ipairs { "rows", "columns", "reshape", "cast" } do operators["tensor:" .. name] = { view = true } end
for _, name in ipairs { "shape", "dtype", "count", "bytes", "close", "closed", "kind" } do
  operators["tensor:" .. name], operators["rows:" .. name] = { about = true }, { about = true }
end

return operators
