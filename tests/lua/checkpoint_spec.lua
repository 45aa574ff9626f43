local checkpoint = require "vise.checkpoint"
local core = require "vise.core"
local support = require "support"

local disk = core.disk

describe("vise.checkpoint", function()
  local dir
  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(disk.mkdir(dir))
  end)
  after_each(function() disk.remove_tree(dir) end)

  --- A weights file in the folder: names, each a u8 tensor of one element.
  local function weights(file, names, value)
    local entries = {}
    for i, name in ipairs(names) do entries[i] = { name, core.tensor_of("u8", { 1 }, { value or i }) } end
    assert(core.safetensors_write(dir .. "/" .. file, entries))
  end

  local function put(file, value)
    assert(disk.write(dir .. "/" .. file, type(value) == "string" and value or core.json_encode(value, 2)))
  end

  --- Two shards and their index; `change` edits the index before it is written.
  local function sharded(change)
    weights("model-00001-of-00002.safetensors", { "a", "b" })
    weights("model-00002-of-00002.safetensors", { "c" })
    local index = {
      metadata = { total_size = 3 },
      weight_map = {
        a = "model-00001-of-00002.safetensors",
        b = "model-00001-of-00002.safetensors",
        c = "model-00002-of-00002.safetensors",
      },
    }
    if change then change(index) end
    put("model.safetensors.index.json", index)
  end

  local function opened(options, path)
    local c, message = checkpoint.open(path or dir, options)
    assert.truthy(c, message)
    return c
  end

  local function refused(id, words, options, path)
    collectgarbage()
    local blocks = core.memory().blocks
    local c, message, got = checkpoint.open(path or dir, options)
    assert.is_nil(c)
    assert.equal(id, got, message)
    assert.truthy(message:find(words, 1, true), message)
    assert.truthy(message:find(path or dir, 1, true), message)
    collectgarbage()
    assert.equal(blocks, core.memory().blocks)
  end

  it("opens one file", function()
    weights("any.safetensors", { "x", "y" })
    put("config.json", "not JSON") -- of something else: the file has no model folder's name
    local c <close> = opened(nil, dir .. "/any.safetensors")
    assert.same({ "x", "y" }, c:names())
    assert.same({ dtype = "u8", shape = { 1 }, bytes = 1 }, c:info "x")
    assert.equal(2, c:tensor("y"):get(1))
    assert.is_true(c:has "x")
    assert.is_false(c:has "z")
    assert.is_nil(c:info "z")
    assert.is_nil(c.config)
    assert.equal(dir, c.folder)
    assert.same({ dir .. "/any.safetensors" }, c:files())
    assert.error_matches(function() c:tensor "z" end, 'E%-HF%-17: no tensor "z"')
  end)

  it("opens a folder of one file with its config", function()
    weights("model.safetensors", { "x" })
    put("config.json", { model_type = "gpt2", layers = core.array {} })
    local c <close> = opened()
    assert.equal("gpt2", c.config.model_type)
    assert.same({}, c.notes)
    local same <close> = opened(nil, dir .. "/")
    assert.same({ "x" }, same:names())
    local file <close> = opened(nil, dir .. "/model.safetensors")
    assert.equal("gpt2", file.config.model_type)
  end)

  it("opens shards through their index, in the order of the files", function()
    sharded()
    local c <close> = opened()
    assert.same({ "a", "b", "c" }, c:names())
    assert.equal(1, c:tensor("c"):get(1))
    assert.equal(2, #c:files())
    assert.same({}, c.notes)
  end)

  it("picks the files of a variant, and names those that there are", function()
    weights("diffusion_pytorch_model.safetensors", { "x" }, 1)
    weights("diffusion_pytorch_model.fp16.safetensors", { "x" }, 2)
    local plain <close> = opened()
    assert.equal(1, plain:tensor("x"):get(1))
    local half <close> = opened { variant = "fp16" }
    assert.equal(2, half:tensor("x"):get(1))
    refused("E-HF-14", 'no variant "bf16", variants present: fp16, none (the plain files)',
      { variant = "bf16" })
    disk.remove(dir .. "/diffusion_pytorch_model.safetensors")
    refused("E-HF-14", "no plain weights, pass variant, variants present: fp16")
  end)

  it("reads both spellings of a variant's index", function()
    for _, name in ipairs { "model.safetensors.index.fp16.json", "model.fp16.safetensors.index.json" } do
      weights("model.fp16-00001-of-00001.safetensors", { "a" })
      put(name, { weight_map = { a = "model.fp16-00001-of-00001.safetensors" } })
      local c <close> = opened { variant = "fp16" }
      assert.same({ "a" }, c:names())
      local _, message = checkpoint.open(dir, { variant = "bf16" })
      assert.truthy(message:find "variants present: fp16$") -- a shard is no variant
      disk.remove(dir .. "/" .. name)
    end
  end)

  it("takes the only .safetensors file of a folder, and asks when there are several", function()
    weights("lora.safetensors", { "x" })
    local c <close> = opened()
    assert.same({ "x" }, c:names())
    weights("other.safetensors", { "y" })
    refused("E-HF-13",
      "2 .safetensors files and no index, pass one of them: lora.safetensors, other.safetensors")
    local other <close> = opened { weights = "other.safetensors" }
    assert.same({ "y" }, other:names())
  end)

  it("E-HF-01: refuses an index that names anything but a file beside it", function()
    for _, bad in ipairs {
      "../x.safetensors", "/etc/x.safetensors", "a/b.safetensors", "", "/dev/zero", "con",
      ".hidden.safetensors",
      "a\\b.safetensors", "a\nb.safetensors", ("n"):rep(300) .. ".safetensors", "..",
    } do
      sharded(function(index) index.weight_map.b = bad end)
      refused("E-HF-01", "is not the name of a .safetensors file in this folder")
    end
    sharded(function(index) index.weight_map.b = 7 end)
    refused("E-HF-01", "a number is not the name")
  end)

  it("E-HF-02: counts the shards that are missing", function()
    sharded()
    disk.remove(dir .. "/model-00002-of-00002.safetensors")
    refused("E-HF-02", 'shard "model-00002-of-00002.safetensors" is missing (1 of 2 present)')
  end)

  it("E-HF-03: refuses a tensor that is not where the index says", function()
    sharded(function(index) index.weight_map.d = "model-00002-of-00002.safetensors" end)
    refused("E-HF-03", 'says tensor "d" is in shard "model-00002-of-00002.safetensors", it is not')
    sharded(function(index) index.weight_map.a = "model-00002-of-00002.safetensors" end)
    refused("E-HF-03", '(it is in "model-00001-of-00002.safetensors")')
  end)

  it("E-HF-04: refuses a tensor that is in two shards", function()
    sharded()
    weights("model-00002-of-00002.safetensors", { "c", "a" })
    refused("E-HF-04", 'tensor "a" is in this shard and in "model-00001-of-00002.safetensors"')
  end)

  it("E-HF-05: notes a wrong total size and tensors that the index leaves out", function()
    sharded(function(index)
      index.metadata.total_size = 123
      index.weight_map.b = nil
    end)
    local c <close> = opened()
    assert.equal(2, #c.notes)
    assert.truthy(c.notes[1]:find("^E%-HF%-05: .*index total_size 123 differs from 3 on disk"))
    assert.truthy(c.notes[2]:find "1 tensors of the shards are not in the index")
    assert.same({ "a", "b", "c" }, c:names())
  end)

  it("E-HF-06: prefers an index to a single file, says so, and can be told otherwise", function()
    sharded()
    weights("model.safetensors", { "single" })
    local c <close> = opened()
    assert.same({ "a", "b", "c" }, c:names())
    assert.truthy(c.notes[1]:find(
      "E-HF-06: model.safetensors.index.json and model.safetensors are both there, "
        .. "model.safetensors.index.json is used", 1, true))
    local single <close> = opened { weights = "model.safetensors" }
    assert.same({ "single" }, single:names())
    refused("E-HF-16", 'no file "none.safetensors"', { weights = "none.safetensors" })
    refused("E-HF-16", "no file", { weights = "../model.safetensors" })
  end)

  it("E-HF-07: says that a shard is a Git-LFS pointer", function()
    sharded()
    put("model-00002-of-00002.safetensors",
      "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99\n")
    refused("E-HF-07", "model-00002-of-00002.safetensors: a Git-LFS pointer (size in it: 99)")
  end)

  it("E-HF-08: says that a shard is an error page or JSON", function()
    sharded()
    put("model-00002-of-00002.safetensors", "<html><title>404</title>")
    refused("E-HF-08", "looks like HTML")
    put("model-00002-of-00002.safetensors", '{"error":"not found"}')
    refused("E-HF-08", "model-00002-of-00002.safetensors")
  end)

  it("E-HF-09: does not read pickle, by name or in an index", function()
    put("pytorch_model.bin", "PK\3\4")
    refused("E-HF-09", "pytorch_model.bin: pickle checkpoints can run code")
    refused("E-HF-09", "pickle", nil, dir .. "/pytorch_model.bin")
    refused("E-HF-09", "pickle", { weights = "pytorch_model.bin" })
    sharded(function(index) index.weight_map.b = "pytorch_model-00001.bin" end)
    refused("E-HF-09", "pytorch_model-00001.bin")
  end)

  it("E-HF-10: refuses pipes, devices and folders among the files", function()
    os.execute(("mkfifo %s/model.safetensors"):format(dir))
    refused("E-HF-10", "a pipe, expected a regular file")
    disk.remove(dir .. "/model.safetensors")
    disk.mkdir(dir .. "/model.safetensors")
    refused("E-HF-10", "a folder, expected a regular file")
    disk.remove(dir .. "/model.safetensors")
    refused("E-FS-15", "no such file", nil, dir .. "/nothing")
    local c, _, id = checkpoint.open "/dev/zero"
    assert.is_nil(c)
    assert.equal("E-HF-10", id)
  end)

  it("E-HF-11: refuses a link that leads nowhere, or round in a circle", function()
    os.execute(("ln -s nothing %s/model.safetensors"):format(dir))
    refused("E-HF-11", "cannot follow the link")
    disk.remove(dir .. "/model.safetensors")
    os.execute(("ln -s model.safetensors %s/model.safetensors"):format(dir))
    refused("E-HF-11", "cannot follow the link")
  end)

  it("E-HF-12: says so when a file changes under it", function()
    weights("model.safetensors", { "x" })
    local c <close> = opened()
    local f = assert(io.open(dir .. "/model.safetensors", "ab"))
    f:write "more"
    f:close()
    for _, read in ipairs { function() return c:tensor "x" end, function() return c:identity() end } do
      local value, message, id = read()
      assert.is_nil(value)
      assert.equal("E-HF-12", id)
      assert.truthy(message:find("changed while being read", 1, true))
    end
  end)

  it("E-HF-13: says that a folder holds no weights", function()
    refused("E-HF-13", "no .safetensors file and no index")
    refused("E-HF-14", 'no variant "fp16"', { variant = "fp16" })
  end)

  it("E-HF-15: refuses an index that is none", function()
    for _, text in ipairs { "{}", "[]", "3", '{"weight_map":[]}', '{"weight_map":"x"}', "null" } do
      put("model.safetensors.index.json", text)
      refused("E-HF-15", 'no "weight_map" object')
    end
    put("model.safetensors.index.json", '{"weight_map":{"a":\n1,,}}')
    refused("E-JS-01", "model.safetensors.index.json line 2 column 3")
  end)

  it("names line and column of a bad config.json, and its size when it is too large", function()
    weights("model.safetensors", { "x" })
    put("config.json", '{\n  "a": 1, // no\n}')
    refused("E-JS-01", "config.json line 2 column 11: found '/'")
    put("config.json", '{"a":1,"a":2}')
    refused("E-JS-07", '"a" appears twice')
    put("config.json", "[]")
    refused("E-JS-15", "config.json line 1 column 1: expected an object")
    local f = assert(io.open(dir .. "/config.json", "wb"))
    f:seek("set", 1 << 30) -- a sparse file
    f:write "x"
    f:close()
    refused("E-FS-18", "1,073,741,825 bytes, expected 67,108,864 at most")
  end)

  it("raises on options that it does not know", function()
    assert.error_matches(function() checkpoint.open(dir, { varaint = "fp16" }) end, "option 'varaint'")
    assert.error_matches(function() checkpoint.open(dir, { variant = 16 }) end, "must be a string")
  end)

  it("has an identity that the split into files does not change, and any content does", function()
    weights("model.safetensors", { "a", "b" }, 5)
    local one <close> = opened()
    local identity = one:identity()
    assert.truthy(identity:match("^" .. ("%x"):rep(32) .. "$"))
    assert.equal(identity, one:identity())
    weights("first.safetensors", { "b" }, 5)
    weights("second.safetensors", { "a" }, 5)
    put("model.safetensors.index.json",
      { weight_map = { a = "second.safetensors", b = "first.safetensors" } })
    local two <close> = opened()
    assert.equal(identity, two:identity())
    for _, other in ipairs {
      core.tensor_of("u8", { 1 }, { 6 }), core.tensor_of("i8", { 1 }, { 5 }), core.tensor_of("u8", {}, { 5 }),
    } do
      assert(core.safetensors_write(dir .. "/second.safetensors", { { "a", other } }))
      local changed <close> = opened()
      assert.not_equal(identity, changed:identity())
    end
  end)

  it("keeps tensors usable after it is closed", function()
    weights("model.safetensors", { "x" }, 9)
    local c = opened()
    local t = c:tensor "x"
    c:close()
    c:close()
    assert.equal(9, t:get(1))
    assert.same({}, c:names())
  end)

  it("leaks nothing, whichever allocation fails", function()
    sharded()
    put("config.json", { a = 1 })
    local failures = support.sweep(function()
      local c <close> = checkpoint.open(dir)
      return c and c:identity()
    end)
    assert.is_true(failures > 20)
  end)
end)

describe("a genuine model folder", function()
  local dir = "tests/data/chemts-gpt2-0.5m"

  it("opens with its tensors, shapes and config", function()
    local c <close> = assert(checkpoint.open(dir))
    assert.equal("gpt2", c.config.model_type)
    assert.equal(96, c.config.n_embd)
    assert.equal(52, #c:names())
    local info = c:info "transformer.h.0.attn.c_attn.weight"
    assert.same({ 96, 288 }, info.shape)
    assert.equal("f32", info.dtype)
    local elements = 0
    for _, name in ipairs(c:names()) do
      local t <close> = c:tensor(name)
      assert.is_nil(t:nonfinite())
      elements = elements + t:count()
    end
    assert.equal(460992, elements)
  end)

  it("is written again to the same tensors, with the size foretold", function()
    local c <close> = assert(checkpoint.open(dir))
    local entries = {}
    for i, name in ipairs(c:names()) do entries[i] = { name, c:tensor(name) } end
    local path = os.tmpname()
    assert(core.safetensors_write(path, entries, { format = "pt" }))
    assert.equal(core.disk.size(path), core.safetensors_size(entries, { format = "pt" }))
    os.rename(path, path .. ".safetensors")
    local again <close> = assert(checkpoint.open(path .. ".safetensors"))
    assert.equal(c:identity(), again:identity())
    os.remove(path .. ".safetensors")
  end)

  it("has JSON files that decode and encode to the same values", function()
    for _, name in ipairs { "config.json", "tokenizer.json" } do
      local value = assert(core.json_decode(assert(core.disk.read(dir .. "/" .. name)), name))
      assert.same(value, core.json_decode(core.json_encode(value, 2)))
    end
  end)
end)
