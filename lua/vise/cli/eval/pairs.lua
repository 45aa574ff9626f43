--- vise eval without data: each quantized layer against its float weight, or the tensors of two files.

local core = require "vise.core"
local fail = require "vise.fail"
local open_model = require("vise.cli.eval.open").model

local try = fail.try

local M = {}

-- rel-L2, cosine, SQNR and PSNR of `a` against `b`, any float types.  The peak of the PSNR is the
-- range of `b`.
local function measure(a, b)
  local x <close> = try(a:to "f32")
  local y <close> = try(b:to "f32")
  local m = try(core.compare(x, y))
  local s = try(y:statistics())
  return { rel_l2 = m.rel_l2, cosine = m.cosine, sqnr = m.sqnr, max_abs = m.max_abs,
    psnr = 20 * math.log((s.max - s.min) / m.rmse, 10) }
end

--- Every layer of an artefact against the float weights it was made from.
---@param ctx vise.cli.Context
---@return table result
function M.layers(ctx)
  local model <close> = open_model(ctx)
  local list = core.array {}
  for _, layer in ipairs(model:layers()) do
    if layer.quantized then
      local stands_for <close> = layer.quantized:dequantize()
      local m = measure(stands_for, layer.weight)
      m.name = layer.name
      list[#list + 1] = m
    end
  end
  return { model = ctx.args.model, artefact = ctx.options.artefact, pairs = list }
end

--- The tensors that two checkpoints share by name.
---@param ctx vise.cli.Context
---@return table result
function M.tensors(ctx)
  local checkpoint = require "vise.checkpoint"
  local a = try(checkpoint.open(ctx.args.model, { variant = ctx.options.variant }))
  local b = try(checkpoint.open(ctx.options.base))
  local list, missing = core.array {}, core.array {}
  for _, name in ipairs(a:names()) do
    if not b:has(name) then
      missing[#missing + 1] = name
    else
      local x <close> = a:tensor(name)
      local y <close> = b:tensor(name)
      local shapes = { table.concat({ x:shape() }, "x"), table.concat({ y:shape() }, "x") }
      if shapes[1] ~= shapes[2] then
        try(nil, ("tensor %s is %s, in the base %s"):format(name, shapes[1], shapes[2]), "E-US-12")
      end
      local m = measure(x, y)
      m.name = name
      list[#list + 1] = m
    end
  end
  a:close()
  b:close()
  if #list == 0 then try(nil, "the two have no tensor name in common", "E-US-12") end
  return { model = ctx.args.model, base = ctx.options.base, pairs = list, missing = missing }
end

return M
