--- What a model is run on to gather statistics: texts, or what its family usually does.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

local try = fail.try

---@class vise.StatisticsWork
---@field items integer
---@field tokens? integer  Of texts: those that count.
---@field data table       For the file.
---@field run fun(i: integer): true?, string?, string?

--- The tokens a calibration has to have at least, if nothing else is asked for.
M.LEAST = 128

-- The ids that only begin, end or fill a text.
local function filling(settings, more)
  local ids = {}
  for _, id in pairs(more or {}) do ids[id] = true end
  for _, key in ipairs { "bos_token_id", "eos_token_id", "pad_token_id" } do
    local id = settings[key]
    for _, one in ipairs(type(id) == "table" and id or { id }) do ids[one] = true end
  end
  return ids
end

local function hash_of(lists)
  local lines = {}
  for i, ids in ipairs(lists) do lines[i] = table.concat(ids, " ") end
  return core.xxh3(table.concat(lines, "\n"))
end

--- Texts as lists of ids, each cut to `length`.
---@param model vise.Model
---@param lists integer[][]
---@param options { length: integer, least?: integer, tokenizer?: string, filling?: table }  `tokenizer` is its hash,
---  `filling` ids that do not count besides those of the model's settings.
---@return vise.StatisticsWork?
---@return string? message
---@return string? id
function M.texts(model, lists, options)
  local fill, cut, tokens, least = filling(model.settings or {}, options.filling), {}, 0, options.least or M.LEAST
  for i, ids in ipairs(lists) do
    cut[i] = table.move(ids, 1, math.min(#ids, options.length), 1, {})
    for _, id in ipairs(cut[i]) do tokens = tokens + (fill[id] and 0 or 1) end
  end
  if tokens < least then
    return fail.fail("E-OB-26", "%d usable tokens in %d texts, expected at least %d", tokens, #lists, least)
  end
  return { items = #cut, tokens = tokens,
    data = { kind = "texts", hash = hash_of(cut), texts = #cut, tokens = tokens, length = options.length,
      tokenizer = options.tokenizer },
    run = function(i)
      if #cut[i] == 0 then return true end
      return fail.catch(function()
        local x <close> = try(core.tensor_of("i64", { 1, #cut[i] }, cut[i]))
        try(model:forward(x)):close()
        return true
      end)
    end }
end

--- The workload of the model's family, as one item.
---@param model vise.Model
---@return vise.StatisticsWork?
---@return string? message
---@return string? id
function M.usual(model)
  local work, message, id = require("vise.workload").of(model)
  if not work then return nil, message, id end
  local data = { kind = "workload" }
  for key, value in pairs(work.options) do
    if type(value) == "number" then data[key] = value end
  end
  return { items = 1, data = data, run = function() return work:calibrate(model) end }
end

return M
