--- Answers: what a float model was asked while somebody ran it, and what it said, to be held against what
--- it says when it is quantized.

local core = require "vise.core"
local fail = require "vise.fail"

local try = fail.try

local M = {}

local LIKELIEST = 64 -- ids of each token that are kept of a language model's answer

---@class vise.Answers
---@field asked { arguments: table, answer?: vise.Tensor, base?: vise.Tensor[] }[]
local Answers = {}
Answers.__index = Answers

-- Tensors may be changed or freed by whoever gave them.
local function kept(arguments)
  for i = 1, arguments.n do
    local x = arguments[i]
    if type(x) == "userdata" and x.copy then arguments[i] = try(x:copy()) end
  end
  return arguments
end

local function close(entry)
  for _, list in ipairs { entry.arguments, entry.base or {}, { entry.answer } } do
    for _, x in pairs(list) do
      if type(x) == "userdata" and x.close then x:close() end
    end
  end
end

-- Of a language model's answer the likeliest ids of each token.
local function note(model, arguments, answer)
  local words = model.settings and model.settings.vocab_size
  if words ~= select(-1, answer:shape()) then return { arguments = arguments, answer = try(answer:copy()) } end
  local rows <close> = try(answer:reshape { -1, words })
  return { arguments = arguments, base = { try(core.likeliest(rows, math.min(LIKELIEST, words))) } }
end

-- Drops every other entry: those that stay are spread as evenly as before.
local function halve(asked)
  local list = {}
  for i, entry in ipairs(asked) do
    if i % 2 == 1 then list[#list + 1] = entry else close(entry) end
  end
  return list
end

--- Runs a model and keeps some of the forwards that it is asked for, spread evenly over all.
---@param model vise.Model
---@param run fun(model: vise.Model)
---@param most integer  Forwards to keep: more than half as many, if there are any.
---@return vise.Answers
function M.record(model, run, most)
  local own, self = rawget(model, "forward"), setmetatable({ asked = {} }, Answers)
  local forward, seen, stride = model.forward, 0, 1
  model.forward = function(...)
    local results = table.pack(forward(...))
    if results[1] and seen % stride == 0 then
      self.asked[#self.asked + 1] = note(model, kept(table.pack(select(2, ...))), results[1])
      if #self.asked > most then self.asked, stride = halve(self.asked), 2 * stride end
    end
    seen = seen + 1
    return table.unpack(results, 1, results.n)
  end
  local first, message, id = fail.catch(run, model)
  model.forward = own
  if first == nil and message ~= nil then fail.try(nil, tostring(message), type(id) == "string" and id or "E-OB-12") end
  if #self.asked == 0 then fail.try(nil, "the model was not run: there are no answers to compare", "E-OB-12") end
  return self
end

local function divergence(answer, base)
  local rows <close> = try(answer:reshape { -1, (select(-1, answer:shape())) })
  local each <close> = try(core.divergence(rows, table.unpack(base)))
  local tokens, sum = each:shape(), 0
  for i = 1, tokens do sum = sum + each:get(3 * i - 2) end
  return sum, tokens
end

--- How far a model's answers are from those that were kept: of language models the mean divergence of
--- their predictions, in nats a token; of others the squared error, relative to the square of the answers.
---@param model vise.Model
---@return number
function Answers:distance(model)
  local error, whole = 0, 0
  for _, entry in ipairs(self.asked) do
    local answer <close> = try(model:forward(table.unpack(entry.arguments, 1, entry.arguments.n)))
    if entry.base then
      local sum, tokens = divergence(answer, entry.base)
      error, whole = error + sum, whole + tokens
    else
      local wrong <close> = try(answer:sub(entry.answer))
      error, whole = error + wrong:norm() ^ 2, whole + entry.answer:norm() ^ 2
    end
  end
  return whole > 0 and error / whole or 0
end

--- Frees what was kept.
function Answers:close()
  for _, entry in ipairs(self.asked) do close(entry) end
  self.asked = {}
end

Answers.__close = Answers.close

return M
