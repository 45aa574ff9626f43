-- Artefacts of transformed models.

local core = require "vise.core"
local vise = require "vise"

local MODEL = "recipes/quickstart/models/stories260K"
local IDS = { 1, 403, 407, 261, 378, 432, 7, 9, 100 }
local TYPE = "int4_weight_only_g32"

local function place()
  local folder = os.tmpname()
  os.remove(folder)
  return folder
end

local function open() return assert(vise.open(MODEL)) end

local function answer(model)
  local y <close> = assert(model:forward(IDS))
  return y:tobytes()
end

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

-- A rotated model, quantized and saved; the model and its folder.
local function saved(options, quantized)
  local model, folder = open(), place()
  assert(vise.transform(model, "rotate", options))
  local fields = { quant_type = TYPE, save_to = folder }
  for key, value in pairs(quantized or {}) do fields[key] = value end
  local plan = assert(vise.plan(model, fields))
  assert(vise.quantize(model, fields))
  return model, folder, plan
end

-- The artefact's file with other metadata, without the manifest.
local function with_metadata(folder, change)
  local handle <close> = assert(core.safetensors_open(folder .. "/" .. TYPE .. ".safetensors"))
  local meta = assert(core.json_decode(handle:metadata().vise, "test"))
  local entries = {}
  for i, name in ipairs(handle:names()) do entries[i] = { name, assert(handle:tensor(name)) } end
  change(meta, entries)
  local path = place() .. ".safetensors"
  assert(core.safetensors_write(path, entries, { vise = assert(core.json_encode(meta)) }))
  return path
end

