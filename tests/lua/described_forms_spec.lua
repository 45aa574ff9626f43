-- What is made of the descriptions: stubs for editors, reference pages, plain data, the schema of
-- configurations; and that the checks of a configuration and its description are the same.

local config_fields = require "vise.config_fields"
local describe_lua = require "vise.describe"
local json_schema = require "json_schema"
local svdquant_options = require "vise.algorithms.svdquant_options"
local types = require "vise.describe.types"
local vise = require "vise"

describe("the stubs", function()
  local stubs = describe_lua.stubs()

  it("are Lua that makes the tables of the public module", function()
    local env = {}
    local made = assert(load(stubs, "=library/vise.lua", "t", env))()
    assert.equal(env.vise, made)
    for _, name in ipairs(vise.names()) do
      if type(vise[name]) == "table" and name ~= "version" then assert.is_table(made[name], name) end
      if type(vise[name]) == "function" then assert.is_function(made[name], name) end
    end
    assert.is_function(made.nn.Linear.new)
    assert.is_function(made.nn.Linear.hook)
    assert.is_function(made.algorithms.svdquant.make)
  end)

  it("name every function, argument and class, and no class that is not defined", function()
    local defined, names, lines = {}, {}, 0
    for line in stubs:gmatch "[^\n]+" do
      lines = lines + 1
      local name = line:match "^%-%-%-@class ([%w_.]+)" or line:match "^%-%-%-@alias ([%w_.]+)"
      if name then
        assert.is_nil(defined[name], name .. " is defined twice")
        defined[name] = true
      end
      local used = line:match "^%-%-%-@class [%w_.]+: (.+)" or line:match "^%-%-%-@return ([^ ]+) "
      if used then
        for of in types.names(used) do names[of] = line end
      end
    end
    for name, line in pairs(names) do assert.is_true(defined[name], line) end
    for _, ref in describe_lua.each() do
      for _, fn in ipairs(ref.functions) do
        for _, argument in ipairs(fn.arguments) do
          assert.is_truthy(stubs:find(("\n---@param %s[? ]"):format(argument[1]:gsub("%p", "%%%0"))), argument[1])
        end
      end
    end
    assert.is_true(lines > 3000)
  end)

  it("are found by an editor with the .luarc.json", function()
    local settings = assert(vise.json.decode(describe_lua.luarc()))
    assert.equal("Lua 5.4", settings["runtime.version"])
    assert.equal("library", settings["workspace.library"][1])
  end)
end)

