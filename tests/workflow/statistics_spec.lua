local core = require "vise.core"
local dit = require "workflow.support_dit"
local support = require "support"
local tree = require "vise.statistics.tree"
local vise = require "vise"
local work = require "vise.statistics.work"

local MODEL = "recipes/quickstart/models/stories260K"
local Q, K, DOWN = "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.k_proj", "model.layers.0.mlp.down_proj"
local ALL = { "span", "range", "mean", "importance", "moments", "histogram", "token_span", "top" }

local place, model

local function path(name) return place .. "/" .. name end

local function write(name, bytes)
  local f <close> = assert(io.open(path(name), "wb"))
  f:write(bytes)
  return path(name)
end

local function bytes_of(name)
  local f <close> = assert(io.open(path(name), "rb"))
  return f:read "a"
end

-- Ten texts of 40 ids.
local texts = {}
for i = 1, 10 do
  texts[i] = {}
  for k = 1, 40 do texts[i][k] = 3 + (i * 37 + k * k * 11) % 500 end
end

local function capture(options, lists)
  local w = assert(work.texts(model, lists or texts, { length = 40 }))
  options.layers = options.layers or { "*.layers.0.*" }
  options.data = options.data or w.data
  return vise.statistics.capture(model, w.items, w.run, options)
end

local function saved(name, options, lists)
  local s <close> = assert(capture(options, lists))
  assert(s:save(path(name)))
  return path(name)
end

