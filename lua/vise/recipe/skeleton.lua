--- A new recipe package: few files that pass `vise recipes check` as they are.

local core = require "vise.core"
local fail = require "vise.fail"
local folders = require "vise.folder"
local headers = require "vise.recipe.header"
local paths = require "vise.paths"
local recipes = require "vise.recipe"
local text = require "vise.text"

local M = {}

local HEADER = [[
-- What this recipe is: data, never run.  docs/recipes.md describes the fields.
{
  name    = "%s",
  version = "0.1.0",
  api     = %d,
  summary = "%s",
  authors = { "%s" },
  license = "%s",
  kind    = "quantizer",
%s}
]]

local OWN_FIELDS = [[
  params  = {
    quant_type = { type = "choice", default = "int8_per_row",
                   choices = { "int8_per_row", "int8_weight_only", "float8_per_row" },
                   help = "what the weights become" },
    exclude    = { type = "patterns", default = {}, help = "layers to leave in float" },
  },
  inputs  = { model = "a folder of a model family, or a .safetensors file of bare weights" },
  outputs = { formats = { "vise" } },
]]

local EXTENDED_FIELDS = [[
  extends = "%s",
  -- Parameters of the other recipe keep what is not said here:
  -- params = { bits = { default = 4 } },
]]

local BODY = [[
-- What this recipe does.  It sees `job`, the public `vise` and its own lib/, as require "lib.NAME".

return function(job)
  local p = job.params
  job:standard({ quant_type = p.quant_type, exclude = p.exclude }, { "quant_type" })
end
]]

local README = [[
# %s

%s

    vise run %s --model DIR --out OUT

What it is for, and what not: say it here.

%s]]

local OWN_README = [[
## Parameters

- `quant_type`: what the weights become.
- `exclude`: patterns of layers that stay in float.
]]

local TEST = [[
-- `vise recipes check` runs this.  t:run runs the recipe on a small model that comes with vise.

return function(t)
  local planned = t:run { model = "llama", dry_run = true }
  t:equal(planned.failed, 0, "unmet expectations")
end
]]

-- Of the licences that can be chosen: the name in the header, and the text.
local LICENSES = {
  MIT = [[
MIT License

Copyright (c) %s the authors of %s

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
]],
  ["0BSD"] = [[
BSD Zero Clause License

Copyright (c) %s the authors of %s

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.
]],
  ["LicenseRef-proprietary"] = "Copyright (c) %s the authors of %s. All rights reserved.\n",
}

--- The licences that can be chosen, the first by default.
M.licenses = { "MIT", "0BSD", "LicenseRef-proprietary" }

-- For the Lua language server: the globals of a recipe, and the stubs where they are installed.
local function luarc()
  local share = paths.share()
  local stubs = share and share .. "/library"
  return core.json_encode({
    ["runtime.version"] = "Lua 5.4",
    ["diagnostics.globals"] = core.array { "vise" },
    ["workspace.library"] = core.array { stubs and core.disk.exists(stubs) and stubs or nil },
  }, 2) .. "\n"
end

---@class vise.SkeletonOptions
---@field extends? string   The recipe to start from: a name or a folder.
---@field license? string   One of M.licenses.
---@field summary? string
---@field author? string

-- The files of a recipe that extends another.
local function extending(base)
  local header = base.header
  return EXTENDED_FIELDS:format(header.name .. "@" .. header.version),
    ("It is %s %s with other defaults.\n"):format(header.name, header.version)
end

local function files_of(name, options)
  local base = options.extends and fail.try(recipes.read(options.extends))
  local fields, about = OWN_FIELDS, OWN_README
  if base then fields, about = extending(base) end
  local license = options.license or M.licenses[1]
  local summary = options.summary or (base and "changes " .. base.header.name or "one line on what it does")
  local author = options.author or os.getenv "USER" or "somebody"
  local files = {
    ["header.lua"] = HEADER:format(name, headers.API, summary, author:gsub('[%c"\\]', ""), license, fields),
    ["README.md"] = README:format(name, summary, name, about),
    ["LICENSE"] = LICENSES[license]:format(os.date "%Y", name),
    ["test/basic.lua"] = TEST,
    [".luarc.json"] = luarc(),
  }
  if not base then files["recipe.lua"] = BODY end
  return files
end

local function make(folder, options)
  folder = folder:gsub("(.)/+$", "%1")
  local name, shown = folder:match "[^/]+$" or "", text.escape(folder)
  if not name:find "^[%l%d][%l%d-]*$" or #name > 64 then
    fail.try(nil, ("%s: a recipe's name is lower-case words joined by '-'"):format(shown), "E-RC-23")
  end
  if core.disk.exists(folder) then fail.try(nil, shown .. " is there already", "E-RC-23") end
  local list = {}
  for path, bytes in pairs(files_of(name, options)) do list[#list + 1] = { name = path, bytes = bytes } end
  table.sort(list, function(a, b) return a.name < b.name end)
  fail.try(folders.make_parents(folder))
  fail.try(folders.put(folder, list))
  return list
end

--- Makes a package in a folder that is not there yet, and which gives it its name.
---@param folder string
---@param options vise.SkeletonOptions
---@return { name: string, bytes: string }[]? files
---@return string? message
---@return string? id
function M.make(folder, options)
  return fail.catch(make, folder, options)
end

return M
