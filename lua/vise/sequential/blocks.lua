--- The stages of a calibration block by block: what is made after which part of the forward, and how that
--- part is run.
---
---   0        before the first block: start
---   1 to n   the blocks
---   n + 1    behind the last: finish

local fail = require "vise.fail"
local new_inputs = require "vise.models.inputs"

local M = {}

---@class vise.Stage
---@field index integer
---@field layers vise.PlannedLayer[]  That are to be made in it.
---@field run fun(state: table, ...): table?  Runs it on a state, which it closes or gives back; finish gives none.

-- The planned layers by block; 0 stands for those outside.
local function by_block(target)
  local lists = {}
  for _, layer in ipairs(target.plan.layers) do
    if layer.type then
      local block = target.model:block_of(layer.name) or 0
      lists[block] = lists[block] or {}
      table.insert(lists[block], layer)
    end
  end
  return lists
end

--- The stages of a target.  What lies outside the blocks stands in stage 0; what is not reached there goes
--- on to the last.
---@param target vise.Target
---@return vise.Stage[] stages  From the first; index = 0.
function M.stages(target)
  local model, lists = target.model, by_block(target)
  local chain, _, count = model.chain, model:repeated()
  local stages = { { index = 0, layers = lists[0] or {}, run = function(inputs, ...)
    local given <close> = inputs
    return new_inputs(chain.start(model, given, ...))
  end } }
  for block = 1, count do
    stages[block + 1] = { index = block, layers = lists[block] or {}, run = function(state, ...)
      chain.step(model, block, state, ...)
      return state
    end }
  end
  stages[count + 2] = { index = count + 1, layers = {}, run = function(state, ...)
    local given <close> = state
    chain.finish(model, given, ...):close()
  end }
  return stages
end

-- The first tensor of a state that is not finite; nil if all are.
local function first_bad(state)
  for name, tensor in pairs(state or {}) do
    local dtype = tensor:dtype()
    if (dtype == "f32" or dtype == "f16" or dtype == "bf16") and tensor:nonfinite() then return name end
  end
end

--- Runs a stage again on a state with an eye on every layer, and names the first whose input or output is
--- not finite.
---@param model vise.Model
---@param stage vise.Stage
---@param state vise.models.Inputs  A copy, which is closed.
---@return string
local function culprit(model, stage, state, extras)
  local found
  local _ <close> = setmetatable({}, { __close = function()
    for _, layer in ipairs(model:layers()) do rawset(layer, "forward", nil) end
  end })
  for _, layer in ipairs(model:layers()) do
    local forward = layer.forward
    rawset(layer, "forward", function(self, x)
      local y = forward(self, x)
      found = found or x:nonfinite() and ("what flows into layer %s"):format(layer.name)
        or y:nonfinite() and ("the output of layer %s"):format(layer.name)
      return y
    end)
  end
  local after = stage.run(state, table.unpack(extras))
  if after then for _, tensor in pairs(after) do tensor:close() end end
  return found or ("what block %d gives"):format(stage.index)
end

--- Runs a stage on all states; `to` gets what comes out, if it is given.  Raises E-OB-11 with the name of
--- the first layer where something is not finite.
---@param target vise.Target
---@param stage vise.Stage
---@param states vise.States
---@param to? vise.States
function M.pass(target, stage, states, to)
  states:each(function(number, state, extras)
    local after = stage.run(state, table.unpack(extras))
    local bad = first_bad(after)
    if bad then
      for _, tensor in pairs(after) do tensor:close() end
      local again
      states:each(function(n, copy) if n == number then again = copy end end)
      fail.try(nil, ("%s: %s is not finite, in forward %d of the calibration"):format(target.name or
        target.model.family, culprit(target.model, stage, again, extras), number), "E-OB-11")
    end
    if to and after then
      to:add(setmetatable(after, nil), extras)
    elseif after then
      for _, tensor in pairs(after) do tensor:close() end
    end
  end)
end

return M