-- Writes a saved file once more with `edit` made to its metadata (decoded) and tensors by name.
local function changed(name, edit)
  local file = assert(core.safetensors_open(path(name)))
  local about, tensors, entries = assert(core.json_decode(file:metadata().statistics)), {}, {}
  for _, n in ipairs(file:names()) do tensors[n] = file:tensor(n):copy() end
  edit(about, tensors)
  for n, t in pairs(tensors) do entries[#entries + 1] = { n, t } end
  table.sort(entries, function(a, b) return a[1] < b[1] end)
  local to = path "changed.safetensors"
  assert(core.safetensors_write(to, entries, { statistics = core.json_encode(about) }))
  file:close()
  return to
end

setup(function()
  place = os.tmpname()
  os.remove(place)
  assert(core.disk.mkdir(place))
  model = assert(vise.open(MODEL))
end)
teardown(function()
  model:close()
  core.disk.remove_tree(place)
end)

describe("statistics of shards", function()
  it("merge to the bytes of one run over everything, in whatever order and steps", function()
    saved("all.safetensors", { kinds = ALL })
    local want = bytes_of "all.safetensors"
    for _, n in ipairs { 2, 3, 5 } do
      local paths = {}
      for i = 1, n do
        paths[n + 1 - i] = saved(("%d-%d.safetensors"):format(i, n), { kinds = ALL, shard = i, shards = n })
      end
      local merged <close> = assert(vise.statistics.merge(paths))
      assert(merged:save(path "merged.safetensors"))
      assert.is_true(want == bytes_of "merged.safetensors", n .. " shards")
    end
    -- Of five, the outer two first, which are no neighbours.
    local outer <close> = assert(vise.statistics.merge { path "5-5.safetensors", path "1-5.safetensors" })
    assert(outer:save(path "outer.safetensors"))
    assert.same({ 7, 16 }, { outer:parts() })
    local all <close> = assert(vise.statistics.merge { path "3-5.safetensors", path "outer.safetensors",
      path "4-5.safetensors", path "2-5.safetensors" })
    assert(all:save(path "merged.safetensors"))
    assert.is_true(want == bytes_of "merged.safetensors")
  end)

  it("are what one observer of each kind sees", function()
    local s <close> = assert(capture { kinds = ALL })
    local exact <close> = assert(vise.observe.attach(model, { DOWN }, "histogram"))
    local sums <close> = assert(vise.observe.attach(model, { DOWN }, "importance"))
    for _, ids in ipairs(texts) do
      local x <close> = core.tensor_of("i64", { 1, #ids }, ids)
      model:forward(x):close()
    end
    local histogram <close> = s:observer(DOWN, "histogram")
    assert.is_true(exact:observer(DOWN):state():tobytes() == histogram:state():tobytes())
    local importance <close> = s:observer(DOWN, "importance")
    local want = sums:observer(DOWN):result():totable()
    -- The same terms in another order, in f64, then rounded to f32.
    for i, v in ipairs(importance:result():totable()) do assert.near(want[i], v, 2 ^ -23 * want[i]) end
    assert.equal(400, s:rows(DOWN))
  end)

  it("share the moments of layers that share an input", function()
    local s <close> = assert(capture { kinds = { "moments" } })
    assert.equal(Q, s.shares[K])
    assert(s:save(path "moments.safetensors"))
    local file = assert(core.safetensors_open(path "moments.safetensors"))
    assert.is_nil(file:info(K .. ".moments.sums"))
    file:close()
    local read <close> = assert(vise.statistics.open(path "moments.safetensors"))
    local a <close> = read:observer(Q, "moments")
    local b <close> = read:observer(K, "moments")
    assert.is_true(a:result():tobytes() == b:result():tobytes())
  end)

  it("refuse what does not belong together", function()
    local first = saved("a.safetensors", { kinds = { "mean" }, shard = 1, shards = 2 })
    local function refused(second, id, what)
      local s, message, got = vise.statistics.merge { first, second }
      assert.is_nil(s)
      assert.equal(id, got)
      assert.matches(what, message, 1, true)
    end
    refused(first, "E-OB-25", "part 0 is in another file too")
    local other = table.move(texts, 1, 10, 1, {})
    other[3] = { 5, 6, 7, 8 }
    refused(saved("b.safetensors", { kinds = { "mean" }, shard = 2, shards = 2 }, other), "E-OB-23", "the data differ")
    refused(saved("b.safetensors", { kinds = { "span" }, shard = 2, shards = 2 }), "E-OB-23", "kinds differ")
    refused(saved("b.safetensors", { kinds = { "mean" }, shard = 2, shards = 2, layers = { Q } }), "E-OB-23",
      "layers differ")
    saved("b.safetensors", { kinds = { "mean" }, shard = 2, shards = 2 })
    refused(changed("b.safetensors", function(about) about.model = ("0"):rep(32) end), "E-OB-23", "the model differ")
  end)

  it("need items, and layers that are reached", function()
    local s, message, id = capture({ shard = 16, shards = 16 }, table.move(texts, 1, 4, 1, {}))
    assert.same({ nil, "shard 16 of 16 has no item: the data has 4", "E-OB-26" }, { s, message, id })
    s, message, id = vise.statistics.capture(model, 1, function() return true end, { layers = { Q } })
    assert.is_nil(s)
    assert.equal("E-OB-10", id)
    assert.matches("calibration reached 0 of 1 layers", message, 1, true)
  end)

  it("pass on what the run says, and leak nothing", function()
    collectgarbage()
    collectgarbage()
    local live = core.memory().blocks
    local s, message, id = vise.statistics.capture(model, 20, function(i)
      if i == 14 then return nil, "stop", "E-US-01" end
      local x <close> = core.tensor_of("i64", { 1, 40 }, texts[1])
      model:forward(x):close()
      return true
    end)
    assert.same({ nil, "stop", "E-US-01" }, { s, message, id })
    assert.has_error(function() capture { on_item = function() error "mine" end } end)
    collectgarbage()
    collectgarbage()
    assert.equal(live, core.memory().blocks)
  end)

  it("name the first layer and the channel of what is not finite", function()
    local norm = model:layer(Q)
    local undo = norm:hook(function(_, x) x:set(7, 0 / 0) end)
    for kind, where in pairs { importance = "input channel 7", moments = "input channel 7", span = "input channel 7",
      range = "the range", top = "input channel 7" } do
      local s, message, id = capture { kinds = { kind } }
      assert.is_nil(s)
      assert.equal("E-OB-11", id)
      assert.matches(("layer %s: %s is not finite"):format(Q, where), message, 1, true)
    end
    undo()
  end)
end)

describe("the data of a calibration", function()
  it("needs tokens that say something", function()
    local padding = {}
    for i = 1, 9 do padding[i] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } end
    local cases = { { {}, "0 usable tokens in 0 texts" }, { padding, "0 usable tokens in 9 texts" },
      { { texts[1] }, "40 usable tokens in 1 texts, expected at least 128" } }
    for _, case in ipairs(cases) do
      local w, message, id = work.texts(model, case[1], { length = 40 })
      assert.is_nil(w)
      assert.equal("E-OB-26", id)
      assert.matches(case[2], message, 1, true)
    end
  end)
end)

describe("a config's statistics", function()
  local captured = require "vise.captured"

  it("are read from such a file, for every kind", function()
    local kinds = { "span", "range", "mean", "importance", "moments" }
    local file = saved("all.safetensors", { kinds = ALL })
    local found = assert(captured.read(file, model, { { name = K, kinds = kinds } }))
    local s <close> = assert(vise.statistics.open(file))
    for _, kind in ipairs(kinds) do
      local observer <close> = s:observer(K, kind)
      assert.is_true(observer:result():tobytes() == found[K][kind]:tobytes(), kind)
    end
    assert.equal(400, found[K].rows)
    assert.equal(Q, found[K].shares)
    captured.close(found)
  end)

  it("are refused of another model, of some of the data, without a kind or a layer", function()
    saved("all.safetensors", { kinds = { "mean" } })
    local function refused(file, needs, id, what)
      local found, message, got = captured.read(file, model, needs)
      assert.is_nil(found)
      assert.equal(id, got)
      assert.matches(what, message, 1, true)
    end
    local needs = { { name = Q, kinds = { "mean" } } }
    refused(changed("all.safetensors", function(about) about.model = ("0"):rep(32) end), needs, "E-OB-22",
      "statistics of model 000000000000, expected ")
    refused(saved("half.safetensors", { kinds = { "mean" }, shard = 1, shards = 2 }), needs, "E-OB-25",
      "8 of 16 parts")
    refused(path "all.safetensors", { { name = Q, kinds = { "moments" } } }, "E-OB-15", "has no moments")
    refused(path "all.safetensors", { { name = "model.layers.1.mlp.up_proj", kinds = { "mean" } } }, "E-OB-15",
      "has nothing of layer model.layers.1.mlp.up_proj")
  end)

  it("quantize a model as its own calibration does", function()
    local transformer <close> = dit.open()
    local names = { "transformer_blocks.0.attn1.to_q" }
    local w = { kinds = { "range", "span" }, layers = names }
    local function run() return dit.calibrate(transformer) or true end
    local s <close> = assert(vise.statistics.capture(transformer, 1, run, w))
    local file = path "dit.safetensors"
    assert(s:save(file))
    local hashes = {}
    for i, fields in ipairs { { statistics = file }, { calibrate = dit.calibrate } } do
      local one <close> = dit.open()
      fields.quant_type, fields.regions, fields.save_to = "int8_per_row_static", names, path("artefact" .. i)
      assert(vise.quantize(one, fields))
      local folder = path("artefact" .. i)
      for _, name in ipairs(core.disk.list(folder)) do
        if name:find "%.safetensors$" then hashes[i] = assert(core.disk.sha256(folder .. "/" .. name)) end
      end
    end
    assert.is_string(hashes[1])
    assert.equal(hashes[2], hashes[1])
  end)
end)

describe("a statistics file", function()
  it("is refused for what it says wrongly, and nothing leaks", function()
    saved("all.safetensors", { kinds = { "span", "importance", "histogram" }, layers = { Q } })
    local edits = {
      function(about) about.format = 2 end,
      function(about) about.kinds = { "spam" } end,
      function(about) about.kinds = core.array {} end,
      function(about) about.parts = 8 end,
      function(about) about.nodes = core.array {} end,
      function(about) about.nodes = { { 1, 2 } } end,
      function(about) about.nodes = { { 0, 32 } } end,
      function(about) about.nodes = { { 0, 1 }, { 0, 2 } } end,
      function(about) about.layers = core.array {} end,
      function(about) about.layers[1].channels = 0 end,
      function(about) about.layers[1].channels = 1 << 60 end,
      function(about) about.layers[1].channels = 65 end,
      function(about) about.layers[2] = about.layers[1] end,
      function(about) about.shares = { [Q] = "x" } end,
      function(about) about.shares = { [Q] = Q } end,
      function(about) about.model = 3 end,
      function(about) about.data = nil end,
      function(_, tensors) tensors[Q .. ".rows"] = nil end,
      function(_, tensors) tensors[Q .. ".rows"]:set(1, 0) end,
      function(_, tensors) tensors[Q .. ".rows"]:set(1, -4) end,
      function(_, tensors) tensors[Q .. ".span"] = core.tensor("f32", { 63 }) end,
      function(_, tensors) tensors[Q .. ".importance.sums"] = core.tensor("f32", { 1, 64 }) end,
      function(_, tensors) tensors[Q .. ".histogram"]:set(4097, 400) end,
    }
    collectgarbage()
    collectgarbage()
    local live = core.memory().blocks
    for i, edit in ipairs(edits) do
      local s, message, id = vise.statistics.open(changed("all.safetensors", edit))
      assert.is_nil(s, i)
      assert.equal("E-OB-24", id, i .. ": " .. tostring(message))
      assert.is_true(#message < 200, message)
    end
    local s, _, id = vise.statistics.open(changed("all.safetensors", function(_, tensors)
      tensors[Q .. ".importance.sums"]:set(3, 1 / 0)
    end))
    assert.same({ nil, "E-OB-11" }, { s, id })
    s, _, id = vise.statistics.open(MODEL .. "/model.safetensors")
    assert.same({ nil, "E-OB-24" }, { s, id })
    collectgarbage()
    collectgarbage()
    assert.equal(live, core.memory().blocks)
  end)
end)

describe("the tree of parts", function()
  it("gives every shard some parts, each of them once", function()
    for n = 1, tree.PARTS do
      local past = 0
      for i = 1, n do
        local from, to = tree.parts_of(i, n)
        assert.equal(past, from)
        assert.is_true(to > from)
        past = to
      end
      assert.equal(tree.PARTS, past)
    end
  end)
end)

describe("an importance matrix", function()
  -- Written here by the format's own description.
  local function dat(entries, last)
    local parts = { ("<i4"):pack(#entries) }
    for _, e in ipairs(entries) do
      parts[#parts + 1] = ("<s4i4i4"):pack(e[1], e[2], #e[3])
      for _, v in ipairs(e[3]) do parts[#parts + 1] = ("<f"):pack(v) end
    end
    return table.concat(parts) .. (last or ("<i4s4"):pack(3, "wiki.train"))
  end

  local function gguf(tensors, kind)
    local body, infos, offset = {}, {}, 0
    for _, t in ipairs(tensors) do
      infos[#infos + 1] = ("<s8I4I8I8I4I8"):pack(t[1], 2, t[2], t[3], 0, offset)
      for _, v in ipairs(t[4]) do body[#body + 1] = ("<f"):pack(v) end
      local size = 4 * #t[4]
      body[#body + 1] = ("\0"):rep(-size % 32)
      offset = offset + size + -size % 32
    end
    local header = ("<c4I4I8I8"):pack("GGUF", 3, #tensors, 3) .. ("<s8I4s8"):pack("general.type", 8, kind or "imatrix")
      .. ("<s8I4I4I8s8"):pack("imatrix.datasets", 9, 8, 1, "wiki") .. ("<s8I4I4"):pack("imatrix.chunk_count", 4, 2)
      .. table.concat(infos)
    return header .. ("\0"):rep(-#header % 32) .. table.concat(body)
  end

  local tensors = { { "blk.0.attn_q.weight.in_sum2", 4, 1, { 1, 2, 3, 4.5 } },
    { "blk.0.attn_q.weight.counts", 1, 1, { 1024 } }, { "output.weight.in_sum2", 2, 1, { 8, 0 } },
    { "output.weight.counts", 1, 1, { 16 } } }

  it("is read from GGUF and the older form, under our layers' names", function()
    local s <close> = assert(vise.statistics.from_imatrix(write("i.gguf", gguf(tensors))))
    assert.same({ "lm_head", Q }, { s.layers[1].name, s.layers[2].name })
    assert.equal(1024, s:rows(Q))
    local o <close> = s:observer(Q, "importance")
    assert.same({ 1 / 1024, 2 / 1024, 3 / 1024, 4.5 / 1024 }, o:result():totable())
    assert.equal("wiki", s.data.datasets[1])
    local file = write("i.dat", dat { { "blk.0.attn_q.weight", 2, { 3, 5 } } })
    local old <close> = assert(vise.statistics.from_imatrix(file))
    local p <close> = old:observer(Q, "importance")
    assert.same({ 1.5, 2.5 }, p:result():totable())
    assert.equal("wiki.train", old.data.datasets[1])
    assert(vise.statistics.from_imatrix(write("i.dat", dat({ { "x", 2, { 3, 5 } } }, "")))):close()
  end)

  it("is written as it was read, and passes through a file of ours", function()
    local s <close> = assert(vise.statistics.from_imatrix(write("i.gguf", gguf(tensors))))
    assert(s:save(path "i.safetensors"))
    local again <close> = assert(vise.statistics.open(path "i.safetensors"))
    assert(again:to_imatrix(path "j.gguf"))
    local metadata, read = require("vise.statistics.gguf").read(bytes_of "j.gguf", "j")
    assert.equal("imatrix", metadata["general.type"])
    assert.same({ "wiki" }, metadata["imatrix.datasets"])
    assert.same({ 2, 512 }, { metadata["imatrix.chunk_count"], metadata["imatrix.chunk_size"] })
    for _, t in ipairs(tensors) do
      local values = {}
      for i, v in ipairs(t[4]) do values[i] = ("<f"):pack(v) end
      assert.same({ { t[2], t[3] }, table.concat(values) }, { read[t[1]].shape, read[t[1]].bytes })
    end
    assert(again:to_imatrix(path "j.dat", "imatrix-dat"))
    assert.equal(dat({ { "blk.0.attn_q.weight", 2, { 1 / 512, 2 / 512, 3 / 512, 4.5 / 512 } },
      { "output.weight", 1, { 0.5, 0 } } }, ("<i4s4"):pack(2, "wiki")), bytes_of "j.dat")
  end)

  it("that is damaged is refused, wherever it ends", function()
    for name, whole in pairs { gguf = gguf(tensors), dat = dat { { "blk.0.attn_q.weight", 2, { 3, 5 } } } } do
      for length = 0, #whole - 1 do
        local s, message, id = vise.statistics.from_imatrix(write("cut", whole:sub(1, length)))
        if s then -- what comes last may be missing: in the older form the name of the data, here padding
          s:close()
          assert.is_true(name == "dat" and length == 4 + 4 + 19 + 4 + 4 + 8 or name == "gguf" and length > #whole - 29)
        else
          assert.equal("E-OB-27", id, message)
        end
      end
    end
  end)

  it("with impossible sizes, values or experts is refused", function()
    local function refused(bytes, id)
      local s, message, got = vise.statistics.from_imatrix(write("bad", bytes))
      assert.is_nil(s)
      assert.equal(id or "E-OB-27", got, message)
      assert.is_true(#message < 200)
    end
    refused(dat { { "x", 0, { 1 } } })
    refused(dat { { "x", 1, { -1 } } })
    refused(dat { { "x", 1, { 0 / 0 } } })
    refused(dat { { "x", 1, {} } })
    refused(dat { { "x", 1, { 1 } }, { "x", 1, { 1 } } })
    refused(("<i4"):pack(0x7fffffff) .. ("x"):rep(100))
    refused(("<i4"):pack(-1) .. ("x"):rep(100))
    refused(("<i4i4"):pack(1, 0x7fffffff) .. ("x"):rep(100))
    refused(gguf(tensors, "model"))
    refused(gguf { { "a.in_sum2", 2, 2, { 1, 2, 3, 4 } }, { "a.counts", 1, 2, { 1, 1 } } }, "E-OB-28")
    refused(gguf { { "a.in_sum2", 2, 1, { 1, 2 } } }, "E-OB-28")
    refused(gguf { { "a.in_sum2", 2, 1, { 1, 2 } }, { "a.counts", 1, 1, { 0 } } })
    refused(gguf { { "a.in_sum2", 2, 1, { 1, 2 } }, { "a.counts", 1, 1, { 1.5 } } })
    refused(gguf { { "a.in_sum2", 1 << 60, 1, { 1, 2 } }, { "a.counts", 1, 1, { 1 } } })
    refused(gguf {})
    local random = support.random({ 64 }, 5):tobytes()
    refused("GGUF" .. random)
    refused(random)
  end)

  it("needs importance to be written", function()
    local s <close> = assert(capture { kinds = { "span" }, layers = { Q } })
    local ok, _, id = s:to_imatrix(path "x.gguf")
    assert.same({ nil, "E-OB-28" }, { ok, id })
  end)
end)
