--- Packages: what belongs to a recipe's folder, with a hash of each file and one of the whole.
---
--- Every regular file belongs to it, in folders too, but for names that begin with a dot and for runs/ and
--- out/, where results of a run in the folder itself would be.  The files of `assets` in the header are
--- hashed and not copied, and extends/ holds other packages.  The package's hash is over names, sizes and
--- hashes of the other files, without lock.json and params.json: those say how it is run, not what it is.

local core = require "vise.core"
local fail = require "vise.fail"
local literals = require "vise.recipe.literals"

local disk = core.disk

local M = {
  EXTENDS = "extends", LOCK = "lock.json", PARAMS = "params.json", EXPECTED = "expected.json",
  RESULTS = { runs = true, out = true },
  MOST_BYTES = 10 << 20, MOST_FILES = 1000, LONGEST_NAME = 100, DEEPEST = 8,
}

---@class vise.PackageFile
---@field name string     Below the package's folder.
---@field bytes integer
---@field sha256 string

---@class vise.Package
---@field folder string
---@field name string
---@field version string
---@field summary string
---@field header table           As parsed; vise.recipe checks it.
---@field files vise.PackageFile[]   Sorted by name, without assets.
---@field assets string[]        Their files' names; empty where they are not here.
---@field bundled string[]       Names of the files in extends/.
---@field declared string[]      The header's `assets`.
---@field hash string

--- What is wrong with the name of a file in a package or an archive.
---@param name string
---@return string? problem
function M.name_problem(name)
  if name == "" then return "an empty name" end
  if #name > M.LONGEST_NAME then return ("a name of %d bytes, expected %d at most"):format(#name, M.LONGEST_NAME) end
  if name:find "^/" then return "an absolute name" end
  if name:find "[%c\\]" or not utf8.len(name) then return "a name with control characters or backslashes" end
  local depth = 0
  for part in (name .. "/"):gmatch "([^/]*)/" do
    if part == "" or part == "." or part == ".." then return "a name with '..', '.' or '//'" end
    depth = depth + 1
  end
  if depth > M.DEEPEST then return ("a name %d folders deep, expected %d at most"):format(depth, M.DEEPEST) end
  return nil
end

-- The absolute name of a path that need not be there.
local function real_of(path)
  local rest = ""
  while not disk.exists(path) do
    local parent, name = path:match "^(.*)/([^/]+)/*$"
    rest = "/" .. (name or path) .. rest
    path = parent == "" and "/" or parent or "."
  end
  return (fail.try(disk.real(path)):gsub("^/$", "")) .. rest
end

