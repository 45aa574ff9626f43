-- Families of one's own that say who writes and reads their stream, and transforms of one's own.

local core = require "vise.core"
local streams = require "vise.models.stream"
local support = require "support"
local tiny = require "models.tiny"
local vise = require "vise"

-- LayerNorm, or RMSNorm of the same numbers.
local Norm = vise.nn.class "SpecNorm"

function Norm:forward(x)
  if self.rms then return assert(vise.ops.rms_norm(x, self.weight, 1e-5)) end
  return assert(vise.ops.layer_norm(x, 1e-5, self.weight, self.bias))
end

local function new_norm(name, weights, s)
  return setmetatable({ name = name, children = {}, rms = s.norm == "rms",
    weight = weights:tensor(name .. ".weight", { s.width }),
    bias = weights:tensor(name .. ".bias", { s.width }) }, Norm)
end

-- Blocks x + down(gelu(up(norm(x)))), an embedding in front and a head that shares its weight.
local function description(more)
  local d = {
    family = "spec-stream", names = { "SpecStream" }, blocks = { "h.", "depth" },
    settings = { { "width", "integer", min = 1, max = 64 }, { "depth", "integer", min = 1, max = 9 } },
    build = function(s, weights)
      local self = { embedding = weights:embedding("embed", 11, s.width), blocks = {}, children = {} }
      for i = 1, s.depth do
        local name = ("h.%d."):format(i - 1)
        local block = { norm = new_norm(name .. "norm", weights, s),
          up = weights:linear(name .. "up", 24, s.width, true),
          down = weights:linear(name .. "down", s.width, 24, true) }
        self.blocks[i] = block
        table.move({ block.norm, block.up, block.down }, 1, 3, #self.children + 1, self.children)
      end
      self.norm = new_norm("norm", weights, s)
      if s.own_head then
        self.head = weights:linear("head", 11, s.width, true)
        self.children[#self.children + 1] = self.head
      end
      return self
    end,
    takes = { "ids" },
    forward = function(self, inputs)
      local x = self.embedding:forward(inputs.ids)
      for _, block in ipairs(self.blocks) do
        local h = block.up:forward(block.norm:forward(x))
        x = assert(x:add(block.down:forward(assert(vise.ops.gelu(h, "tanh")))))
      end
      x = self.norm:forward(x)
      return self.head and self.head:forward(x) or assert(vise.ops.linear(x, self.embedding.weight))
    end,
    stream = {
      width = "width", embeddings = { "embed" }, writers = { "h.*.down" }, norm = "norm",
      readers = { ["h.*.norm"] = { "h.*.up" }, norm = { "head" } },
      head = { "head", tied = "tied" },
      settings = { { "norm", "string", one_of = { "layer", "rms" } }, { "tied", "boolean" },
        { "own_head", "boolean" } },
    },
  }
  for key, value in pairs(more or {}) do d[key] = value end
  return d
end

local function open(more)
  local d = description(more)
  local read = d.settings
  d.settings = function(config, path)
    local s, message, id = require("vise.models.config").read(config, read, path)
    if s then s.norm, s.tied = "layer", true end
    return s, message, id
  end
  local build = d.build
  d.build = function(s, weights)
    s.own_head = not s.tied
    return build(s, weights)
  end
  vise.models.register(d)
  local tensors = { ["embed.weight"] = { 11, 12 }, ["norm.weight"] = { 12 }, ["norm.bias"] = { 12 } }
  for i = 0, 2 do
    local name = ("h.%d."):format(i)
    tensors[name .. "norm.weight"], tensors[name .. "norm.bias"] = { 12 }, { 12 }
    tensors[name .. "up.weight"], tensors[name .. "up.bias"] = { 24, 12 }, { 24 }
    tensors[name .. "down.weight"], tensors[name .. "down.bias"] = { 12, 24 }, { 12 }
  end
  return assert(tiny.open { config = { architectures = { "SpecStream" }, width = 12, depth = 3 }, tensors = tensors })
end

local function ids() return core.tensor_of("i64", { 1, 4 }, { 1, 5, 7, 10 }) end

describe("a family of one's own with LayerNorm", function()
  it("is rotated: means go to the writers, shifts into biases, the head gets a weight and a bias", function()
    local model <close> = open()
    local before <close> = assert(model:forward(ids()))
    assert(vise.transform(model, "rotate", { r2 = false }))
    local after <close> = assert(model:forward(ids()))
    assert.is_true(support.rel_l2(after, before) <= 1e-5)
    assert.same({ norm = "rms", tied = false }, model.transforms[1].settings)
    assert.same({ 0, 0 }, { model["h.1.norm.bias"]:min(), model["h.1.norm.bias"]:max() })
    assert.is_not_nil(model:layer("head").bias)
  end)
end)

describe("the stream of a family", function()
  it("is held against its form", function()
    local function refuses(text, change)
      local stream = description().stream
      change(stream)
      assert.error_matches(function() vise.models.register(description { stream = stream }) end, text, 1, true)
    end
    refuses("E-MD-20: stream of family spec-stream lacks writers", function(s) s.writers = nil end)
    refuses("has no field 'writer'; did you mean 'writers'?", function(s) s.writer = {} end)
    refuses("has a wrong readers", function(s) s.readers = { "h.*.up" } end)
    refuses("has a wrong embeddings", function(s) s.embeddings = "embed" end)
    refuses("has a wrong head", function(s) s.head = { "head" } end)
    refuses("has values, but no heads", function(s) s.values = { from = "a", to = "b" } end)
    assert.error_matches(function() vise.models.register(description { stream = 3 }) end,
      "E%-MD%-20: stream of a family")
  end)

  it("is written out block by block", function()
    local stream = streams.of({ width = "w", embeddings = { "e" }, writers = { "b.*.o" },
      readers = { ["b.*.n"] = { "b.*.q", "b.*.k" } }, transposed = { "b.*.o" } }, { w = 8 }, 2)
    assert.same({ "b.0.o", "b.1.o" }, stream.writers)
    assert.same({ { norm = "b.0.n", layers = { "b.0.q", "b.0.k" } },
      { norm = "b.1.n", layers = { "b.1.q", "b.1.k" } } }, stream.readers)
    assert.same({ ["b.0.o"] = true, ["b.1.o"] = true }, stream.transposed)
    assert.equal(8, stream.width)
  end)

  it("says what of r2 and r3 there is", function()
    local model <close> = open()
    local function refuses(text, options)
      assert.error_matches(function() vise.transform(model, "rotate", options) end, text, 1, true)
    end
    refuses("E-TR-02: rotate: the family's stream has no values for r2", {})
    refuses("E-TR-02: rotate: the family's stream has no setting for r3", { r2 = false, r3 = true })
  end)
end)

describe("a transform of one's own", function()
  -- Twice the outputs of up_proj, half the inputs of down_proj: powers of two change no bit.
  local double = {
    name = "double", options = { factor = 2.0 },
    apply = function(work, options)
      for _, writer in ipairs(work.stream.writers) do
        local up, count = writer:gsub("down_proj", "up_proj")
        if count > 0 then
          work:change(up .. ".weight", function(w)
            for i = 1, w:count() do w:set(i, w:get(i) * options.factor) end
          end)
          work:change(writer .. ".weight", function(w)
            local other = w:copy()
            for i = 1, w:count() do other:set(i, w:get(i) / options.factor) end
            return other
          end)
        end
      end
    end,
  }

  it("is applied, saved and loaded, also where it is not known", function()
    vise.transforms.register(double)
    assert.same({ "double", "fold", "rotate" }, vise.transforms.names())
    local path = tiny.write(tiny.llama())
    local model <close> = assert(vise.open(path))
    local before = model:forward({ 1, 2, 3 }):tobytes()
    assert.equal(model, assert(vise.transform(model, "double", { factor = 4.0 })))
    assert.equal(before, model:forward({ 1, 2, 3 }):tobytes())
    local folder = path .. "/out"
    assert(vise.quantize(model, { quant_type = "int8_per_row", regions = { "*.self_attn.*" }, save_to = folder }))
    double.apply = function() error "called" end
    local again <close> = assert(vise.load(assert(vise.open(path)), folder))
    assert.equal(model:forward({ 1, 2, 3 }):tobytes(), again:forward({ 1, 2, 3 }):tobytes())
    assert.same({ factor = 4.0 }, again.transforms[1].options)
    assert(core.disk.remove_tree(path))
  end)

  it("is refused for what it names that is not there, and for what is none", function()
    local model <close> = assert(tiny.open(tiny.llama()))
    local function refuses(text, apply)
      vise.transforms.register { name = "spec", apply = apply }
      assert.error_matches(function() vise.transform(model, "spec") end, text, 1, true)
      assert.is_nil(model.transforms)
    end
    refuses("E-TR-06: transform: the model has no tensor model.nothing.weight", function(work)
      work:change("model.nothing.weight", print)
    end)
    refuses("no luck", function() error "no luck" end)
    vise.transforms.register { name = "spec", apply = function(work) work:set("hidden_size", 4) end }
    local _, message, id = vise.transform(model, "spec")
    assert.same({ "E-TR-08", "transform spec: hidden_size is no setting of a transform" }, { id, message })
    for text, transform in pairs {
      ["a transform is a nil"] = false, ["needs a name"] = { apply = print }, ["needs apply"] = { name = "x" },
      ["x has no field 'aply'"] = { name = "x", aply = print },
      ["option o is a table"] = { name = "x", apply = print, options = { o = {} } },
      ['transform "rotate" comes with vise'] = { name = "rotate", apply = print },
    } do
      assert.error_matches(function() vise.transforms.register(transform or nil) end, text, 1, true)
    end
  end)
end)
