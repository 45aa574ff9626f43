--- vise verify: whether an artefact is what was written.

local text = require "vise.text"

local function print_report(path, report)
  local rows = { { "artefact", path } }
  if report.layout then rows[#rows + 1] = { "layout", report.layout } end
  if report.quant_type then rows[#rows + 1] = { "quant type", report.quant_type } end
  if report.tensors then
    rows[#rows + 1] = { "checkpoint", ("%s, %d tensors, %s"):format(report.checkpoint:match "[^/]*$", report.tensors,
      text.bytes(report.bytes)) }
  end
  io.stdout:write(text.pairs(rows))
  for i, problem in ipairs(report.problems) do
    io.stdout:write(text.escape(("%s: %s"):format(problem.id, problem.message)), "\n")
    local after = report.problems[i + 1]
    if not after or after.id ~= problem.id then
      io.stdout:write("  next: ", require("vise.errors")[problem.id].next, "\n")
    end
  end
  if not report.ok then
    io.stdout:write(("%d problem%s\n"):format(#report.problems, #report.problems == 1 and "" or "s"))
  elseif report.hashed then
    io.stdout:write "whole: every hash agrees\n"
  else
    io.stdout:write "whole as far as can be seen: there are no hashes to compare\n"
  end
end

return {
  name = "verify",
  summary = "checks an artefact: hashes, shapes, manifest",
  text = "Looks at every byte, without the model: the manifest, the file's size and SHA-256, each tensor's dtype, "
    .. "shape, hash and values. Damage is named by tensor, and all of it is listed. The status is 65 when "
    .. "something is damaged. The layout of cache-dit has no hashes, so there only what it says is compared with "
    .. "what it holds.",
  arguments = {
    { name = "artefact", type = "path", glob = "*.safetensors", help = "an artefact folder, or its .safetensors file" },
  },
  options = {
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise verify out/dit-svdq", "after a download, or before a release" },
  },
  run = function(ctx)
    local report = require("vise.verify").verify(ctx.args.artefact)
    if ctx.options.json then
      report.schema, report.artefact = 1, ctx.args.artefact
      io.stdout:write(require("vise.core").json_encode(report, 2), "\n")
    else
      print_report(ctx.args.artefact, report)
    end
    if report.ok then return 0 end
    return require("vise.cli.failure").status(report.problems[1].id)
  end,
}
