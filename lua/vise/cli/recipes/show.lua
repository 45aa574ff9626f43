--- vise recipes show: what a recipe is, takes and promises.

local MAX_RESULTS = 12

local function write_section(title, rows)
  if #rows == 0 then return end
  io.stdout:write("\n", title, "\n", require("vise.text").columns(rows, "  "))
end

-- Name and words, folded to the page: long words go on below themselves.
local function write_facts(rows)
  local text, left = require "vise.text", 0
  for _, row in ipairs(rows) do left = math.max(left, #row[1]) end
  for _, row in ipairs(rows) do
    local folded = text.wrap(text.escape(row[2]), text.page_width(), (" "):rep(left + 4))
    io.stdout:write("  ", row[1], (" "):rep(left + 2 - #row[1]), (folded:gsub("^%s+", "")), "\n")
  end
end

local function write_params(specs)
  local text, summary = require "vise.text", require "vise.recipe.summary"
  local usual, advanced = summary.params(specs)
  if #usual > 0 then io.stdout:write "\nparameters\n" end
  for _, row in ipairs(usual) do
    io.stdout:write(("  %s: %s, %s\n"):format(row[1], text.escape(row[2]), text.escape(row[3])))
    io.stdout:write(text.wrap(text.escape(row[4]), text.page_width(), "      "), "\n")
  end
  if #advanced > 0 then
    io.stdout:write(("  %d more for experts: `vise recipes params` lists them\n"):format(#advanced))
  end
end

local function write_results(header)
  local summary, rows = require "vise.recipe.summary", {}
  for i, e in ipairs(header.expects or {}) do
    if i <= MAX_RESULTS then rows[i] = { summary.expectation(e) } end
  end
  local more = #(header.expects or {}) - #rows
  if more > 0 then rows[#rows + 1] = { ("and %d more"):format(more) } end
  write_section("a run with the defaults reaches", rows)
end

-- The figures of an entry of expected.json; whatever is none is left out, for the file may be anyone's.
local function figures_of(entry)
  local function number(v)
    return type(v) == "number" and v - v == 0 and v or nil
  end
  local metric = entry.metrics[1]
  local fits = type(metric) == "table" and type(metric.name) == "string" and number(metric.value)
  return { metric = fits and { name = metric.name, value = metric.value,
    unit = type(metric.unit) == "string" and metric.unit or nil }, bits = number(entry.bits_per_weight),
    bytes = math.tointeger(entry.bytes), seconds = number(entry.seconds) }
end

-- What `vise recipes record` measured, a line for each model and set of parameters.
local function write_recorded(recipe)
  local recorded, rows = require("vise.recipe.expected").read(recipe.folder), {}
  for i, e in ipairs(recorded or {}) do
    if i <= MAX_RESULTS then
      rows[i] = { type(e.model_name) == "string" and e.model_name or "no model",
        table.unpack(require("vise.runs.table").cells(figures_of(e))) }
    end
  end
  local more = #(recorded or {}) - #rows
  if #rows > 0 then table.insert(rows, 1, { "model", "metric", "bits", "bytes", "time" }) end
  if more > 0 then rows[#rows + 1] = { ("and %d more in expected.json"):format(more) } end
  write_section("recorded results", rows)
end

local function how_to_run(recipe, name)
  local rows, header = {}, recipe.header
  local shown = require("vise.text").escape(name)
  local needs_model = not header.inputs or header.inputs.model
  local call = ("vise run %s%s"):format(shown, needs_model and " --model DIR" or "")
  rows[1] = { call .. " --dry-run", "what would be done" }
  rows[2] = { call .. " --out OUT", "does it" }
  local first = require("vise.recipe.shape").keys(header.params or {})[1]
  if first then rows[3] = { ("vise recipes params %s"):format(shown), "what can be set with -p" } end
  return rows
end

local function print_recipe(recipe, name)
  local text, summary = require "vise.text", require "vise.recipe.summary"
  local header = recipe.header
  io.stdout:write(("%s: %s\n\n"):format(header.name, text.escape(header.summary)))
  write_facts(summary.rows(recipe))
  write_params(header.params or {})
  local papers = {}
  for i, paper in ipairs(header.papers or {}) do papers[i] = { paper } end
  write_section("papers", papers)
  write_results(header)
  write_recorded(recipe)
  write_section("how to run it", how_to_run(recipe, name))
  io.stdout:write(("\nfiles in %s\n"):format(text.escape(recipe.folder)))
  io.stdout:write(text.wrap(text.escape(table.concat(summary.files(recipe), "  ")), text.page_width(), "  "), "\n")
  if recipe.find "README.md" then io.stdout:write(("read %s\n"):format(text.escape(recipe.find "README.md"))) end
end

-- The recipe as plain data.
local function plain(recipe)
  local core, chain = require "vise.core", {}
  for i, link in ipairs(recipe.chain) do
    chain[i] = { name = link.header.name, version = link.header.version, folder = link.folder }
  end
  return { schema = 1, folder = recipe.folder, header = recipe.header, chain = core.array(chain),
    files = core.array(require("vise.recipe.summary").files(recipe)) }
end

return {
  name = "show",
  summary = "shows what a recipe is, takes and promises",
  text = "The header of a recipe with what it inherits: its parameters, papers, expected results and files, and how "
    .. "to run it. Nothing of the recipe is run.",
  arguments = { { name = "recipe", type = "place", complete = "recipes", help = "a recipe's name or folder" } },
  options = { { name = "json", type = "flag", help = "print it as one JSON object" } },
  examples = {
    { "vise recipes show svdq", "all about one recipe" },
    { "vise recipes show ./my-recipe --json", "the same for programs" },
  },
  run = function(ctx)
    local recipe, message, id = require("vise.recipe").read(ctx.args.recipe)
    if not recipe then return nil, message, id end
    if ctx.options.json then
      io.stdout:write(require("vise.core").json_encode(plain(recipe), 2), "\n")
    else
      print_recipe(recipe, ctx.args.recipe)
    end
    return 0
  end,
}
