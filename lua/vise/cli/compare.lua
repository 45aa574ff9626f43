--- vise compare: which weights of two artefacts or checkpoints differ, and by how much.

local text = require "vise.text"

local function shape_text(side)
  return side and text.shape(side.shape) or ""
end

local function pair(row, field)
  local a, b = row.a and row.a[field], row.b and row.b[field]
  if a == b or b == nil then return tostring(a) end
  return a == nil and tostring(b) or ("%s -> %s"):format(a, b)
end

local function print_result(result, all)
  local rows = { { "weight", "", "type", "shape", "bytes", "rel-L2", "max |d|" } }
  for _, row in ipairs(result.weights) do
    if all or row.state ~= "same" then
      local shapes = row.state == "other shape" and shape_text(row.a) .. " -> " .. shape_text(row.b)
        or shape_text(row.a or row.b)
      rows[#rows + 1] = { row.name, row.state, pair(row, "type"), shapes, pair(row, "bytes"),
        row.rel_l2 and ("%.3e"):format(row.rel_l2) or "", row.max_abs and ("%.3e"):format(row.max_abs) or "" }
    end
  end
  if #rows > 1 then io.stdout:write(text.table(rows)) end
  io.stdout:write(("%d weights the same, %d not; %s -> %s\n"):format(result.same, result.different,
    text.bytes(result.bytes.a), text.bytes(result.bytes.b)))
  if result.left_out > 0 then
    io.stdout:write(("%d weights are not in the artefact and were not compared\n"):format(result.left_out))
  end
end

local function plain(result)
  local finite = require "vise.finite"
  for _, row in ipairs(result.weights) do
    for _, name in ipairs { "rel_l2", "max_abs", "cosine" } do row[name] = finite.or_null(row[name]) end
  end
  return result
end

return {
  name = "compare",
  summary = "which weights of two artefacts or checkpoints differ",
  text = "Each side is an artefact or a checkpoint (a .safetensors file or a model folder). Weights of an artefact "
    .. "are what its codes and factors stand for, so a quantized model can be held against another one and against "
    .. "the float model it was made from. rel-L2 is the norm of B - A over that of A. The status is 0 when all is "
    .. "the same, 1 when something differs.",
  arguments = {
    { name = "a", type = "path", glob = "*.safetensors", help = "an artefact or a checkpoint" },
    { name = "b", type = "path", glob = "*.safetensors", help = "what to hold against it" },
  },
  options = {
    { name = "all", short = "a", type = "flag", help = "list the weights that are the same, too" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of model folders, such as fp16" },
    { name = "json", type = "flag", help = "print one JSON object" },
    { name = "html", type = "place", value = "FILE", help = "write a page to look at, too" },
  },
  examples = {
    { "vise compare out/int4 out/svdq", "two artefacts of one model" },
    { "vise compare models/dit out/svdq --variant fp16", "what quantization changed" },
  },
  run = function(ctx)
    local options = ctx.options.variant and { variant = ctx.options.variant } or nil
    local result, message, id = require("vise.compare").compare(ctx.args.a, ctx.args.b, options)
    if not result then return nil, message, id end
    if ctx.options.html then
      local document = require("vise.html.documents").of_comparison(ctx.args.a, ctx.args.b, result)
      local ok
      ok, message, id = require("vise.html").write(ctx.options.html, document)
      if not ok then return nil, message, id end
    end
    if ctx.options.json then
      result.schema, result.a, result.b = 1, ctx.args.a, ctx.args.b
      io.stdout:write(require("vise.core").json_encode(plain(result), 2), "\n")
    else
      print_result(result, ctx.options.all)
    end
    return result.different > 0 and 1 or 0
  end,
}
