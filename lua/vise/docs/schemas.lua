--- The JSON schemas of everything that is JSON.

local core = require "vise.core"
local forms = require "vise.forms"
local schema = require "vise.forms.schema"

local M = {}

---@return vise.docs.File[]
function M.files()
  local list = {}
  local function add(name, form, title)
    local data = form.schema and form.schema() or schema.of(form, title)
    list[#list + 1] = { name .. ".schema.json", assert(core.json_encode(data, 2)) .. "\n" }
  end
  for _, path in ipairs(forms.commands()) do
    local form = forms.of(path)
    if form then add("vise-" .. path:gsub(" ", "-"), form, ("vise %s --json"):format(path)) end
  end
  for _, form in ipairs(forms.files()) do add(form.name, form, form.title) end
  return list
end

return M
