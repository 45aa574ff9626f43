--- Before a run: the recipe, its parameters, and hashes of all that it is made from.

local core = require "vise.core"
local fail = require "vise.fail"
local folders = require "vise.folder"
local inputs = require "vise.runs.inputs"
local locks = require "vise.recipe.lock"
local packages = require "vise.recipe.package"
local resolved_params = require "vise.recipe.resolved"
local store = require "vise.recipe.store"

local disk = core.disk
local try = fail.try

local M = {}

---@class vise.RunRequest
---@field recipe string            A folder or a name.
---@field given? { [1]: string, [2]: string }[]  Parameters as text.
---@field values? table<string, any>  Or all their values, of one point of a sweep.
---@field model? string
---@field variant? string
---@field data string[]
---@field out? string
---@field place? string            Of the log; nil for none.
---@field own_out? boolean         Results go into the run's own folder.
---@field dry_run? boolean
---@field resume? boolean          Goes on from the journals that an earlier run left.
---@field quiet? boolean
---@field locked? boolean
---@field label? string            Of a point of a sweep.
---@field command? string[]        The words that began it.

---@class vise.Prepared : vise.RunRequest
---@field opened vise.Recipe
---@field resolved vise.Resolved
---@field specs table<string, vise.RecipeParam>  Their defaults as params.json has them.
---@field package? vise.Package

-- The descriptions of the parameters, with the values of params.json as defaults.
local function specs_of(recipe, resolved)
  local specs = {}
  for name, spec in pairs(recipe.header.params or {}) do specs[name] = spec end
  for name, value in pairs(resolved.params) do
    local where = core.escape(recipe.folder) .. "/params.json"
    if not specs[name] then
      try(nil, ("%s: the recipe has no parameter '%s'"):format(where, core.escape(name)), "E-PK-10")
    end
    local copy = {}
    for key, field in pairs(specs[name]) do copy[key] = field end
    copy.default, copy.required = value, nil
    local problem = require("vise.recipe.params").problem(name, copy, recipe.header.params)
    if problem then try(nil, ("%s: %s"):format(where, problem), "E-PK-10") end
    specs[name] = copy
  end
  return specs
end

-- What params.json names stands for what the command line does not.
local function complete_paths(p)
  local from = p.resolved
  if not p.model and from.model then
    if not disk.exists(from.model) then
      try(nil, ("%s was run on model %s, which is not here: say where it lies"):format(core.escape(p.opened.folder),
        core.escape(from.model)), "E-RC-08")
    end
    p.model = from.model
  end
  p.variant = p.variant or from.variant
  if #p.data == 0 then p.data = from.data end
  for _, path in ipairs(p.data) do
    if not disk.exists(path) then try(nil, ("data file %s is not here"):format(core.escape(path)), "E-US-06") end
  end
end

-- Under a lock nothing of a recipe is loaded before its files are known to be those of the lock.
local function hold_files(name)
  local recipe = try(require("vise.recipe").read(name))
  try(locks.hold_files(try(locks.read(recipe.folder)), { package = try(packages.read(recipe.folder)),
    extends = try(packages.bases(recipe.chain)) }))
end

local function read_recipe(request)
  local p = {}
  for key, value in pairs(request) do p[key] = value end
  if p.locked then hold_files(p.recipe) end
  p.opened = try(require("vise.recipe").open(p.recipe))
  p.resolved = try(resolved_params.read(p.opened.folder))
  p.specs = specs_of(p.opened, p.resolved)
  complete_paths(p)
  return p
end

--- Reads the recipe and what its params.json says; the values are not there yet.
---@param request vise.RunRequest
---@return vise.Prepared? prepared
---@return string? message
---@return string? id
function M.read(request)
  return fail.catch(read_recipe, request)
end