describe("the pages", function()
  local pages = describe_lua.pages()

  -- The headings of a page as places to link to.
  local function anchors(text)
    local found, code = {}, false
    for line in text:gmatch "[^\n]+" do
      if line:find "^```" then code = not code end
      local title = not code and line:match "^#+ (.+)"
      if title then
        local anchor = title:lower():gsub("[^%w _-]", ""):gsub(" ", "-")
        assert.is_nil(found[anchor], "two headings make #" .. anchor)
        found[anchor] = true
      end
    end
    return found
  end

  it("link to headings that are there, each only once on its page", function()
    local places = {}
    for name, text in pairs(pages) do places[name] = anchors(text) end
    for name, text in pairs(pages) do
      for page, anchor in text:gmatch "%]%(([%w_]+%.md)#?([^)]*)%)" do
        assert.is_table(places[page], name .. " links to " .. page)
        assert.is_true(anchor == "" or places[page][anchor] == true, ("%s links to %s#%s"):format(name, page, anchor))
      end
    end
  end)

  it("have every function with its example, every field and every choice", function()
    local all = {}
    for _, text in pairs(pages) do all[#all + 1] = text end
    all = table.concat(all)
    for _, ref in describe_lua.each() do
      for _, fn in ipairs(ref.functions) do
        assert.is_truthy(all:find(describe_lua.full_name(ref, fn), 1, true))
        assert.is_truthy(all:find(fn.example, 1, true), fn.name)
      end
      for _, field in ipairs(ref.fields or {}) do
        assert.is_truthy(all:find(("| `%s` |"):format(field[1]), 1, true), field[1])
      end
    end
  end)

  it("have rows with as many cells as their heading", function()
    for name, text in pairs(pages) do
      local cells
      for line in text:gmatch "([^\n]*)\n" do
        if line:find "^|" then
          local _, count = line:gsub("\\|", ""):gsub("|", "")
          cells = cells or count
          assert.equal(cells, count, name .. ": " .. line)
        else
          cells = nil
        end
      end
    end
  end)
end)

describe("the description as data", function()
  it("has every part, function and field, and is JSON", function()
    local data, counts = assert(vise.json.decode(describe_lua.json())), describe_lua.counts()
    assert.equal(1, data.schema)
    local functions, examples = 0, 0
    for _, page in ipairs(data.pages) do
      for _, part in ipairs(page.parts) do
        functions = functions + #part.functions
        for _, fn in ipairs(part.functions) do examples = examples + (#fn.example > 0 and 1 or 0) end
      end
    end
    assert.same({ counts.functions, counts.examples }, { functions, examples })
  end)
end)

describe("the checks of a configuration", function()
  it("are for the fields that are described", function()
    local described = {}
    for _, field in ipairs(describe_lua.type_named "vise.ConfigFields".fields) do described[field[1]] = field end
    for name in pairs(config_fields.checks) do assert.is_table(described[name], name) end
    for name in pairs(described) do
      assert.is_true(config_fields.checks[name] ~= nil or name == "components" or name == "from", name)
    end
    for name, value in pairs(config_fields.defaults()) do
      if name ~= "svdq" and name ~= "calibration" then assert.same(described[name].default, value, name) end
    end
    assert.equal(described.calibration.fields[3].default, config_fields.defaults().calibration.buffered)
  end)

  it("of svdq are for the options that are described, with their defaults", function()
    local usual = svdquant_options.check {}
    local names = {}
    for _, field in ipairs(describe_lua.type_named "vise.SvdqOptions".fields) do
      names[#names + 1] = field[1]
      assert.equal(field.default, usual[field[1]], field[1])
    end
    table.sort(names)
    assert.same(svdquant_options.names, names)
  end)
end)

describe("the schema of a configuration", function()
  local schema = assert(vise.json.decode(describe_lua.schema()))

  -- What belongs to types that need calibration stands with one.
  local CALIBRATED = { quant_type = "svdq_int4_r8", statistics = "s.safetensors" }

  local function with(base, fields)
    local all = {}
    for key, value in pairs(base) do all[key] = value end
    for key, value in pairs(fields) do all[key] = value end
    return all
  end

  local function svdq(options) return with(CALIBRATED, { svdq = options }) end

  local good = {
    { quant_type = "int8_per_row" }, { quant_type = "svdq_nvfp4_r128_dq" }, CALIBRATED,
    { quant_type = "int8_per_row", regions = "all" }, { quant_type = "int8_per_row", regions = { "*.q", "lua:^a" } },
    { quant_type = "int8_per_row", exclude = {} }, { quant_type = "int8_per_row", exclude = { "optional:*.x" } },
    { quant_type = "int8_per_row", plan = { { "*.q", "w4a8_g32" }, { "*", "int8_weight_only", "rounding" } } },
    { quant_type = "int8_per_row", fallback = "skip" }, { quant_type = "int8_per_row", fallback = "nvfp4" },
    { quant_type = "int8_per_row", save_to = "out" }, { quant_type = "int8_per_row", verbose = true },
    { quant_type = "int8_per_row", method = "rounding" },
    { quant_type = "int8_per_row", method = { name = "rounding" } },
    with(CALIBRATED, { calibration = { flush_count = 1, flush_bytes = 4096, buffered = true } }),
    { quant_type = "int8_per_row", components = { "a", "b" } },
    { components = { a = { quant_type = "nvfp4" }, ["b.c-d_e"] = { quant_type = "w4a8", exclude = { "*.x" } } } },
    svdq { alpha = 0, beta = 1, seed = 0xffffffff }, svdq { refine_iters = 10000, early_stop = true },
    svdq { calibrate_precision = "high", shared_inputs = true }, svdq { few_shot_relax_top_ratio = 1 },
    svdq { smooth_strategy = "search", search_grid = 1, search_samples = 1 }, svdq { emulate = "bf16" },
    svdq { few_shot_relax_strategy = "stable_auto", few_shot_relax_factor = 1, few_shot_steps = 2 },
  }
  local bad = {
    {}, { quant_type = 8 }, { quant_type = "" }, { quant_type = "int9_per_row" }, { quant_type = "svdq_int4" },
    { quant_type = "svdq_int4_r" }, { quant_type = "svdq_int4_r123456" }, { quant_type = "int4_weight_only_g48" },
    { quant_type = "xsvdq_int4_r8" }, { quant_type = "svdq_int4_r8_dqx" }, { quant_type = "nvfp4", quanttype = "x" },
    { quant_type = "nvfp4", regions = "most" }, { quant_type = "nvfp4", regions = { 1 } },
    { quant_type = "nvfp4", exclude = "x" }, { quant_type = "nvfp4", exclude = { a = "x" } },
    { quant_type = "nvfp4", plan = { "x" } }, { quant_type = "nvfp4", plan = { { "x" } } },
    { quant_type = "nvfp4", plan = { { "x", "int9" } } }, { quant_type = "nvfp4", plan = { { 1, "nvfp4" } } },
    { quant_type = "nvfp4", plan = { { "x", "nvfp4", "rounding", "more" } } },
    { quant_type = "nvfp4", fallback = "none" }, { quant_type = "nvfp4", save_to = 1 },
    { quant_type = "nvfp4", save_to = "" }, { quant_type = "nvfp4", verbose = "yes" },
    { quant_type = "nvfp4", filter = "x" }, { quant_type = "nvfp4", calibrate = "x" },
    { quant_type = "nvfp4", method = 3 }, { quant_type = "nvfp4", method = { options = {} } },
    with(CALIBRATED, { statistics = 1 }), with(CALIBRATED, { statistics = "" }),
    with(CALIBRATED, { calibration = true }), with(CALIBRATED, { calibration = { flush_count = 0 } }),
    with(CALIBRATED, { calibration = { flush_bytes = 1.5 } }), with(CALIBRATED, { calibration = { buffered = 1 } }),
    with(CALIBRATED, { calibration = { sample = 1 } }), with(CALIBRATED, { svdq = "high" }),
    { quant_type = "nvfp4", components = "a" }, { quant_type = "nvfp4", components = { 1 } },
    { quant_type = "nvfp4", components = { ["a b"] = {} } }, { quant_type = "nvfp4", components = { a = 1 } },
    { quant_type = "nvfp4", components = { a = { from = "x" } } },
    { quant_type = "nvfp4", components = { a = { components = { "b" } } } },
    svdq { alpha = 1.5 }, svdq { alpha = "x" }, svdq { beta = -0.1 }, svdq { seed = -1 }, svdq { seed = 0.5 },
    svdq { refine_iters = 10001 }, svdq { early_stop = 1 }, svdq { calibrate_precision = "best" },
    svdq { smooth_strategy = 1 }, svdq { search_grid = 0 }, svdq { few_shot_relax_top_ratio = 0 },
    svdq { few_shot_relax_factor = 0.9 }, svdq { few_shot_relax_strategy = "rnak" }, svdq { emulate = "f16" },
    svdq { rank = 8 }, svdq { few_shot_steps = 0 }, svdq { balance_iters = 0 }, svdq { keep_best = "no" },
  }

  it("takes what vise.config takes", function()
    for i, fields in ipairs(good) do
      local text = assert(vise.json.encode(fields))
      assert.is_table(vise.config { from = text }, i)
      assert.is_nil(json_schema.problem(schema, assert(vise.json.decode(text))), text)
    end
  end)

  it("refuses what vise.config refuses for one field alone", function()
    for _, fields in ipairs(bad) do
      local text = assert(vise.json.encode(fields))
      local ok, message = pcall(vise.config, { from = text })
      assert.is_false(ok, text)
      assert.matches("^E%-CF%-0[1-5]", tostring(message), nil, text)
      assert.is_string(json_schema.problem(schema, assert(vise.json.decode(text))), text)
    end
  end)

  it("takes what a config gives as JSON", function()
    for _, fields in ipairs(good) do
      local cfg = vise.config(fields)
      local plain = assert(vise.json.decode(cfg:json()))
      assert.is_nil(json_schema.problem(schema, plain), cfg:json())
    end
  end)

  it("knows every form of a quant type's name", function()
    for _, form in ipairs(vise.quant_types.forms) do
      assert.is_nil(json_schema.problem(schema, { quant_type = form }), form)
      assert.is_string(json_schema.problem(schema, { quant_type = form .. "x" }), form)
    end
  end)
end)
