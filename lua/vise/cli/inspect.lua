--- vise inspect: what is in a file or a folder.

local text = require "vise.text"

local MANY = 40                  -- tensors; more of them are shown as a tree
local BINS = 32                  -- of a histogram as data
local MAP_ROWS, MAP_COLUMNS = 32, 64 -- of a heat map as data

local function print_json(object)
  io.stdout:write(require("vise.core").json_encode(object, 2), "\n")
  return 0
end

-- Counts tensors by type, and their bytes.
local function new_totals()
  local counts, types, bytes, n = {}, {}, 0, 0
  local function add(info)
    if not counts[info.dtype] then types[#types + 1] = info.dtype end
    counts[info.dtype], bytes, n = (counts[info.dtype] or 0) + 1, bytes + info.bytes, n + 1
  end
  local function line()
    table.sort(types)
    for i, name in ipairs(types) do types[i] = ("%d %s"):format(counts[name], name) end
    return ("%d tensors (%s), %s\n"):format(n, table.concat(types, ", "), text.bytes(bytes))
  end
  return add, line
end

local function print_flat(checkpoint, names, add)
  local rows = { { "tensor", "dtype", "shape", "bytes" } }
  for i, name in ipairs(names) do
    local info = checkpoint:info(name)
    rows[i + 1] = { name, info.dtype, text.shape(info.shape), info.bytes }
    add(info)
  end
  io.stdout:write(text.table(rows))
  return true
end

local function print_tree(checkpoint, names, add)
  local tree, i = require "vise.inspect.tree", 0
  io.stdout:write(tree.text(tree.fold(function()
    i = i + 1
    if not names[i] then return nil end
    local info = checkpoint:info(names[i])
    add(info)
    return names[i], info
  end)))
  return true
end

-- Two lines a tensor, each as soon as it is known.
local function print_statistics(checkpoint, names, add)
  local survey = require "vise.inspect.survey"
  local bar <close> = require("vise.progress").new("read", #names, "tensors")
  for _, name in ipairs(names) do
    local info = checkpoint:info(name)
    local s, message, id = survey.statistics(checkpoint, name, info.dtype)
    if not s and message then return nil, message, id end
    bar:hide()
    add(info)
    io.stdout:write(("%s  %s %s  %s\n  %s\n"):format(text.escape(name), info.dtype, text.shape(info.shape),
      text.bytes(info.bytes), s and survey.statistics_line(s) or "no statistics of this type"))
    bar:step()
  end
  return true
end

-- One tensor as a picture or, for a program, as its numbers.
local function tensor_of(checkpoint, name)
  local t, message, id = require("vise.inspect.survey").tensor(checkpoint, name)
  if not t then return nil, message, id end
  return t, ("%s  %s %s"):format(text.escape(name), t:dtype(), text.shape { t:shape() })
end

local function histogram(ctx, checkpoint, name)
  local t <close>, title, problem = tensor_of(checkpoint, name)
  if not t then return nil, title, problem end
  if not ctx.options.json then
    io.stdout:write(require("vise.plot").histogram(t, { title = title }))
    return 0
  end
  local s, message, id = t:statistics()
  if not s then return nil, message, id end
  local lo, hi = s.min, s.max
  if lo == hi then lo, hi = lo - 0.5, lo + 0.5 end
  local counts, problem_of, id_of = t:histogram(lo, hi, BINS)
  if not counts then return nil, problem_of, id_of end
  local finite = require "vise.finite"
  for key, v in pairs(s) do s[key] = finite.or_null(v) end
  return print_json { schema = 1, name = name, dtype = t:dtype(), lo = finite.or_null(lo), hi = finite.or_null(hi),
    counts = require("vise.core").array(counts), statistics = s }
end

local function heatmap(ctx, checkpoint, name)
  local t <close>, title, problem = tensor_of(checkpoint, name)
  if not t then return nil, title, problem end
  if not ctx.options.json then
    io.stdout:write(require("vise.plot").heatmap(t, { title = title }))
    return 0
  end
  local shape = { t:shape() }
  local columns = shape[#shape] or 1
  local rows = columns > 0 and t:count() // columns or 0
  if rows == 0 then return require("vise.fail").fail("E-TN-09", "tensor %s has no elements", text.escape(name)) end
  local map <close>, message, id = t:blocks(math.min(rows, MAP_ROWS), math.min(columns, MAP_COLUMNS))
  if not map then return nil, message, id end
  local finite, values, high, wide = require "vise.finite", map:totable(), map:shape()
  for i, v in ipairs(values) do values[i] = finite.or_null(v) end
  return print_json { schema = 1, name = name, dtype = t:dtype(), what = "absmax", rows = high, columns = wide,
    values = require("vise.core").array(values) }
end

local function as_data(ctx, checkpoint, names, manifest)
  local list, bytes, id = require("vise.inspect.survey").list(checkpoint, names, ctx.options.stats)
  if not list then return nil, bytes, id end
  local finite = require "vise.finite"
  for _, info in ipairs(list) do
    for name, v in pairs(info.statistics or {}) do info.statistics[name] = finite.or_null(v) end
  end
  return print_json { schema = 1, path = ctx.args.path, tensors = list, bytes = bytes, manifest = manifest }
end

-- The tensors as a page.
local function as_page(ctx, checkpoint, names, manifest)
  local list, bytes, id = require("vise.inspect.survey").list(checkpoint, names, ctx.options.stats)
  if not list then return nil, bytes, id end
  local document = require("vise.html.documents").of_tensors(ctx.args.path, list, manifest)
  local ok, message, why = require("vise.html").write(ctx.options.html, document)
  if not ok then return nil, message, why end
  return 0
end

local function inspect(ctx, checkpoint, manifest)
  local given = ctx.options
  if given.histogram then return histogram(ctx, checkpoint, given.histogram) end
  if given.heatmap then return heatmap(ctx, checkpoint, given.heatmap) end
  local names, message, id = require("vise.inspect.survey").names(checkpoint, given.match, given.sort)
  if not names then return nil, message, id end
  if given.html then return as_page(ctx, checkpoint, names, manifest) end
  if given.json then return as_data(ctx, checkpoint, names, manifest) end
  local about = require "vise.inspect.about"
  if manifest then io.stdout:write(about.manifest_text(manifest), "\n") end
  local show = print_flat
  if given.stats then
    show = print_statistics
  elseif #names > MANY and not given.list and given.sort == "file" then
    show = print_tree
  end
  local add, line = new_totals()
  local shown
  shown, message, id = show(checkpoint, names, add)
  if not shown then return nil, message, id end
  io.stdout:write(line())
  return 0
end

local function inspect_recipe(ctx, header, path)
  if ctx.options.json then return print_json { schema = 1, path = ctx.args.path, recipe = header } end
  io.stdout:write(require("vise.inspect.about").recipe_text(header, path))
  return 0
end

return {
  name = "inspect",
  summary = "tensors, types, sizes and statistics of a file or folder",
  text = "A .safetensors file, a model folder, an artefact or a recipe. Many tensors are shown as a tree in which "
    .. "blocks that repeat are folded; --list has a line for each. Nothing is read but the headers, unless "
    .. "statistics or a picture are asked for. Statistics are those of the finite elements.",
  arguments = {
    { name = "path", type = "path", glob = "*.safetensors",
      help = "a .safetensors file, a model folder, an artefact or a recipe" },
  },
  options = {
    { name = "stats", short = "s", type = "flag", help = "min, mean, max, std, zeros, elements not finite" },
    { name = "histogram", short = "H", type = "string", value = "NAME", complete = "tensors",
      help = "how the values of one tensor lie" },
    { name = "heatmap", type = "string", value = "NAME", complete = "tensors",
      help = "where the large values of one tensor lie" },
    { name = "match", short = "m", type = "string", value = "GLOB", repeatable = true,
      help = "only tensors of such names" },
    { name = "sort", type = "choice", choices = { "file", "name", "size" }, default = "file",
      help = "the order of the tensors" },
    { name = "list", short = "l", type = "flag", help = "a line for each of many tensors" },
    { name = "variant", type = "string", value = "NAME", help = "the variant of a model folder, such as fp16" },
    { name = "html", type = "place", value = "FILE", help = "write the tensors as a page that can be searched" },
    { name = "json", type = "flag", help = "print one JSON object" },
  },
  examples = {
    { "vise inspect model.safetensors --stats", "every tensor with its statistics" },
    { "vise inspect models/llama --match '*.q_proj.*'", "some tensors of a model" },
    { "vise inspect out/dit-int8", "an artefact: its manifest in short, and its tensors" },
    { "vise inspect model.safetensors -H lm_head.weight", "how the values of a tensor lie" },
  },
  run = function(ctx)
    local about = require "vise.inspect.about"
    local path = ctx.args.path:gsub("(.)/+$", "%1")
    local manifest, message, id = about.manifest(path)
    if not manifest and message then return nil, message, id end
    if not manifest then
      local header
      header, message, id = about.recipe(path)
      if header then return inspect_recipe(ctx, header, path) end
      if message then return nil, message, id end
    end
    local file = manifest and type(manifest.checkpoint) == "table" and manifest.checkpoint.file
    if type(file) == "string" and not file:find("/", 1, true) then path = path .. "/" .. file end
    local checkpoint
    checkpoint, message, id = require("vise.checkpoint").open(path, { variant = ctx.options.variant })
    if not checkpoint then return nil, message, id end
    for _, note in ipairs(checkpoint.notes) do io.stderr:write("note: ", text.escape_lines(note), "\n") end
    local status
    status, message, id = inspect(ctx, checkpoint, manifest)
    checkpoint:close()
    return status, message, id
  end,
}
