--- How a plan is calibrated: all layers in one go, or block by block on what the quantized blocks before
--- give.
---
---   whole            the calibration runs once, with observers on all layers of the float model
---   sequential       block by block
---   true_sequential  block by block, and in each block one group of layers after the other: those that
---                    are given the same input, in the order in which they run

local fail = require "vise.fail"

local M = {}

--- The modes, by name.
M.MODES = { "whole", "sequential", "true_sequential" }

-- Why a plan cannot be calibrated block by block, nil if it can.
local function obstacle(model, cfg, layers)
  if not model.chain then
    return ("family %s gives a forward and no chain of blocks"):format(model.family or "of this model")
  end
  if not cfg.calibrate then return "statistics from a file are of the float model" end
  for _, layer in ipairs(layers) do
    if layer.type and layer.type.smooth == "few_shot" then
      return ("layer %s waits for the first forwards (few_shot)"):format(layer.name)
    end
  end
end

-- The first method that wants to be calibrated block by block.
local function asked_by_method(layers)
  for _, layer in ipairs(layers) do
    if layer.type and layer.type.method.sequential then return true end
  end
  return false
end

--- The mode of a plan.  Raises E-SQ-01 where the configuration asks for one that is impossible.
---@param model vise.Model
---@param cfg vise.Config
---@param layers vise.PlannedLayer[]
---@return "whole"|"sequential"|"true_sequential"
function M.of(model, cfg, layers)
  local wanted = cfg.calibration.mode
  if wanted == "whole" or not wanted and not asked_by_method(layers) then return "whole" end
  local problem = obstacle(model, cfg, layers)
  if not problem then return wanted or "sequential" end
  if wanted then fail.raise("E-SQ-01", "calibration.mode = \"%s\": %s", wanted, problem) end
  return "whole"
end

return M
