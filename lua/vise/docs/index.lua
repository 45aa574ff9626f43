--- The descriptions as data: `vise help --json`.

local cli = require "vise.cli"
local core = require "vise.core"

local M = {}

-- An option or an argument, without what only completion reads.
local function plain(spec)
  return { name = spec.name, type = spec.type, help = spec.help, short = spec.short, value = spec.value,
    default = spec.default, min = spec.min, max = spec.max, choices = spec.choices and core.array(spec.choices),
    optional = spec.optional, repeatable = spec.repeatable, required = spec.required }
end

local function list_of(items, map)
  local list = core.array {}
  for i, item in ipairs(items) do list[i] = map(item) end
  return list
end

--- All of it.
---@return table
function M.all()
  local describe = require "vise.describe"
  return {
    schema = 1,
    vise = require "vise.version",
    commands = list_of(cli.paths(), function(path)
      local command = cli.command(path)
      return { name = path, summary = command.summary, text = command.text,
        arguments = list_of(command.arguments, plain), options = list_of(command.options, plain),
        examples = list_of(command.examples, function(e) return { line = e[1], text = e[2] } end) }
    end),
    environment = list_of(require "vise.cli.environment", function(row) return { names = row[1], text = row[2] } end),
    statuses = list_of(require("vise.cli.failure").meanings, function(row)
      return { status = row[1], text = row[2] }
    end),
    lua = list_of(describe.parts, function(name)
      local part = describe.reference(name)
      return { name = part.name, kind = part.kind, summary = part.summary,
        functions = list_of(part.functions, function(fn) return describe.full_name(part, fn) end) }
    end),
  }
end

return M