describe("an artefact of a rotated model", function()
  it("loads in the same bits, and is saved again in the same bytes", function()
    local model, folder, plan = saved { r3 = true }
    assert.equal(#read(folder .. "/" .. TYPE .. ".safetensors"), plan.file_bytes)
    local again = open()
    assert(vise.load(again, folder))
    assert.equal(answer(model), answer(again))
    assert.equal(8, again.settings.qk_rotation)
    local second = place()
    assert(vise.save(again, second))
    for _, file in ipairs { TYPE .. ".safetensors", "quant_config.json" } do
      assert.equal(read(folder .. "/" .. file), read(second .. "/" .. file))
    end
  end)

  it("may be that of a GPT-2, whose norms it changes", function()
    local path, folder, ids = "tests/data/chemts-gpt2-0.5m", place(), { 13, 4, 5, 6, 7, 8, 20, 3, 2 }
    local model = assert(vise.open(path))
    assert(vise.transform(model, "rotate", { r3 = true }))
    local fields = { quant_type = TYPE, save_to = folder }
    local plan = assert(vise.plan(model, fields))
    assert(vise.quantize(model, fields))
    local want = assert(model:forward(ids)):tobytes()
    assert.equal(#read(folder .. "/" .. TYPE .. ".safetensors"), plan.file_bytes)
    local again = assert(vise.load(assert(vise.open(path)), folder))
    assert.equal(want, assert(again:forward(ids)):tobytes())
    assert.equal("rms", again.settings.norm)
    assert.is_not_nil(again.head.bias)
    vise.restore(again)
    local float = assert(vise.open(path))
    assert.equal(assert(float:forward(ids)):tobytes(), assert(again:forward(ids)):tobytes())
  end)

  it("is the same for the same seed", function()
    local _, one = saved { seed = 3 }
    local _, two = saved { seed = 3 }
    assert.equal(read(one .. "/quant_config.json"), read(two .. "/quant_config.json"))
  end)

  it("holds what changed beside the layers that are codes, and is as long as the plan says", function()
    local fields = { regions = { "*.mlp.*" } }
    local model, folder, plan = saved({ dtype = "f32" }, fields)
    local file = folder .. "/" .. TYPE .. ".safetensors"
    assert.equal(#read(file), plan.file_bytes)
    local handle <close> = assert(core.safetensors_open(file))
    assert.is_table(handle:info "base.model.layers.0.self_attn.q_proj.weight")
    assert.is_table(handle:info "base.lm_head.weight")
    assert.is_nil(handle:info "base.model.layers.0.mlp.up_proj.weight")
    local changed = 0
    for _, name in ipairs(handle:names()) do
      if name:find "^base%." then changed = changed + handle:info(name).bytes end
    end
    assert.equal(changed, plan.changed_bytes)
    local again = open()
    assert(vise.load(again, folder))
    assert.equal(answer(model), answer(again))
  end)

  it("can be loaded from its file alone", function()
    local model, folder = saved {}
    local again = open()
    assert(vise.load(again, with_metadata(folder, function() end)))
    assert.equal(answer(model), answer(again))
  end)

  it("is verified, inspected and compared", function()
    local _, folder = saved {}
    local report = require("vise.verify").verify(folder)
    assert.is_true(report.ok)
    local manifest = assert(core.json_decode(read(folder .. "/quant_config.json"), "test"))
    assert.matches("transforms +rotate, 13 tensors beside the layers",
      require("vise.inspect.about").manifest_text(manifest))
    local rows = assert(require("vise.compare").compare(MODEL, folder)).weights
    local states = {}
    for _, row in ipairs(rows) do states[row.name] = row.state end
    assert.equal("differs", states["model.embed_tokens.weight"])
    assert.equal("only in B", states["lm_head.weight"])
  end)

  it("names a changed tensor that is damaged", function()
    local _, folder = saved {}
    local file = folder .. "/" .. TYPE .. ".safetensors"
    local bytes = read(file)
    assert(core.disk.write(file, bytes:sub(1, -2) .. string.char(bytes:byte(-1) ~ 1))) -- base.model.norm.weight
    local model = open()
    local before = answer(model)
    local _, message, id = vise.load(model, folder)
    assert.equal("E-AR-11", id)
    assert.matches("tensor base.model.norm.weight is damaged", message, 1, true)
    assert.equal(before, answer(model))
    local report = require("vise.verify").verify(folder)
    assert.equal("base.model.norm.weight", report.problems[1].tensor)
  end)

  it("is refused when it says what cannot be", function()
    local _, folder = saved {}
    local function refuses(id, text, change)
      local model = open()
      local before = answer(model)
      local _, message, got = vise.load(model, with_metadata(folder, change))
      assert.equal(id, got, message)
      assert.matches(text, message, 1, true)
      assert.equal(before, answer(model))
      assert.is_nil(model.transforms)
    end
    local function settings(value)
      return function(meta) meta.transforms[1].settings = value end
    end
    refuses("E-TR-08", "hidden_size is no setting of a transform", settings { hidden_size = 1 << 40 })
    refuses("E-MD-04", '"tie_word_embeddings" is 3, expected true or false', settings { tie_word_embeddings = 3 })
    refuses("E-TR-08", "tensor lm_head.weight has no place in the model", settings {})
    refuses("E-AR-03", "settings must be objects", settings "x")
    refuses("E-AR-03", "transforms must be a list", function(meta) meta.transforms = 3 end)
    refuses("E-AR-03", "transforms[1] has no name", function(meta) meta.transforms[1] = 3 end)
    refuses("E-AR-03", "changed must be a list", function(meta) meta.changed = nil end)
    refuses("E-AR-03", "the tensor appears twice", function(meta) meta.changed[2].name = meta.changed[1].name end)
    refuses("E-AR-03", 'dtype is "i8"', function(meta) meta.changed[1].dtype = "i8" end)
    refuses("E-AR-03", "shape must be a list", function(meta) meta.changed[1].shape = core.array { -1, 4 } end)
    refuses("E-AR-10", "tensor base.lm_head.weight is f32 [512, 64], expected f32 [64, 512]", function(meta)
      meta.changed[1].shape = core.array { 64, 512 }
    end)
    refuses("E-AR-10", "tensor base.nothing is missing", function(meta) meta.changed[1].name = "nothing" end)
    refuses("E-AR-10", "belongs to no listed layer", function(meta) table.remove(meta.changed) end)
    refuses("E-MD-06", "lm_head.weight is missing", function(meta, entries)
      table.remove(meta.changed, 1)
      for i, entry in ipairs(entries) do
        if entry[1] == "base.lm_head.weight" then table.remove(entries, i) end
      end
    end)
    refuses("E-AR-10", "element 1 is not finite", function(_, entries)
      local last = entries[#entries]
      last[2] = last[2]:copy()
      last[2]:set(1, 0 / 0)
    end)
  end)

  it("must say in the manifest what the file says", function()
    local _, folder = saved {}
    local path = folder .. "/quant_config.json"
    local text = read(path)
    assert(core.disk.write(path, (text:gsub('"seed": 0', '"seed": 1'))))
    local _, message, id = vise.load(open(), folder)
    assert.equal("E-AR-08", id)
    assert.matches("list different transforms", message, 1, true)
  end)

  it("does not go onto a model that is transformed or quantized", function()
    local model, folder = saved {}
    assert.equal("E-TR-10", select(3, vise.load(model, folder)))
    local rotated = open()
    assert(vise.transform(rotated, "rotate"))
    local before = answer(rotated)
    local _, message, id = vise.load(rotated, folder)
    assert.equal("E-TR-10", id)
    assert.matches("the model is transformed already (rotate)", message, 1, true)
    assert.equal(before, answer(rotated))
    local quantized = open()
    assert(vise.quantize(quantized, { quant_type = "int8_per_row" }))
    assert.equal("E-AR-09", select(3, vise.load(quantized, folder)))
    local plain, other = open(), place()
    assert(vise.quantize(plain, { quant_type = "int8_per_row", save_to = other }))
    assert.equal("E-TR-10", select(3, vise.load(rotated, other)))
    local hooked = open()
    hooked:layers()[1]:hook(function() end)
    assert.equal("E-TR-03", select(3, vise.load(hooked, folder)))
  end)

  it("is refused by a layout that cannot say it", function()
    local model = open()
    assert(vise.transform(model, "rotate"))
    assert(vise.quantize(model, { quant_type = "svdq_int4_r16_dq", regions = { "*.self_attn.q_proj" } }))
    local folder = place()
    local _, message, id = vise.save(model, folder, { layout = "cache-dit" })
    assert.equal("E-AR-16", id)
    assert.matches("transform rotate", message, 1, true)
    assert.is_nil(core.disk.exists(folder) or nil)
  end)
end)

describe("vise.restore", function()
  it("takes transforms back, or keeps them", function()
    local model = open()
    local float = answer(model)
    assert(vise.transform(model, "rotate"))
    local rotated = answer(model)
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    assert.equal(model, vise.restore(model, { keep_transforms = true }))
    assert.equal(rotated, answer(model))
    assert(vise.quantize(model, { quant_type = "int8_per_row" }))
    vise.restore(model)
    assert.equal(float, answer(model))
    assert.is_nil(model.transforms)
    assert.is_true(model.settings.tie_word_embeddings)
    assert.is_nil(model.head)
    assert.error_matches(function() vise.restore(model, { keep = true }) end, "E%-US%-14: restore has no option 'keep'")
  end)

  it("gives a loaded model as it was opened, and cannot keep its transforms", function()
    local _, folder = saved {}
    local model = open()
    local float = answer(model)
    assert(vise.load(model, folder))
    local quantized = answer(model)
    assert.error_matches(function() vise.restore(model, { keep_transforms = true }) end,
      "E%-TR%-11: restore: the artefact that was loaded has no float weights of its 35 layers after rotate")
    assert.equal(quantized, answer(model))
    vise.restore(model)
    assert.equal(float, answer(model))
    assert(vise.load(model, folder))
    assert.equal(quantized, answer(model))
  end)
end)
