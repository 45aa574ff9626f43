--- Evaluation: how far one result is from another, and how well a model does.

local M = {}

for _, part in ipairs { "measures", "images", "perplexity", "base", "divergence", "layers", "samples" } do
  for name, f in pairs(require("vise.eval." .. part).public) do M[name] = f end
end

return M
