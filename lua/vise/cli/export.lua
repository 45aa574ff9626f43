--- vise export: an artefact in another program's layout.

return {
  name = "export",
  summary = "writes an artefact in another layout",
  text = "cache-dit: the checkpoint that cache-dit's load() takes, for svdq types of one precision and rank; the "
    .. "rank is padded to a multiple of 16 and the sides of each layer to multiples of 128. What that layout cannot "
    .. "hold is refused by name, and nothing is written. vise: back from there, or a fresh copy. The artefact is "
    .. "loaded onto its base model first, so everything that loading checks is checked.",
  arguments = {
    { name = "artefact", type = "path", glob = "*.safetensors", help = "an artefact folder, or its .safetensors file" },
  },
  options = {
    { name = "model", short = "m", type = "path", value = "DIR", required = true,
      help = "the model that the artefact was made from" },
    { name = "to", type = "choice", choices = { "cache-dit", "vise" }, required = true, help = "the layout" },
    { name = "out", short = "o", type = "place", value = "DIR", required = true, help = "the folder to write" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of the model folder, such as fp16" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise export out/dit-svdq --model models/dit --to cache-dit --out out/dit-cache",
      "a checkpoint for cache-dit" },
  },
  run = function(ctx)
    local disk, out = require("vise.core").disk, ctx.options.out
    local home = disk.exists(ctx.args.artefact) == "folder" and ctx.args.artefact
      or ctx.args.artefact:match "^(.*/)[^/]*$" or "."
    if disk.exists(out) and disk.real(out) == disk.real(home) then
      return nil, ("%s is where the artefact itself lies: choose another folder"):format(out), "E-AR-13"
    end
    local options = ctx.options.variant and { variant = ctx.options.variant } or nil
    local model, message, id = require("vise.models").open(ctx.options.model, options)
    if not model then return nil, message, id end
    local loaded, saved
    loaded, message, id = require("vise.load").load(model, ctx.args.artefact)
    if loaded then
      saved, message, id = require("vise.artefact").save(model, out, { layout = ctx.options.to })
    end
    local layers = loaded and #model.quantization.layers
    model:close()
    if not saved then return nil, message, id end
    if ctx.options.json then
      io.stdout:write(require("vise.core").json_encode({ schema = 1, layout = ctx.options.to, file = saved.file,
        bytes = saved.bytes, layers = layers }, 2), "\n")
    else
      io.stdout:write(("%s: %d layers, %s\n"):format(saved.file, layers, require("vise.text").bytes(saved.bytes)))
    end
    return 0
  end,
}
