--- The residual stream of a family: which tensors write it and which read it, for transforms that
--- change its basis (vise.transform).  A family's description gives a table; `*` in a name stands for
--- the number of a block.
---
---   stream = {
---     width = "hidden_size",                              -- the setting with its width
---     embeddings = { "model.embed_tokens" },              -- tables whose rows enter it
---     writers = { "model.layers.*.self_attn.o_proj", ... },  -- layers whose outputs are added to it
---     readers = {                                         -- by the norm between: layers that read it
---       ["model.layers.*.input_layernorm"] = { "model.layers.*.self_attn.q_proj", ... }, ...
---     },
---     head = { "lm_head", tied = "tie_word_embeddings" }, -- a reader that may be the embedding itself
---     values = { from = "model.layers.*.self_attn.v_proj", to = "model.layers.*.self_attn.o_proj" },
---     heads = "head_dim",                                 -- the setting with the width of a head
---     keys = "qk_rotation",                               -- the setting that turns queries and keys
---     norm = "norm",                                      -- the setting that makes LayerNorm RMSNorm
---     settings = { { "qk_rotation", "integer", min = 0, max = 1048576 }, ... },  -- that transforms may change
---   }
---
--- Norms are RMSNorm unless `norm` says otherwise.  Tensors of layers are [outputs, inputs] in the
--- checkpoint, or [inputs, outputs] with `transposed`.

local config_reader = require "vise.models.config"
local fail = require "vise.fail"
local suggest = require "vise.suggest"

local M = {}

---@class vise.Stream
---@field width string
---@field embeddings string[]
---@field writers string[]
---@field readers table<string, string[]>
---@field head? { [1]: string, tied: string }
---@field values? { from: string, to: string, part?: integer[] }  part { i, n }: the i-th of n parts of its outputs.
---@field heads? string
---@field keys? string
---@field norm? string
---@field transposed? string[]
---@field settings? vise.ConfigField[]

local function is_name(v) return type(v) == "string" and v ~= "" end

local function is_list(v, of)
  if type(v) ~= "table" or #v == 0 then return false end
  for _, item in ipairs(v) do
    if not of(item) then return false end
  end
  return true
end

local function is_names(v) return is_list(v, is_name) end

local function is_readers(v)
  if type(v) ~= "table" or next(v) == nil then return false end
  for norm, layers in pairs(v) do
    if not is_name(norm) or not is_names(layers) then return false end
  end
  return true
end

local function is_values(v) return type(v) == "table" and is_name(v.from) and is_name(v.to) end

local function is_head(v) return type(v) == "table" and is_name(v[1]) and is_name(v.tied) end

local function is_fields(v)
  return is_list(v, function(f) return type(f) == "table" and is_name(f[1]) and is_name(f[2]) end)
end

local checks = { width = is_name, embeddings = is_names, writers = is_names, readers = is_readers, head = is_head,
  values = is_values, heads = is_name, keys = is_name, norm = is_name, transposed = is_names, settings = is_fields }

--- What is wrong with a family's stream, nil if nothing is.
---@param stream any
---@return string?
function M.problem(stream)
  if type(stream) ~= "table" then return "is no table" end
  local names = {}
  for name in pairs(checks) do names[#names + 1] = name end
  for name, value in pairs(stream) do
    if not checks[name] then
      return ("has no field '%s'%s"):format(tostring(name), suggest.hint(tostring(name), names))
    end
    if not checks[name](value) then return ("has a wrong %s"):format(name) end
  end
  for _, name in ipairs { "width", "embeddings", "writers", "readers" } do
    if stream[name] == nil then return ("lacks %s"):format(name) end
  end
  if stream.values and not stream.heads then return "has values, but no heads" end
end

-- One name for each block, or the name itself.
local function each(pattern, blocks, f)
  if not pattern:find("*", 1, true) then return f(pattern, 0) end
  for i = 0, blocks - 1 do f((pattern:gsub("%*", tostring(i))), i) end
end

local function all(patterns, blocks)
  local names = {}
  for _, pattern in ipairs(patterns or {}) do
    each(pattern, blocks, function(name) names[#names + 1] = name end)
  end
  return names
end

-- A name with the block's number in the place of the star.
local function at(pattern, block)
  return (pattern:gsub("%*", tostring(block)))
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

---@class vise.ModelStream
---@field width integer
---@field embeddings string[]
---@field writers string[]
---@field readers { norm: string, layers: string[] }[]
---@field head? { name: string, setting: string, tied: boolean }
---@field values { from: string, to: string, part?: integer[] }[]
---@field head_width? integer
---@field keys? string
---@field norm? string
---@field transposed table<string, true>

--- The stream of a model: every name written out.
---@param stream vise.Stream
---@param settings table   Of the model.
---@param blocks integer
---@return vise.ModelStream
function M.of(stream, settings, blocks)
  local out = { width = settings[stream.width], embeddings = all(stream.embeddings, blocks),
    writers = all(stream.writers, blocks), readers = {}, values = {}, keys = stream.keys, norm = stream.norm,
    head_width = stream.heads and settings[stream.heads], transposed = {} }
  for _, norm in ipairs(sorted_keys(stream.readers)) do
    each(norm, blocks, function(name, block)
      local layers = {}
      for i, layer in ipairs(stream.readers[norm]) do layers[i] = at(layer, block) end
      out.readers[#out.readers + 1] = { norm = name, layers = layers }
    end)
  end
  local values, head = stream.values, stream.head
  if values then
    each(values.from, blocks, function(name, block)
      out.values[#out.values + 1] = { from = name, to = at(values.to, block), part = values.part }
    end)
  end
  out.head = head and { name = head[1], setting = head.tied, tied = settings[head.tied] or false }
  for _, name in ipairs(all(stream.transposed, blocks)) do out.transposed[name] = true end
  return out
end

--- Reads the settings that a saved transform gives, against those that the family lets it change.
---@param stream vise.Stream
---@param given table
---@param where string
---@return table? settings
---@return string? message
---@return string? id
function M.settings(stream, given, where)
  local known, fields = {}, {}
  for _, field in ipairs(stream.settings or {}) do known[field[1]] = field end
  for key in pairs(given) do
    if not known[key] then return fail.fail("E-TR-08", "%s: %s is no setting of a transform", where, tostring(key)) end
    fields[#fields + 1] = known[key]
  end
  return config_reader.read(given, fields, where)
end

return M
