-- cache-dit's checkpoints, written from a quantized model and read back onto a float one.  The bits of the
-- tensors are held to their own packer's in svdq_layout_spec.lua.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local disk = core.disk
local BLOCK = { "transformer_blocks.0.attn1.to_*", "transformer_blocks.0.ff.*" }

local function quantized(quant_type, more)
  local model = dit.open()
  local fields = { quant_type = quant_type, regions = BLOCK,
    calibrate = not quant_type:find "_dq$" and quant_type:find "^svdq" and dit.calibrate or nil }
  for k, v in pairs(more or {}) do fields[k] = v end
  assert(vise.quantize(model, fields))
  return model
end

local function exported(model)
  local folder, remove = dit.folder()
  local saved = assert(vise.save(model, folder, { layout = "cache-dit" }))
  return folder, remove, saved
end

local function json_of(path)
  return assert(core.json_decode(assert(disk.read(path)), path))
end

describe("a cache-dit checkpoint", function()
  for _, case in ipairs {
    { "svdq_int4_r16" }, { "svdq_int4_r0_dq" }, { "svdq_int4_r32_dq" }, { "svdq_nvfp4_r16" },
    { "svdq_nvfp4_r0_dq" }, { "svdq_int4_r16", "balance" }, { "svdq_int4_r16_dq", "weight" },
    { "svdq_nvfp4_r16_dq", "weight_inv" },
  } do
    local name = case[2] and ("%s, smoothed by %s,"):format(table.unpack(case)) or case[1]
    it("of " .. name .. " comes back bit-equal", function()
      local model = quantized(case[1], { svdq = { smooth_strategy = case[2] } })
      local folder, remove, saved = exported(model)
      assert.equal(folder .. "/" .. case[1] .. ".safetensors", saved.file)
      assert.equal(saved.bytes, disk.size(saved.file))
      local again = assert(vise.load(dit.open(), folder))
      assert.equal(dit.answer(model), dit.answer(again))
      assert.equal(#model.quantization.layers, #again.quantization.layers)
      for _, layer in ipairs(model.quantization.layers) do
        local theirs = {}
        for _, t in ipairs(again:layer(layer.name).quantized:tensors()) do theirs[t.param] = t.tensor:tobytes() end
        for _, t in ipairs(model:layer(layer.name).quantized:tensors()) do
          assert.is_true(t.tensor:tobytes() == theirs[t.param], layer.name .. "." .. t.param)
        end
      end
      again:close()
      model:close()
      remove()
    end)
  end

  it("has the rank padded to a multiple of 16 with zeros", function()
    local model = quantized "svdq_int4_r5_dq"
    local folder, remove, saved = exported(model)
    assert.equal(folder .. "/svdq_int4_r16_dq.safetensors", saved.file)
    local again = assert(vise.load(dit.open(), folder))
    for _, layer in ipairs(model.quantization.layers) do
      local ours, wide = model:layer(layer.name).quantized, again:layer(layer.name).quantized
      local out, inp = table.unpack(layer.shape)
      assert.same({ 16, inp }, { wide.down:shape() })
      assert.same({ out, 16 }, { wide.up:shape() })
      assert.equal(ours.down:tobytes(), wide.down:rows(1, 5):tobytes())
      assert.equal(("\0"):rep(11 * inp * 2), wide.down:rows(6, 16):tobytes())
      assert.equal(ours.up:tobytes(), wide.up:columns(1, 5):copy():tobytes())
      assert.equal(("\0"):rep(out * 11 * 2), wide.up:columns(6, 16):copy():tobytes())
    end
    again:close()
    model:close()
    remove()
  end)

  it("can be saved in our layout and loaded again", function()
    local model = quantized "svdq_int4_r16"
    local folder, remove = exported(model)
    local again, ours, remove_ours = assert(vise.load(dit.open(), folder)), dit.folder()
    assert(vise.save(again, ours))
    local third = assert(vise.load(dit.open(), ours))
    assert.equal(dit.answer(model), dit.answer(third))
    for _, m in ipairs { model, again, third } do m:close() end
    remove()
    remove_ours()
  end)

  it("says what it is in the words that cache-dit checks", function()
    local model = quantized "svdq_int4_r16_dq"
    local folder, remove, saved = exported(model)
    local m = json_of(folder .. "/quant_config.json")
    local options = { activation_buffer_flush_cpu_bytes = core.null, activation_buffer_flush_sample_count = 1,
      async_transfer = false, calibrate_precision = "low", defer_move_to_execution_device = false,
      few_shot_auto_compile = false, few_shot_relax_factor = 1.5, few_shot_relax_strategy = "auto",
      few_shot_relax_top_ratio = 0.25, few_shot_steps = 1, fused_mlp = false, layerwise_offload = false,
      max_copy_streams = core.null, max_inflight_prefetch_bytes = core.null,
      offload_quantized_layers_to_cpu = false, persistent_bins = 1, persistent_buckets = 0, prefetch_limit = false,
      quantize_device = "auto", runtime_kernel = "v1", smooth_strategy = "identity", streaming = true,
      svd_refine_iters = m.svdq_kwargs.svd_refine_iters, transfer_buckets = 1 }
    assert.is_true(math.type(options.svd_refine_iters) == "integer" and options.svd_refine_iters >= 0)
    assert.same({ backend = "CACHE_DIT", checkpoint_path = "svdq_int4_r16_dq.safetensors",
      exclude_layers = core.array {}, format = "cache_dit_svdq_quant_config", quant_type = "svdq_int4_r16_dq",
      rank = 16, regional_quantize = false, repeated_blocks = core.null, svdq_kwargs = options, verbose = false,
      version = 2 }, m)
    local text = assert(disk.read(folder .. "/quant_config.json"))
    assert.matches('^{\n  "backend"', text)
    assert.matches("}\n$", text)

    local file <close> = assert(core.safetensors_open(saved.file))
    local metadata = file:metadata()
    local meta = assert(core.json_decode(metadata.cache_dit_svdq_ptq))
    local names = core.array {}
    for i, layer in ipairs(model.quantization.layers) do names[i] = layer.name end
    assert.same({ format = "cache_dit_svdq_ptq", precision = "int4", quant_type = "svdq_int4_r16_dq",
      quantized_layer_names = names, rank = 16, svdq_kwargs = options, version = 2 }, meta)
    assert.equal(7 * #names, #file:names())
    model:close()
    remove()
  end)

  it("is refused for what its layout cannot hold, by the layer's name, and nothing is written", function()
    local cases = {
      { "int8_per_row", nil, "layer transformer_blocks.0.attn1.to_q: int8_per_row is not a type of this layout" },
      { "svdq_int4_r16_dq", { plan = { { "*.ff.net.2", "int4_weight_only" } } },
        "layer transformer_blocks.0.ff.net.2: int4_weight_only is not a type" },
      { "svdq_int4_r16_dq", { plan = { { "*.to_k", "svdq_int4_r32_dq" } } },
        "layer transformer_blocks.0.attn1.to_k: svdq_int4_r32_dq beside svdq_int4_r16_dq of layer "
          .. "transformer_blocks.0.attn1.to_q: the layout holds one precision and one rank" },
    }
    for _, case in ipairs(cases) do
      local model, folder = quantized(case[1], case[2]), dit.folder()
      local ok, message, id = vise.save(model, folder, { layout = "cache-dit" })
      assert.same({ nil, "E-AR-16" }, { ok, id })
      assert.matches(case[3], message, 1, true)
      assert.is_nil(disk.exists(folder))
      model:close()
    end
  end)

  it("is refused for a shorter last group and for a bias that 16 bits cannot hold", function()
    local write = require("vise.formats.cache_dit_write")
    local quantized_linear = require "vise.nn.quantized_linear"
    local quant_types = require "vise.quant_types"
    local qtype = quant_types.parse "svdq_int4_r0_dq"
    local function refused(inp, bias)
      local scheme = core.scheme(quant_types.scheme_args(qtype.weight, "bf16"))
      local q = assert(quantized_linear.new { type = qtype, bias = bias,
        weight = assert(core.encode(scheme, core.random(3):normal { 8, inp })) })
      local folder = dit.folder()
      local saved, message, id = write.save({}, { config = { quant_type = qtype.name }, layers = { { name = "a.b" } },
        made = { ["a.b"] = q } }, folder)
      if saved then disk.remove_tree(folder) end
      return id, message
    end
    local id, message = refused(96)
    assert.equal("E-AR-16", id)
    assert.matches("layer a.b: 96 inputs are no multiple of 64", message, 1, true)
    id, message = refused(64, core.tensor_of("f32", { 8 }, { 1, 2, 3, 4, 5, 6, 7, 1 + 2 ^ -20 }))
    assert.equal("E-AR-16", id)
    assert.matches("layer a.b: its bias is f32 and has numbers that bf16 cannot hold", message, 1, true)
    assert.is_nil(refused(64, core.tensor_of("f32", { 8 }, { 1, 2, 3, 4, 5, 6, 7, 1.5 })))
  end)

  it("is a layout that save knows by name", function()
    local model = quantized "svdq_int4_r0_dq"
    assert.error_matches(function() vise.save(model, "out", { layout = "cache_dit" }) end,
      "E%-AR%-17.*no layout \"cache_dit\".*cache%-dit")
    assert.error_matches(function() vise.save(model, "out", { format = "x" }) end, "E%-AR%-14.*unknown option 'format'")
    model:close()
  end)
end)

describe("a checkpoint that cache-dit's own packer made", function()
  local LAYER = "blocks.0.to_q"
  local THEIRS = { codes = "codes", down = "proj_down", up = "proj_up", smooth = "smooth_factor",
    smooth_original = "smooth_factor_orig", scale = "wscales", second = "wcscales", bias = "bias" }

  -- A model of one layer, as far as load and save ask.
  local function model_of(weight, bias)
    local outputs, inputs = weight:shape()
    local linear = vise.nn.Linear.new(LAYER, outputs, inputs, weight, bias)
    return { layers = function() return { linear } end,
      layer = function(_, name) return name == LAYER and linear or nil end }
  end

  for _, golden in ipairs { "svdq_int4_256x192_r32", "svdq_int4_128x128_r16", "svdq_nvfp4_256x192_r32",
    "svdq_nvfp4_128x128_r16" } do
    it("is read as what they packed, and written again with the same bytes: " .. golden, function()
      local file <close> = assert(core.safetensors_open("tests/data/golden/" .. golden .. ".safetensors"))
      local quant_type = golden:match "^svdq_%l+4" .. golden:match "_r%d+$" .. "_dq"
      local rank, precision = math.tointeger(tonumber(golden:match "%d+$")), golden:match "^svdq_(%l+4)"
      local entries, folder, remove = {}, dit.folder()
      for _, name in ipairs(file:names()) do
        local short = name:match "^packed%.(.*)"
        if short then entries[#entries + 1] = { LAYER .. "." .. short, file:tensor(name) } end
      end
      assert(disk.mkdir(folder))
      local path = folder .. "/theirs.safetensors"
      assert(core.safetensors_write(path, entries, { cache_dit_svdq_ptq = core.json_encode {
        format = "cache_dit_svdq_ptq", version = 2, quant_type = quant_type, rank = rank, precision = precision,
        quantized_layer_names = core.array { LAYER }, svdq_kwargs = { smooth_strategy = "few_shot" } } }))
      local model = model_of(file:tensor "natural.weight", file:tensor "natural.bias")
      assert(vise.load(model, path))
      local q = model:layer(LAYER).quantized
      for _, t in ipairs(q:tensors()) do
        if t.param ~= "codes" then -- svdq_layout_spec.lua has those
          assert.is_true(file:tensor("natural." .. THEIRS[t.param]):tobytes() == t.tensor:tobytes(), t.param)
        end
      end
      -- Codes, scales, factors and smoothing in the right places stand for the weight: 4 bits of what the
      -- factors leave lose less than a tenth, anything out of place all of it.
      local stands_for <close> = q:dequantize()
      local weight <close> = file:tensor("natural.weight"):to "f32"
      assert.is_true(core.compare(stands_for, weight).rel_l2 < 0.1)

      local saved = assert(vise.save(model, folder .. "/again", { layout = "cache-dit" }))
      local again <close> = assert(core.safetensors_open(saved.file))
      assert.equal(#entries, #again:names())
      for _, e in ipairs(entries) do assert.is_true(e[2]:tobytes() == again:tensor(e[1]):tobytes(), e[1]) end
      remove()
    end)
  end
end)

describe("loading a cache-dit checkpoint", function()
  local folder, remove, FILE, pristine, manifest_text, model, float
  setup(function()
    local source = quantized "svdq_int4_r16"
    folder, remove = exported(source)
    FILE = folder .. "/svdq_int4_r16.safetensors"
    pristine, manifest_text = assert(disk.read(FILE)), assert(disk.read(folder .. "/quant_config.json"))
    source:close()
    model = dit.open()
    float = dit.answer(model)
  end)
  teardown(function()
    assert.equal(float, dit.answer(model))
    model:close()
    remove()
  end)

  local function refuses(id, words, source)
    local ok, message, got = vise.load(model, source or folder)
    assert.is_nil(ok)
    assert.equal(id, got, message)
    assert.matches(words, message, 1, true)
    for _, linear in ipairs(model:layers()) do assert.is_nil(linear.quantized) end
  end

  local function with_manifest(change, id, words)
    local m = assert(core.json_decode(manifest_text))
    change(m)
    assert(disk.write(folder .. "/quant_config.json", core.json_encode(m)))
    refuses(id, words)
    assert(disk.write(folder .. "/quant_config.json", manifest_text))
  end

  local function with_file(change, id, words)
    local handle <close> = assert(core.safetensors_open(FILE))
    local entries, metadata = {}, handle:metadata()
    for _, name in ipairs(handle:names()) do entries[#entries + 1] = { name, handle:tensor(name) } end
    local meta = assert(core.json_decode(metadata.cache_dit_svdq_ptq))
    change(entries, meta)
    assert(core.safetensors_write(FILE, entries, { cache_dit_svdq_ptq = core.json_encode(meta) }))
    refuses(id, words)
    assert(disk.write(FILE, pristine))
  end

  local function replace(entries, ending, make)
    for _, e in ipairs(entries) do
      if e[1]:sub(-#ending) == ending then
        e[2] = make(e[2])
        return
      end
    end
    error(ending)
  end

  it("works by folder, by file with and without a manifest", function()
    assert(vise.load(dit.open(), folder)):close()
    assert(vise.load(dit.open(), FILE)):close()
    disk.remove(folder .. "/quant_config.json")
    assert(vise.load(dit.open(), FILE)):close()
    refuses("E-AR-01", "quant_config.json is missing")
    assert(disk.write(folder .. "/quant_config.json", manifest_text))
  end)

  it("refuses malformed manifests, by field", function()
    with_manifest(function(m) m.version = 1 end, "E-AR-02", "version 1, this program reads 2")
    with_manifest(function(m) m.quant_type = "svdq_int8_r16" end, "E-AR-03", 'quant_type is "svdq_int8_r16"')
    with_manifest(function(m) m.quant_type = nil end, "E-AR-03", "quant_type is missing")
    with_manifest(function(m) m.rank = "16" end, "E-AR-03", 'rank is "16", the quant_type svdq_int4_r16 says 16')
    with_manifest(function(m) m.rank = 32 end, "E-AR-03", "rank is 32")
    with_manifest(function(m) m.quant_type, m.rank = "svdq_int4_r8", 8 end, "E-AR-03", "no multiple of 16")
    with_manifest(function(m) m.checkpoint_path = "" end, "E-AR-03", 'checkpoint_path is ""')
    with_manifest(function(m) m.checkpoint_path = nil end, "E-AR-03", "checkpoint_path is missing")
    with_manifest(function(m) m.checkpoint_path = "/tmp/x.safetensors" end, "E-AR-04", "expected a plain file name")
    with_manifest(function(m) m.checkpoint_path = "../x.safetensors" end, "E-AR-04", "expected a plain file name")
    with_manifest(function(m) m.checkpoint_path = "gone.safetensors" end, "E-AR-05", "is missing")
    with_manifest(function(m) m.exclude_layers = core.array { 1 } end, "E-AR-03", "exclude_layers")
    with_manifest(function(m) m.repeated_blocks = "Block" end, "E-AR-03", "repeated_blocks")
    with_manifest(function(m) m.regional_quantize = 1 end, "E-AR-03", "regional_quantize")
    with_manifest(function(m) m.verbose = "no" end, "E-AR-03", "verbose")
    with_manifest(function(m) m.svdq_kwargs = core.array {} end, "E-AR-03", "svdq_kwargs must be an object")
    with_manifest(function(m) m.svdq_kwargs.steaming = true end, "E-AR-03", "unknown key \"steaming\"")
    with_manifest(function(m) m.svdq_kwargs.streaming = 1 end, "E-AR-03", "svdq_kwargs.streaming is 1")
    with_manifest(function(m) m.quant_type = "svdq_int4_r16_dq" end, "E-AR-08", "the manifest says svdq_int4_r16_dq")
  end)

  it("refuses malformed metadata, by field", function()
    with_file(function(_, m) m.format = "x" end, "E-AR-02", 'format is "x"')
    with_file(function(_, m) m.version = 1 end, "E-AR-02", "version 1, this program reads 2")
    with_file(function(_, m) m.precision = "nvfp4" end, "E-AR-03", 'precision is "nvfp4"')
    with_file(function(_, m) m.precision = 4 end, "E-AR-03", "precision is 4")
    with_file(function(_, m) m.quantized_layer_names = core.array {} end, "E-AR-03", "at least one name")
    with_file(function(_, m) m.quantized_layer_names = nil end, "E-AR-03", "at least one name")
    with_file(function(_, m) m.quantized_layer_names[2] = m.quantized_layer_names[1] end, "E-AR-03", "appears twice")
    with_file(function(_, m) m.svdq_kwargs.rank = 3 end, "E-AR-03", "unknown key \"rank\"")
  end)

  it("refuses tensors that are missing, left over, misshapen, of another type, or not finite", function()
    local layer = "transformer_blocks.0.attn1.to_v"
    for _, name in ipairs { "qweight", "wscales", "smooth_factor", "smooth_factor_orig", "proj_down", "proj_up",
      "bias" } do
      local full = layer .. "." .. name
      with_file(function(entries)
        for i, e in ipairs(entries) do
          if e[1] == full then return table.remove(entries, i) end
        end
      end, "E-AR-10", full .. " is missing")
      with_file(function(entries)
        replace(entries, full, function(t) return core.tensor(t:dtype(), { 64, 2 }) end)
      end, "E-AR-10", full .. " is")
    end
    with_file(function(entries) entries[#entries + 1] = { layer .. ".extra", entries[1][2] } end, "E-AR-10",
      "to_v.extra belongs to no listed layer")
    with_file(function(entries)
      replace(entries, layer .. ".proj_up", function(t)
        t = t:copy()
        t:set(7, 0 / 0)
        return t
      end)
    end, "E-AR-10", "proj_up: element")
    with_file(function(entries)
      replace(entries, layer .. ".smooth_factor", function(t) return t:to "f32" end)
    end, "E-AR-10", "smooth_factor is f32, expected f16 or bf16")
  end)

  it("refuses layers that the model lacks", function()
    with_file(function(_, m) m.quantized_layer_names[1] = "transformer_blocks.0.attn1.to_x" end, "E-AR-09",
      "no linear layer transformer_blocks.0.attn1.to_x; nearest: transformer_blocks.0.attn1.to_")
    with_file(function(_, m) m.quantized_layer_names[1] = "__root__" end, "E-AR-09", "no linear layer __root__")
  end)
end)