-- Names of model and data as the person wrote them; under a lock those of params.json, whose files the
-- lock has proved to be the same.
local function named_as(p)
  local from = p.locked and p.resolved or {}
  return { params = p.values, model = from.model or p.model, variant = p.variant,
    data = from.data and #from.data == #p.data and from.data or p.data }
end

--- Fills in package, hashes and lock: what the log, the artefacts and --locked need.  Raises.
---@param p vise.Prepared  With its values.
function M.identify(p)
  p.package = try(packages.read(p.opened.folder))
  packages.check_place(p.package, p.out, "--out")
  packages.check_place(p.package, p.place, "--runs")
  p.home = try(store.home(p.package))
  local link = p.opened.body_link
  p.body_home = link > 1 and try(store.home(p.opened.extends[link - 1])) or p.home
  p.bytes = packages.contents(p.package)
  for _, base in ipairs(p.opened.extends) do
    for _, file in ipairs(packages.contents(base)) do
      local own = file.name == packages.LOCK or file.name == packages.PARAMS
      if not own then p.bytes[#p.bytes + 1] = { name = packages.base_name(base) .. file.name, bytes = file.bytes } end
    end
  end
  p.model_files = p.model and try(inputs.model(p.model, p.variant)) or nil
  p.data_files = try(inputs.data(p.data))
  p.engine = inputs.engine()
  p.params_text = resolved_params.text(named_as(p), p.specs)
  p.plain_params = core.json_decode(p.params_text).params
  -- What is here, with the params.json that lies in the package: what --locked compares.
  local about = { package = p.package, assets = p.home, params = p.plain_params, model = p.model_files,
    data = p.data_files, engine = p.engine, extends = p.opened.extends }
  if p.locked then try(locks.hold(try(locks.read(p.opened.folder)), locks.make(about), p.opened.folder)) end
  p.about, p.lock_text = about, locks.text(locks.make(about, p.params_text))
end

--- Writes the lock of a recipe as it would run now.
---@param request vise.RunRequest
---@return { lock: table, text: string, path: string }?
---@return string? message
---@return string? id
function M.lock(request)
  return fail.catch(function()
    local p = read_recipe(request)
    p.values = try(require("vise.recipe.params").values(p.specs, p.given))
    M.identify(p)
    local path = p.opened.folder .. "/" .. packages.LOCK
    local lock = locks.make(p.about)
    local text = locks.text(lock)
    try(folders.replace(path, text))
    return { lock = lock, text = text, path = path }
  end)
end

--- The files that artefacts and runs carry of the recipe.
---@param p vise.Prepared
---@return { name: string, bytes: string }[]  Below recipe/.
function M.carried_files(p)
  local files = {}
  for _, file in ipairs(p.bytes) do
    if file.name ~= packages.LOCK and file.name ~= packages.PARAMS then
      files[#files + 1] = { name = folders.RECIPE .. "/" .. file.name, bytes = file.bytes }
    end
  end
  files[#files + 1] = { name = ("%s/%s"):format(folders.RECIPE, packages.LOCK), bytes = p.lock_text }
  files[#files + 1] = { name = ("%s/%s"):format(folders.RECIPE, packages.PARAMS), bytes = p.params_text }
  return files
end

--- The same with what the manifest says of it.
---@param p vise.Prepared
---@return vise.Carried
function M.carried(p)
  return {
    about = { name = p.package.name, version = p.package.version, package = p.package.hash,
      lock_sha256 = try(core.sha256(p.lock_text)) },
    files = M.carried_files(p),
  }
end

--- A path that still means the same from another folder.
---@param path string?
---@return { given: string, path: string }?
function M.located(path)
  return path and { given = path, path = disk.real(path) or path }
end

--- What run.json says before the run.
---@param p vise.Prepared
---@return table
function M.record(p)
  local data = core.array {}
  for i, file in ipairs(p.data_files) do
    data[i] = M.located(p.data[i])
    data[i].file, data[i].bytes, data[i].sha256 = file.file, file.bytes, file.sha256
  end
  local model = M.located(p.model)
  if model then model.variant, model.files = p.variant, p.model_files.files end
  return {
    vise = require "vise.version", command = core.array(p.command or {}), label = p.label,
    recipe = { name = p.package.name, version = p.package.version, package = p.package.hash, from = p.opened.folder,
      path = disk.real(p.opened.folder) },
    params = p.plain_params, model = model, data = data, engine = p.engine,
    threads = core.threads(), cpu = require("vise.host").cpu(), locked = p.locked or false,
    metrics = core.array {}, quantized = core.array {}, artefacts = core.array {}, outputs = core.array {},
    results = core.array {}, failed = 0,
  }
end

return M
