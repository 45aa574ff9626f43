--- The job: what a recipe's body gets.

local core = require "vise.core"
local fail = require "vise.fail"

local M = {}

---@class vise.Job
---@field params table<string, any>  The recipe's parameters, typed and complete.
---@field model vise.Model           Opened when first asked for, from --model.
---@field data string[]              The files given with --data.
---@field folder string              The recipe's own folder: what it ships lies there.
---@field out? string                The folder given with --out.
---@field expects table[]            The header's expected results.
---@field dry_run boolean            Plan only; job:quantize ends the run.
---@field results table[]            What was reported, in order.
---@field failed integer             How many expectations were not met.
---@field metrics vise.Metric[]
---@field images { name: string, png: string }[]
---@field texts { name: string, text: string }[]
---@field rows table[]               Of job:sensitivity.
---@field quantized table[]          What job:quantize did: { label, report, histograms? } each.
---@field saved table[]              What job:save wrote: { name, file, bytes } each.
---@field written string[]           Names that job:path gave out.
---@field journals string[]          Folders of calibrations block by block.
---@field resume boolean
---@field used table<string, true>   Which of model and data the body asked for.
local Job = {}
for _, part in ipairs { "output", "events", "work" } do
  for name, method in pairs(require("vise.job." .. part)) do Job[name] = method end
end

---@class vise.JobOptions
---@field params table<string, any>
---@field model? string
---@field variant? string
---@field data string[]
---@field out? string
---@field dry_run? boolean
---@field resume? boolean Goes on from the journals that an earlier run left.
---@field quiet? boolean  Nothing on stdout: what job:print says goes to stderr.
---@field folder? string  Where the recipe's assets lie, if not in its own folder.
---@field sink? vise.RunLog  Hears of lines and metrics as they come.
---@field carried? fun(): vise.Carried  What an artefact carries of the recipe.

--- Raises if no model was given to a recipe that takes one.
---@param header table
---@param path? string
function M.need_model(header, path)
  if not path then fail.try(nil, ("recipe %s needs a model: give --model DIR"):format(header.name), "E-RC-08") end
end

local function open_model(job)
  M.need_model(job.recipe.header, job.model_path)
  local model = job:open(job.model_path, { variant = job.variant })
  fail.try(require("vise.recipe.model_fit").check(job.recipe, job.params, model))
  return model
end

local metatable = {
  __index = function(job, name)
    if name == "model" then
      job.used.model = true
      job.model = open_model(job)
      return rawget(job, "model")
    elseif name == "data" then
      job.used.data = true
      return job.data_files
    end
    return Job[name]
  end,
}

-- The folder of the recipe whose body runs: of one that extends another perhaps the other's.
local function body_folder(recipe)
  return recipe.body_link and recipe.chain[recipe.body_link].folder or recipe.folder
end

--- Makes the job of a recipe.
---@param recipe vise.Recipe
---@param options vise.JobOptions
---@return vise.Job
function M.new(recipe, options)
  return setmetatable({
    recipe = recipe, folder = options.folder or body_folder(recipe), expects = recipe.header.expects or {},
    params = options.params, model_path = options.model, variant = options.variant,
    data_files = options.data, out = options.out, dry_run = options.dry_run or false,
    stream = options.quiet and io.stderr or io.stdout, sink = options.sink, carried = options.carried,
    results = core.array {}, metrics = core.array {}, failed = 0, opened = {}, images = {}, texts = {}, rows = {},
    quantized = {}, saved = {}, written = {}, used = {}, journals = {}, resume = options.resume or false,
  }, metatable)
end

--- Opens a model, and says on stderr what is odd about it; it is closed at the end of the run.
---@param path string
---@param options? table  What vise.open takes.
---@return vise.Model
function Job:open(path, options)
  local model = fail.try(require("vise").open(path, options))
  self.opened[#self.opened + 1] = model
  for _, note in ipairs(model.notes or {}) do self:log("note: %s", note) end
  return model
end

--- The journals that calibrations left which did not end: `resume` goes on from them.
---@return string[]
function Job:unfinished()
  local left = {}
  for _, path in ipairs(self.journals) do
    if core.disk.exists(path) then left[#left + 1] = path end
  end
  return left
end

local function remove_journals(job)
  for _, path in ipairs(job:unfinished()) do core.disk.remove_tree(path) end
end

local function close_all(job)
  for _, model in ipairs(job.opened) do model:close() end
end

--- Runs the body.  Models that the job opened are closed on every way out.
---@param job vise.Job
---@return true? ok
---@return string? message
---@return string? id
function M.run(job)
  local results = table.pack(xpcall(job.recipe.body, function(raised)
    -- The traceback is the recipe's own, for E-RC-07; what carries an id needs none.
    if raised == Job.DONE or type(raised) == "table" and raised.id then return raised end
    raised = tostring(raised)
    if raised:find "E%-%u%u%-%d%d: " then return raised end
    return { bug = raised, trace = fail.trace() }
  end, job))
  close_all(job)
  if results[1] then
    -- nil and a message is a failure, with an id of vise's or without.
    if results[2] ~= nil or results[3] == nil then
      remove_journals(job)
      return true
    end
    return nil, tostring(results[3]), type(results[4]) == "string" and results[4] or "E-RC-07"
  end
  local raised = results[2]
  if raised == Job.DONE then return true end
  if type(raised) == "table" and raised.id then return nil, raised.message, raised.id end
  if type(raised) == "table" and raised.bug then
    if raised.bug:find "^lua/vise/" then error({ message = raised.bug, trace = raised.trace }, 0) end
    local shown = require("vise.recipe.code").with_line(raised.bug, job.recipe.sources)
    return fail.fail("E-RC-07", "%s\n%s", shown, raised.trace)
  end
  error(raised, 0)
end

return M
