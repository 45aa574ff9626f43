--- vise stats convert: to and from importance matrices of llama.cpp.

-- Statistics of ours, or an importance matrix.
local function open(path)
  local file <close> = assert(io.open(path, "rb"))
  local start = file:read(16) or ""
  local statistics = require "vise.statistics"
  -- A safetensors file begins with the length of its header and "{".
  if start:sub(9, 9) == "{" and start:sub(1, 4) ~= "GGUF" then return statistics.open(path) end
  return statistics.from_imatrix(path)
end

local function convert(ctx)
  local try, o = require("vise.fail").try, ctx.options
  local all <close> = try(open(ctx.args.file))
  if o.to == "vise" then try(all:save(o.out)) else try(all:to_imatrix(o.out, o.to)) end
  return { schema = 1, file = o.out, form = o.to, layers = #all.layers, kinds = all.kinds }
end

return {
  name = "convert",
  summary = "an importance matrix of llama.cpp to statistics, or back",
  text = "Either form of an importance matrix is read, GGUF or the older list. Weights of the blocks of a Llama get "
    .. "the names of its layers, others only lose \".weight\". They name no model.",
  arguments = {
    { name = "file", type = "file", help = "an importance matrix, or a statistics file" },
  },
  options = {
    { name = "out", short = "o", type = "place", value = "FILE", required = true, help = "the file to write" },
    { name = "to", type = "choice", choices = { "vise", "imatrix", "imatrix-dat" }, default = "vise",
      help = "statistics, or an importance matrix: GGUF or the older form" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise stats convert model.imatrix.gguf -o stats.safetensors", "for a config's statistics" },
    { "vise stats convert stats.safetensors --to imatrix -o model.imatrix.gguf", "for llama.cpp" },
  },
  run = function(ctx)
    local result, message, id = require("vise.fail").catch(convert, ctx)
    if not result then return nil, message, id end
    local core = require "vise.core"
    if ctx.options.json then
      result.kinds = core.array(result.kinds)
      io.stdout:write(core.json_encode(result, 2), "\n")
    else
      io.stdout:write(require("vise.text").escape(("%s: %d layers"):format(result.file, result.layers)), "\n")
    end
    return 0
  end,
}
