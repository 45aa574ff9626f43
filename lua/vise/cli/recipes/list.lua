--- vise recipes list: the recipes that can be run by name.

local ORIGINS = { shipped = "came with vise", user = "your own", path = "$VISE_RECIPES" }

-- A recipe's line of the list: with its header, or with what is wrong with it.
local function entry(found)
  local recipe, message, id = require("vise.recipe").read(found.folder)
  local header = recipe and recipe.header
  return { name = found.name, version = header and header.version, summary = header and header.summary,
    kind = header and header.kind, license = header and header.license, origin = found.origin, folder = found.folder,
    error = not header and { id = id, message = message } or nil }
end

-- As wide as the terminal, where there is one; a list on a pipe is whole.
local function cut(line, columns)
  local last = columns and utf8.len(line) and utf8.len(line) > columns and utf8.offset(line, columns - 2)
  return last and line:sub(1, last - 1) .. "..." or line
end

local function print_list(entries)
  local text, rows, origins = require "vise.text", {}, {}
  for i, e in ipairs(entries) do
    rows[i] = { e.name, e.version or "-", e.summary or ("broken: %s: %s"):format(e.error.id, e.error.message) }
    origins[i] = e.origin
  end
  local terminal = require("vise.terminal").of "stdout"
  local last, i = nil, 0
  for line in text.columns(rows, "  "):gmatch "[^\n]+" do
    i = i + 1
    if origins[i] ~= last then io.stdout:write(("%s%s\n"):format(last and "\n" or "", ORIGINS[origins[i]])) end
    last = origins[i]
    io.stdout:write(cut(line, terminal.tty and terminal.columns), "\n")
  end
  io.stdout:write(#entries > 0 and "\n`vise recipes show NAME` says more; `vise run NAME --model DIR` runs one.\n"
    or "no recipes are here\n")
end

local ORDER = { path = 1, user = 2, shipped = 3 }

return {
  name = "list",
  summary = "lists the recipes that can be run by name",
  text = "The recipes of $VISE_RECIPES, of your own store and of vise itself, one line each. Of several with the same "
    .. "name the first is listed, which is also the one that runs.",
  options = { { name = "json", type = "flag", help = "print the list as one JSON object" } },
  examples = {
    { "vise recipes list", "one line each" },
    { "vise recipes list --json", "for programs, with folders and licences" },
  },
  run = function(ctx)
    local core, entries = require "vise.core", {}
    for i, found in ipairs(require("vise.recipe.search").list()) do entries[i] = entry(found) end
    if ctx.options.json then
      io.stdout:write(core.json_encode({ schema = 1, recipes = core.array(entries) }, 2), "\n")
      return 0
    end
    table.sort(entries, function(a, b)
      if a.origin ~= b.origin then return ORDER[a.origin] < ORDER[b.origin] end
      return a.name < b.name
    end)
    print_list(entries)
    return 0
  end,
}
