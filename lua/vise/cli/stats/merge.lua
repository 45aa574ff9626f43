--- vise stats merge: shards of one calibration, as one file.

local function merge(ctx)
  local try = require("vise.fail").try
  local all <close> = try(require("vise.statistics").merge(ctx.args.files))
  local sha256 = try(all:save(ctx.options.out))
  local parts, of = all:parts()
  return { schema = 1, file = ctx.options.out, sha256 = sha256, files = #ctx.args.files, parts = parts, of_parts = of }
end

return {
  name = "merge",
  summary = "shards of one calibration as one file",
  text = "The same bytes in whatever order the shards are named. Those of another model, of other data, layers or "
    .. "kinds are refused, and so is a shard that comes twice.",
  arguments = {
    { name = "files", type = "file", repeatable = true, glob = "*.safetensors", help = "the shards" },
  },
  options = {
    { name = "out", short = "o", type = "place", value = "FILE", required = true, help = "the file to write" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise stats merge half-2.safetensors half-1.safetensors -o stats.safetensors", "two shards" },
  },
  run = function(ctx)
    local result, message, id = require("vise.fail").catch(merge, ctx)
    if not result then return nil, message, id end
    if ctx.options.json then
      io.stdout:write(require("vise.core").json_encode(result, 2), "\n")
    else
      io.stdout:write(require("vise.text").escape(("%s: %d files, %d of %d parts of the data"):format(result.file,
        result.files, result.parts, result.of_parts)), "\n")
    end
    return 0
  end,
}