--- Refuses a place for results that would become part of a package.
---@param package vise.Package
---@param place string?
---@param option string  Named in the message.
function M.check_place(package, place, option)
  local home, path = fail.try(disk.real(package.folder)), place and real_of(place)
  if not path or (path .. "/"):sub(1, #home + 1) ~= home .. "/" then return end
  local top = path:match("^[^/]+", #home + 2)
  if top and (M.RESULTS[top] or top:sub(1, 1) == ".") then return end
  fail.try(nil, ("%s %s lies in the recipe's own folder, which every result carries"):format(option,
    core.escape(place)), "E-PK-11")
end

--- Whether a name is one of `listed`, or lies in a folder that is.
---@param name string
---@param listed string[]
---@return boolean
function M.is_below(name, listed)
  for _, top in ipairs(listed) do
    if name == top or name:sub(1, #top + 1) == top .. "/" then return true end
  end
  return false
end

-- Notes a name and the folders above it ("lib/", with the slash) in `seen`; the two that are one on some
-- file system.
local function clash(seen, name)
  local whole = name:lower()
  local same = seen[whole] or seen[whole .. "/"]
  if same then return same, name end
  seen[whole] = name
  for last in name:gmatch "()/" do
    local folder = name:sub(1, last)
    local other = seen[folder:lower()]
    same = seen[folder:lower():sub(1, -2)] or other ~= folder and other
    if same then return same, folder end
    seen[folder:lower()] = folder
  end
end

--- Refuses names that one folder cannot hold on every file system.
---@param names string[]
---@param where string  For the message.
---@return true?
---@return string? message
---@return string? id
function M.check_names(names, where)
  local seen = {}
  if #names > M.MOST_FILES then
    return fail.fail("E-PK-03", "%s: %d files, expected %d at most", core.escape(where), #names, M.MOST_FILES)
  end
  for _, name in ipairs(names) do
    local problem = M.name_problem(name)
    if problem then return fail.fail("E-PK-02", "%s: %s: %s", core.escape(where), core.escape(name), problem) end
    local same, at = clash(seen, name)
    if same then
      return fail.fail("E-PK-02", "%s: %s and %s are one name where case does not count", core.escape(where),
        core.escape(same), core.escape(at))
    end
  end
  return true
end

local function refuse(folder, name, problem)
  fail.try(nil, ("%s: %s: %s"):format(core.escape(folder), core.escape(name), problem), "E-PK-02")
end

-- The names of the regular files below `folder`; refuses links and what is neither file nor folder.
local function walk(folder, real, prefix, names)
  for _, entry in ipairs(fail.try(disk.list(folder))) do
    if entry:sub(1, 1) ~= "." and not M.RESULTS[prefix .. entry] then
      local path, name = folder .. "/" .. entry, prefix .. entry
      local kind = disk.exists(path)
      if not kind or disk.real(path) ~= real .. "/" .. entry then
        refuse(folder, name, "a link, expected a file")
      elseif kind == "other" then
        refuse(folder, name, "a device or a pipe, expected a file")
      elseif kind == "folder" then
        local problem = M.name_problem(name)
        if problem then refuse(folder, name, problem) end
        walk(path, real .. "/" .. entry, name .. "/", names)
      else
        names[#names + 1] = name
      end
    end
  end
  return names
end

-- The header, with the fields that a package needs.
local function read_header(folder)
  local path = folder .. "/header.lua"
  if disk.exists(path) ~= "file" then
    fail.try(nil, ("%s has no header.lua: no recipe package"):format(core.escape(folder)), "E-PK-01")
  end
  local header = fail.try(literals.parse(fail.try(disk.read(path, 1 << 20)), path))
  for _, field in ipairs { "name", "version", "summary" } do
    if type(header[field]) ~= "string" then
      fail.try(nil, ("%s: %s is %s, expected text"):format(core.escape(path), field, type(header[field])), "E-RC-03")
    end
  end
  if not header.name:find "^[%l%d][%l%d-]*$" or not header.version:find "^%d+%.%d+%.%d+$" then
    fail.try(nil, ("%s: name or version is malformed: %s %s"):format(core.escape(path), core.escape(header.name),
      core.escape(header.version)), "E-RC-03")
  end
  for i, name in ipairs(type(header.assets) == "table" and header.assets or {}) do
    if type(name) ~= "string" or M.name_problem(name) then
      fail.try(nil, ("%s: assets[%d] is no name inside the package"):format(core.escape(path), i), "E-PK-02")
    end
  end
  return header
end

--- Hashes of files below a folder.
---@param folder string
---@param names string[]
---@return vise.PackageFile[]
function M.hashes(folder, names)
  local list = core.array {}
  for i, name in ipairs(names) do
    local path = folder .. "/" .. name
    list[i] = { name = name, bytes = fail.try(disk.size(path)), sha256 = fail.try(disk.sha256(path)) }
  end
  return list
end

local function hash_of(files)
  local lines = {}
  for _, file in ipairs(files) do
    if file.name ~= M.LOCK and file.name ~= M.PARAMS then
      lines[#lines + 1] = ("%s %d %s\n"):format(file.sha256, file.bytes, file.name)
    end
  end
  return fail.try(core.sha256(table.concat(lines)))
end

local function read(folder)
  folder = folder:gsub("(.)/+$", "%1")
  local header = read_header(folder)
  local declared = type(header.assets) == "table" and header.assets or {}
  local names, own, assets, bundled, total = walk(folder, fail.try(disk.real(folder)), "", {}), {}, {}, {}, 0
  table.sort(names)
  fail.try(M.check_names(names, folder))
  for _, name in ipairs(names) do
    if M.is_below(name, declared) then
      assets[#assets + 1] = name
    elseif M.is_below(name, { M.EXTENDS }) then
      bundled[#bundled + 1] = name
    else
      own[#own + 1] = name
      total = total + fail.try(disk.size(folder .. "/" .. name))
    end
  end
  if total > M.MOST_BYTES then
    fail.try(nil, ("%s: %d bytes without assets, expected %d at most"):format(core.escape(folder), total,
      M.MOST_BYTES), "E-PK-03")
  end
  local files = M.hashes(folder, own)
  return { folder = folder, name = header.name, version = header.version, summary = header.summary, header = header,
    files = files, assets = assets, bundled = bundled, declared = declared, hash = hash_of(files) }
end

--- Reads what belongs to a package.
---@param folder string
---@return vise.Package? package
---@return string? message
---@return string? id
function M.read(folder)
  return fail.catch(read, folder)
end

--- The packages of the recipes that a chain extends.
---@param chain vise.RecipeLink[]
---@return vise.Package[]? bases
---@return string? message
---@return string? id
function M.bases(chain)
  local bases = {}
  for i = 2, #chain do
    local base, message, id = M.read(chain[i].folder)
    if not base then return nil, message, id end
    bases[i - 1] = base
  end
  return bases
end

--- Where a base lies in a package that carries it.
---@param base vise.Package
---@return string prefix  "extends/int8@1.0.0/"
function M.base_name(base)
  return ("%s/%s@%s/"):format(M.EXTENDS, base.name, base.version)
end

--- The files of a package with their bytes.  Whatever changed since it was read is refused.
---@param package vise.Package
---@param whole? boolean  With assets and extends/.
---@return { name: string, bytes: string }[]
function M.contents(package, whole)
  local list, wanted = {}, table.move(package.files, 1, #package.files, 1, {})
  if whole then
    for _, names in ipairs { package.assets, package.bundled } do
      for _, file in ipairs(M.hashes(package.folder, names)) do wanted[#wanted + 1] = file end
    end
    table.sort(wanted, function(a, b) return a.name < b.name end)
  end
  for i, file in ipairs(wanted) do
    local path = package.folder .. "/" .. file.name
    local bytes = fail.try(disk.read(path))
    if fail.try(core.sha256(bytes)) ~= file.sha256 then
      fail.try(nil, ("%s changed while it was read"):format(core.escape(path)), "E-PK-04")
    end
    list[i] = { name = file.name, bytes = bytes }
  end
  return list
end

return M
