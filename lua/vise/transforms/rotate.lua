--- Rotate: turns the residual stream, the heads' values, and queries with keys, so that no channel is
--- much larger than the others (QuaRot, arXiv 2404.00456; SpinQuant, arXiv 2405.16406).  With an
--- orthogonal Q
---
---   R1  the stream x becomes x Q: embeddings E Q, readers W Q, writers Q' W and Q' b
---   R2  the values of a head become v Q: rows Q' W of v, columns W Q of the layer behind
---   R3  queries and keys become q H and k H after their positions, in every forward: q k' stays
---
--- R1 needs norms without weights of their own (fuse.lua) and a head that is not the embedding.  All but
--- R3 is done to the weights, once.  R3 is for who quantizes keys; vise does not.  R4, the input of a
--- layer behind a nonlinear function, is the step "rotate" of a method.

local core = require "vise.core"
local fail = require "vise.fail"
local fuse = require "vise.transforms.fuse"
local rotation = require "vise.transforms.rotation"

local function kind_of(options, name)
  local kind = options[name]
  if kind == "none" then return nil end
  for _, known in ipairs(rotation.KINDS) do
    if kind == known then return kind end
  end
  fail.raise("E-TR-04", "rotate: %s is %q, expected none, %s", name, tostring(kind),
    table.concat(rotation.KINDS, " or "))
end

local function turn_stream(work, kind, options, random)
  local stream = work.stream
  local block = rotation.block(kind, stream.width, options.block, "stream")
  local q = rotation.new(kind, stream.width, block, random)
  for _, name in ipairs(stream.embeddings) do work:rotate(name, "in", q) end
  for _, reader in ipairs(stream.readers) do
    for _, name in ipairs(reader.layers) do work:rotate(name, "in", q) end
  end
  for _, name in ipairs(stream.writers) do work:rotate(name, "out", q) end
end

-- One rotation a block, the same for all its heads: `width` numbers of them.
local function for_heads(q, width, block)
  if not q.diagonal then return q end
  local diagonal = fail.try(core.tensor("f64", { width }))
  for i = 1, width do diagonal:set(i, q.diagonal:get((i - 1) % block + 1)) end
  return { block = q.block, matrix = q.matrix, diagonal = diagonal }
end

-- Numbers that a layer gives out, or takes in.
local function width_of(work, layer, side, part)
  local shape = work:info(layer .. ".weight").shape
  local rows = (side == "out") ~= (work.stream.transposed[layer] or false)
  return shape[rows and 1 or 2] // (part and part[2] or 1)
end

local function turn_values(work, kind, random)
  local stream = work.stream
  if #stream.values == 0 then fail.raise("E-TR-02", "rotate: the family's stream has no values for r2") end
  local head = stream.head_width
  local block = rotation.block(kind, head, 0, "heads")
  for _, pair in ipairs(stream.values) do
    local q = rotation.new(kind, head, block, random)
    work:rotate(pair.from, "out", for_heads(q, width_of(work, pair.from, "out", pair.part), head), pair.part)
    work:rotate(pair.to, "in", for_heads(q, width_of(work, pair.to, "in"), head))
  end
end

local function turn_keys(work, kind)
  local stream = work.stream
  if kind ~= "hadamard" then
    fail.raise("E-TR-04", "rotate: r3 is \"%s\", expected none or hadamard: it runs in every forward", kind)
  elseif not stream.keys then
    fail.raise("E-TR-02", "rotate: the family's stream has no setting for r3")
  end
  work:set(stream.keys, rotation.block(kind, stream.head_width, 0, "heads"))
end

return {
  name = "rotate",
  options = { r1 = "random-hadamard", r2 = "hadamard", r3 = "none", block = 0, seed = 0, dtype = "model" },
  apply = function(work, options)
    local r1, r2, r3 = kind_of(options, "r1"), kind_of(options, "r2"), kind_of(options, "r3")
    local random = core.random(options.seed)
    if r1 then
      fuse.untie(work)
      fuse.norms(work)
      turn_stream(work, r1, options, random)
    end
    if r2 then turn_values(work, r2, random) end
    if r3 then turn_keys(work, r3) end
  end,
}
