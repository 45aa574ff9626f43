-- Every way in which a load can fail, numbered as the reference's list of checks (save/load contract, 2.4),
-- then those that the list leaves out.  Each case damages a fresh artefact; the load has to fail with the
-- id and the words, and the model has to answer as before.

local core = require "vise.core"
local dit = require "workflow.support_dit"
local vise = require "vise"

local disk = core.disk
local FILE = "svdq_int4_r2_dq.safetensors"

local function read(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

local function write(path, bytes)
  local f <close> = assert(io.open(path, "wb"))
  f:write(bytes)
end

describe("vise.load", function()
  local folder, remove, pristine, manifest_text, model, float
  setup(function()
    folder, remove = dit.folder()
    local quantized = dit.open()
    assert(vise.quantize(quantized, { quant_type = "svdq_int4_r2_dq", regions = { "transformer_blocks.0.*" },
      save_to = folder }))
    quantized:close()
    pristine, manifest_text = read(folder .. "/" .. FILE), read(folder .. "/quant_config.json")
    model = dit.open()
    float = dit.answer(model)
  end)
  teardown(function()
    model:close()
    remove()
  end)
  after_each(function()
    for _, name in ipairs(disk.list(folder)) do disk.remove(folder .. "/" .. name) end
    write(folder .. "/" .. FILE, pristine)
    write(folder .. "/quant_config.json", manifest_text)
  end)

  local function untouched()
    for _, linear in ipairs(model:layers()) do assert.is_nil(linear.quantized) end
    assert.is_nil(model.quantization)
  end

  local function refuses(id, words, source)
    local ok, message, got = vise.load(model, source or folder)
    assert.is_nil(ok)
    assert.equal(id, got, message)
    assert.matches(words, message, 1, true)
    untouched()
  end

  local function with_manifest(change, id, words)
    local text = type(change) == "string" and change
    if not text then
      local m = assert(core.json_decode(manifest_text))
      change(m)
      text = core.json_encode(m)
    end
    write(folder .. "/quant_config.json", text)
    refuses(id, words)
    write(folder .. "/quant_config.json", manifest_text)
  end

  -- Rewrites the file by its own parts, without a manifest beside it.
  local function with_file(change, id, words)
    local handle <close> = assert(core.safetensors_open(folder .. "/" .. FILE))
    local entries, metadata = {}, handle:metadata()
    for _, name in ipairs(handle:names()) do entries[#entries + 1] = { name, handle:tensor(name) } end
    metadata = change(entries, metadata) or metadata
    local alone, remove_alone = dit.folder()
    assert(disk.mkdir(alone))
    assert(core.safetensors_write(alone .. "/" .. FILE, entries, metadata))
    refuses(id, words, alone .. "/" .. FILE)
    remove_alone()
  end

  local function meta(change)
    return function(_, metadata)
      local m = assert(core.json_decode(metadata.vise))
      change(m)
      return { vise = core.json_encode(m) }
    end
  end

  -- The entry of a tensor's name that ends so.
  local function entry(entries, ending)
    for i, e in ipairs(entries) do
      if e[1]:sub(-#ending) == ending then return e, i end
    end
  end

  it("1: raises for a target that is no model", function()
    for _, target in ipairs { 7, "models/dit", {}, false } do
      assert.error_matches(function() vise.load(target, folder) end, "E%-MD%-15.*load takes a model")
    end
    assert.error_matches(function() vise.load(nil, folder) end, "E%-MD%-15.*got nil")
  end)

  it("2: raises for a source that is neither path nor config", function()
    for _, source in ipairs { 7, true, { save_to = folder } } do
      assert.error_matches(function() vise.load(model, source) end, "E%-AR%-15.*got " .. type(source))
    end
    assert.error_matches(function() vise.load(model) end, "E%-AR%-15.*got nil")
  end)

  it("3: raises for a config without save_to", function()
    assert.error_matches(function() vise.load(model, vise.config { quant_type = "int8_per_row" }) end,
      "E%-AR%-15.*no save_to")
  end)

  it("4: has no backends that could not load: a config that asks for one is refused when it is made", function()
    assert.error_matches(function() vise.config { quant_type = "int8_per_row", backend = "torchao" } end,
      "E%-CF%-02.*backend")
  end)

  it("5: refuses a folder without a manifest, by its name", function()
    disk.remove(folder .. "/quant_config.json")
    refuses("E-AR-01", "quant_config.json is missing")
    assert(disk.mkdir(folder .. "/quant_config.json"))
    refuses("E-AR-01", "quant_config.json is no regular file")
    refuses("E-AR-01", "quant_config.json is no regular file", folder .. "/" .. FILE)
    disk.remove(folder .. "/quant_config.json")
  end)

  it("6: refuses a manifest that is no JSON, no object, of another format or version", function()
    with_manifest("{", "E-AR-02", "quant_config.json")
    with_manifest("", "E-AR-02", "quant_config.json")
    with_manifest("[]", "E-AR-02", "must be an object")
    with_manifest("null", "E-AR-02", "must be an object")
    with_manifest(function(m) m.format = "other" end, "E-AR-02",
      'format is "other", expected "vise_artefact" or "cache_dit_svdq_quant_config"')
    with_manifest(function(m) m.format = nil end, "E-AR-02", "format is nil")
    with_manifest(function(m) m.version = 9 end, "E-AR-02", "version 9, this program reads 1")
    with_manifest(function(m) m.version = "1" end, "E-AR-02", 'version "1", this program reads 1')
  end)

  it("7: refuses malformed fields of a manifest, by name", function()
    for _, case in ipairs {
      { function(m) m.quant_type = nil end, "quant_type missing is no quant type" },
      { function(m) m.quant_type = "int9" end, 'quant_type "int9"' },
      { function(m) m.layers = core.array {} end, "at least one layer" },
      { function(m) m.layers = "all" end, "at least one layer" },
      { function(m) m.layers[2].name = m.layers[1].name end, "appears twice" },
      { function(m) m.layers[2].name = 7 end, "layers[2] has no name" },
      { function(m) m.layers[1].type = "svdq_int4_r-2" end, 'type "svdq_int4_r-2" is no quant type' },
      { function(m) m.layers[1].storage = "f32" end, 'storage is "f32", expected "f16" or "bf16"' },
      { function(m) m.layers[1].smooth = "silk" end, 'smooth is "silk"' },
      { function(m) m.layers[1].bias = "i8" end, 'bias is "i8"' },
      { function(m) m.layers[1].shape = core.array { 128, -1 } end, "two positive integers" },
      { function(m) m.layers[1].shape = core.array { 128 } end, "two positive integers" },
      { function(m) m.layers[1].xxh3_128 = nil end, "has no hashes" },
      { function(m) m.layers[1].weight_error = "0.1" end, 'weight_error is "0.1", expected a number' },
      { function(m) m.layers[1].output_error = true end, "output_error is true, expected a number" },
      { function(m) m.checkpoint = nil end, "checkpoint.file is missing" },
      { function(m) m.checkpoint.file = "" end, 'checkpoint.file is ""' },
      { function(m) m.checkpoint.file = 3 end, "checkpoint.file is 3" },
      { function(m) m.checkpoint.bytes = "many" end, 'checkpoint.bytes is "many"' },
      { function(m) m.checkpoint.sha256 = "abc" end, "checkpoint.sha256 is no SHA-256" },
      { function(m) m.base = nil end, "base.identity" },
      { function(m) m.base.identity = "x" end, "base.identity" },
      { function(m) m.config = nil end, "config must be an object" },
      { function(m) m.config.exclude = 3 end, "config.exclude must be a list of strings" },
      { function(m) m.config.exclude = core.array { 3 } end, "config.exclude must be a list of strings" },
      { function(m) m.config.regions = true end, "config.regions must be a string or a list of strings" },
      { function(m) m.config.plan = nil end, "config.plan must be a list" },
      { function(m) m.config.svdq = "low" end, "config.svdq must be an object" },
      { function(m) m.manifest_xxh3_128 = nil end, "manifest_xxh3_128 is missing" },
    } do
      with_manifest(case[1], "E-AR-03", case[2])
    end
  end)

  it("8: refuses a manifest that points to a missing file", function()
    with_manifest(function(m) m.checkpoint.file = "gone.safetensors" end, "E-AR-05", "gone.safetensors is missing")
    assert(disk.mkdir(folder .. "/sub.safetensors"))
    with_manifest(function(m) m.checkpoint.file = "sub.safetensors" end, "E-AR-05", "sub.safetensors is missing")
    disk.remove(folder .. "/sub.safetensors")
  end)

  it("9: refuses a checkpoint that is not there", function()
    refuses("E-AR-05", "nowhere.safetensors is missing", "nowhere.safetensors")
    disk.remove(folder .. "/" .. FILE)
    refuses("E-AR-05", FILE .. " is missing")
  end)

  it("10: refuses a file without the metadata key", function()
    with_file(function() return {} end, "E-AR-06", 'no metadata key "vise" or "cache_dit_svdq_ptq"')
    -- Beside a manifest, too.
    local t = core.tensor("f32", { 1 })
    assert(core.safetensors_write(folder .. "/" .. FILE, { { "t", t } }))
    with_manifest(function(m) m.checkpoint.bytes = disk.size(folder .. "/" .. FILE) end, "E-AR-06",
      'no metadata key "vise"')
  end)

  it("11: refuses metadata that is no JSON", function()
    with_file(function() return { vise = "{" } end, "E-AR-07", "metadata")
  end)

  it("12: refuses metadata of another format or version", function()
    with_file(meta(function(m) m.version = 0 end), "E-AR-02", "version 0, this program reads 1")
    with_file(meta(function(m) m.format = "vise" end), "E-AR-02", 'format is "vise", expected "vise_artefact"')
    with_file(function() return { vise = "[]" } end, "E-AR-02", "must be an object")
  end)

  it("13: refuses metadata with a wrong type or layer list", function()
    with_file(meta(function(m) m.quant_type = nil end), "E-AR-03", "quant_type missing")
    with_file(meta(function(m) m.quant_type = "svdq_fp4_r2" end), "E-AR-03", 'quant_type "svdq_fp4_r2"')
    with_file(meta(function(m) m.layers = core.array {} end), "E-AR-03", "at least one layer")
    with_file(meta(function(m) m.layers = nil end), "E-AR-03", "at least one layer")
    with_file(meta(function(m) m.layers[1] = "name" end), "E-AR-03", "layers[1] has no name")
  end)

  it("14: refuses a file that is not what its manifest describes", function()
    with_manifest(function(m) m.quant_type = "int8_per_row" end, "E-AR-08", "the manifest says int8_per_row")
    with_manifest(function(m) table.remove(m.layers) end, "E-AR-08", "list different layers: layers[9]")
    with_manifest(function(m) m.layers[1].name = "x" end, "E-AR-08", "list different layers: layers[1]")
    with_manifest(function(m) m.layers[3].type = "int8_per_row" end, "E-AR-08", "list different layers: layers[3]")
    write(folder .. "/other.safetensors", pristine)
    refuses("E-AR-04", "is not the file its manifest describes (" .. FILE .. ")", folder .. "/other.safetensors")
  end)

  it("15: refuses a file of another type than the config asks for", function()
    refuses("E-AR-08", "holds svdq_int4_r2_dq, the config asks for int8_per_row",
      vise.config { quant_type = "int8_per_row", save_to = folder })
  end)

  it("16: refuses a listed layer without tensors, the last one as well as the first", function()
    for _, layer in ipairs { "attn1.to_q", "ff.net.2" } do
      with_file(function(entries)
        for i = #entries, 1, -1 do
          if entries[i][1]:find(layer .. ".", 1, true) then table.remove(entries, i) end
        end
      end, "E-AR-10", layer .. ".codes is missing")
    end
  end)

  it("17: refuses a layer that the model lacks, has otherwise, or has quantized already", function()
    with_file(meta(function(m) m.layers[1].name = "transformer_blocks.0.attn1.to_x" end), "E-AR-09",
      "no linear layer transformer_blocks.0.attn1.to_x; nearest: transformer_blocks.0.attn1.to_")
    with_file(meta(function(m) m.layers[1].name = "a\27[2J" end), "E-AR-09", "no linear layer a\\x1b[2J")
    with_file(meta(function(m) m.layers[1].bias = nil end), "E-AR-09",
      "bias is f16 in the model, absent in the artefact")
    local twice = assert(vise.load(dit.open(), folder))
    local answer = dit.answer(twice)
    local ok, message, id = vise.load(twice, folder)
    assert.same({ nil, "E-AR-09" }, { ok, id })
    assert.matches("is already quantized (svdq_int4_r2_dq): open the model again", message, 1, true)
    assert.equal(answer, dit.answer(twice))
    twice:close()
  end)

  it("18: refuses a missing, extra or misshapen tensor, and one of another dtype", function()
    for _, param in ipairs { "codes", "scale", "down", "up", "bias" } do
      with_file(function(entries) table.remove(entries, select(2, entry(entries, ".to_v." .. param))) end, "E-AR-10",
        "to_v." .. param .. " is missing")
      with_file(function(entries)
        local e = entry(entries, ".to_v." .. param)
        e[2] = core.tensor(e[2]:dtype(), { 2, 2 })
      end, "E-AR-10", "[2, 2], expected")
      with_file(function(entries)
        local e = entry(entries, ".to_v." .. param)
        e[2] = core.tensor("i64", { e[2]:shape() })
      end, "E-AR-10", "is i64 [")
    end
    with_file(function(entries) entries[#entries + 1] = { "extra", entries[1][2] } end, "E-AR-10",
      "tensor extra belongs to no listed layer")
    with_file(function(entries)
      entries[#entries + 1] = { "transformer_blocks.0.attn1.to_q.smooth", core.tensor("f16", { 128 }) }
    end, "E-AR-10", "to_q.smooth belongs to no listed layer")
  end)

  it("refuses factors whose rank is not that of the type", function()
    with_file(meta(function(m)
      for _, l in ipairs(m.layers) do l.type = "svdq_int4_r4_dq" end
    end), "E-AR-10", "linear_1.down is f16 [2, 256], expected f16 [4, 256]")
  end)

  it("refuses layers of other sizes before the first one changes", function()
    with_file(meta(function(m) m.layers[1].shape = core.array { 128, 64 } end), "E-AR-09",
      "[128, 64] in the artefact")
    with_file(meta(function(m) m.layers[#m.layers].shape = core.array { 64, 512 } end), "E-AR-09",
      "is [128, 512] in the model, [64, 512] in the artefact")
  end)

  it("refuses a layer or a tensor that is there twice", function()
    with_file(meta(function(m) m.layers[2] = m.layers[1] end), "E-AR-03", "appears twice")
    -- The writer refuses such a file, so one name of two is overwritten in the bytes.
    local bytes = pristine:gsub("to_k%.down", "to_q.down", 1)
    assert.not_equal(pristine, bytes)
    write(folder .. "/" .. FILE, bytes)
    refuses("E-ST-13", "transformer_blocks.0.attn1.to_q.down", folder .. "/" .. FILE)
  end)

  it("refuses a file that is cut short or has more bytes, with and without a manifest", function()
    local alone, remove_alone = dit.folder()
    assert(disk.mkdir(alone))
    for _, bytes in ipairs { pristine:sub(1, -2), pristine .. "\0", pristine:sub(1, 100), "" } do
      write(folder .. "/" .. FILE, bytes)
      refuses("E-AR-18", ("its manifest says %d: truncated?"):format(#pristine))
      write(alone .. "/" .. FILE, bytes)
      local ok, _, id = vise.load(model, alone .. "/" .. FILE)
      assert.is_nil(ok)
      assert.matches("^E%-ST%-", id)
      untouched()
    end
    remove_alone()
  end)

  it("refuses damaged bytes, naming the tensor, and numbers that are not finite", function()
    write(folder .. "/" .. FILE, pristine:sub(1, -2) .. string.char(pristine:byte(-1) ~ 1))
    refuses("E-AR-11", "ff.net.2.bias is damaged")
    for _, case in ipairs { { ".up", 0 / 0 }, { ".down", math.huge }, { ".bias", -math.huge } } do
      with_file(function(entries)
        local e = entry(entries, case[1])
        e[2] = e[2]:copy()
        e[2]:set(1, case[2])
      end, "E-AR-10", "element 1 is not finite")
    end
    with_file(function(entries)
      local e = entry(entries, ".scale")
      e[2] = e[2]:copy()
      e[2]:set(2, 0 / 0)
    end, "E-SC-07", "element 2 of tensor 'scale'")
  end)

  it("refuses a checkpoint outside its folder: by name, by path, by link", function()
    with_manifest(function(m) m.checkpoint.file = "../x.safetensors" end, "E-AR-04", "expected a plain file name")
    with_manifest(function(m) m.checkpoint.file = "/etc/passwd" end, "E-AR-04", "expected a plain file name")
    with_manifest(function(m) m.checkpoint.file = "a\\b" end, "E-AR-04", "expected a plain file name")
    with_manifest(function(m) m.checkpoint.file = ".." end, "E-AR-04", "expected a plain file name")
    local outside = os.tmpname()
    write(outside, pristine)
    disk.remove(folder .. "/" .. FILE)
    assert(os.execute(("ln -s %s %s/%s"):format(outside, folder, FILE)))
    refuses("E-AR-04", "is a link out of its folder, to " .. disk.real(outside))
    os.remove(outside)
    refuses("E-AR-05", "is missing") -- a link to nothing
  end)

  it("follows a link to the folder, and one that stays inside it", function()
    assert(disk.rename(folder .. "/" .. FILE, folder .. "/blob"))
    assert(os.execute(("ln -s blob %s/%s"):format(folder, FILE)))
    local link = os.tmpname()
    os.remove(link)
    assert(os.execute(("ln -s %s %s"):format(folder, link)))
    for _, source in ipairs { folder, link, link .. "/", link .. "/" .. FILE } do
      local again = assert(vise.load(dit.open(), source))
      again:close()
    end
    os.remove(link)
  end)

  it("refuses an artefact of another base", function()
    with_manifest(function(m) m.base.identity = ("0"):rep(32) end, "E-AR-12", "another base model")
  end)

  it("leaves a model that answers as before after all of these", function()
    assert.equal(float, dit.answer(model))
    local again = assert(vise.load(model, folder))
    assert.not_equal(float, dit.answer(again))
    model:close()
    model = dit.open()
  end)
end)

describe("a commit", function()
  it("is whole when Ctrl-C comes in the middle of it", function()
    local folder, remove = dit.folder()
    local model = dit.open()
    assert(vise.quantize(model, { quant_type = "int8_weight_only", regions = { "transformer_blocks.0.*" },
      save_to = folder }))
    -- An interrupt raises from a hook; here it is the first swap of a layer that raises.
    local again, swaps = dit.open(), 0
    local layer = again.layer
    again.layer = function(self, name)
      if debug.traceback():find "whole" then
        swaps = swaps + 1
        if swaps == 2 then error("E-RN-01: interrupted", 0) end
      end
      return layer(self, name)
    end
    assert.error_matches(function() vise.load(again, folder) end, "E%-RN%-01: interrupted")
    again.layer = nil
    assert.is_true(swaps > 2)
    assert.equal(dit.answer(model), dit.answer(again))
    model:close()
    again:close()
    remove()
  end)
end)
