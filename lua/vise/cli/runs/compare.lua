--- vise runs compare: runs side by side.

-- Rows of the parameters that are not the same in all.
local function param_rows(list)
  local core, names, seen, rows = require "vise.core", {}, {}, {}
  for _, run in ipairs(list) do
    for name in pairs(run.record.params) do
      if not seen[name] then seen[name], names[#names + 1] = true, name end
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local row, differs = { name }, false
    for i, run in ipairs(list) do
      local value = run.record.params[name]
      row[i + 1] = type(value) == "table" and core.json_encode(value) or value == nil and "-" or tostring(value)
      differs = differs or row[i + 1] ~= row[2]
    end
    if differs then rows[#rows + 1] = row end
  end
  return rows
end

local function metric_rows(list)
  local number, names, seen, rows = require("vise.runs.table").number, {}, {}, {}
  for _, run in ipairs(list) do
    for _, metric in ipairs(run.record.metrics) do
      local name = tostring(metric.name)
      if not seen[name] then seen[name], names[#names + 1] = metric, name end
    end
  end
  for i, name in ipairs(names) do
    local unit = seen[name].unit
    rows[i] = { unit and ("%s, %s"):format(name, unit) or name }
    for k, run in ipairs(list) do
      local last
      for _, metric in ipairs(run.record.metrics) do
        if metric.name == name then last = metric.value end
      end
      rows[i][k + 1] = number(last)
    end
  end
  return rows
end

local function print_runs(list)
  local table_of, text = require "vise.runs.table", require "vise.text"
  local rows = { { "" }, { "recipe" }, { "status" } }
  for i, run in ipairs(list) do
    rows[1][i + 1] = run.id
    rows[2][i + 1] = ("%s %s"):format(run.record.recipe.name, run.record.recipe.version)
    rows[3][i + 1] = run.record.status
  end
  for _, row in ipairs(param_rows(list)) do rows[#rows + 1] = row end
  for _, row in ipairs(metric_rows(list)) do rows[#rows + 1] = row end
  local figures, sizes = {}, { { "bits" }, { "bytes" }, { "time" } }
  for i, run in ipairs(list) do
    figures[i] = table_of.figures(run.record)
    local cells = table_of.cells(figures[i])
    for k, row in ipairs(sizes) do row[i + 1] = cells[k + 1] end
  end
  table.move(sizes, 1, #sizes, #rows + 1, rows)
  local best, marks = table_of.pareto(figures), { "best" }
  for i in ipairs(list) do marks[i + 1] = best[i] and "*" or "" end
  if next(best) then rows[#rows + 1] = marks end
  io.stdout:write(text.table(rows))
  if next(best) then io.stdout:write "* none of the others is both better and smaller\n" end
end

return {
  name = "compare",
  summary = "runs side by side: parameters that differ, metrics, sizes, time",
  arguments = {
    { name = "id", type = "string", complete = "runs", repeatable = true,
      help = "ids of runs, their beginnings, or last" },
  },
  options = {
    { name = "runs", type = "place", value = "DIR", help = "the folder of the logs; VISE_RUNS, else ./runs" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise runs compare 20261122-1015 last", "two runs" },
  },
  run = function(ctx)
    local runs, list = require "vise.runs", {}
    for i, word in ipairs(ctx.args.id) do
      local run, message, id = runs.find(runs.place(ctx.options.runs), word)
      if not run then return nil, message, id end
      list[i] = run
    end
    if #list < 2 then return nil, "'vise runs compare' needs two runs at least", "E-US-05" end
    if ctx.options.json then
      local core = require "vise.core"
      local records = core.array {}
      for i, run in ipairs(list) do records[i] = run.record end
      io.stdout:write(core.json_encode({ schema = 1, runs = records }, 2), "\n")
    else
      print_runs(list)
    end
    return 0
  end,
}
