--- Archives of packages: a ustar writer whose bytes depend on names and contents alone, and a reader that
--- takes regular files and folders and refuses everything else by name.

local core = require "vise.core"
local fail = require "vise.fail"
local package = require "vise.recipe.package"

local M = {
  MOST_BYTES = 64 << 20, -- of an archive
}

local BLOCK = 512
-- 1980-01-01: the oldest time that no tool finds implausible.
local TIME = 315532800

local function octal(value, digits)
  return ("%0" .. digits .. "o\0"):format(value)
end

local function field(text, size)
  return text .. ("\0"):rep(size - #text)
end

-- The sum of a header's bytes, with spaces where the sum itself stands.
local function checksum(block)
  local sum = 8 * 32
  for i = 1, BLOCK do
    if i < 149 or i > 156 then sum = sum + block:byte(i) end
  end
  return sum
end

local function header_of(name, size)
  local before = field(name, 100) .. octal(420, 7) .. octal(0, 7) .. octal(0, 7) .. octal(size, 11) .. octal(TIME, 11)
  local after = "0" .. ("\0"):rep(100) .. "ustar\0" .. "00" .. ("\0"):rep(32 + 32) .. octal(0, 7) .. octal(0, 7)
  local block = field(before .. (" "):rep(8) .. after, BLOCK)
  return before .. ("%06o\0 "):format(checksum(block)) .. block:sub(157)
end

--- Packs files: mode 0644, no owner, one time, in the order of their names.
---@param folder string  The name of the folder that they are in.
---@param files { name: string, bytes: string }[]
---@return string? archive
---@return string? message
---@return string? id
function M.write(folder, files)
  local sorted, names, parts, total = table.move(files, 1, #files, 1, {}), {}, {}, 0
  table.sort(sorted, function(a, b) return a.name < b.name end)
  for i, file in ipairs(sorted) do
    names[i] = folder .. "/" .. file.name
    total = total + #file.bytes + 2 * BLOCK
  end
  local ok, message, id = package.check_names(names, folder)
  if not ok then return nil, message, id end
  if total > M.MOST_BYTES then
    return fail.fail("E-PK-03", "%s: an archive of %d bytes, expected %d at most: share the folder", folder, total,
      M.MOST_BYTES)
  end
  for i, file in ipairs(sorted) do
    parts[#parts + 1] = header_of(names[i], #file.bytes)
    parts[#parts + 1] = file.bytes
    parts[#parts + 1] = ("\0"):rep(-#file.bytes % BLOCK)
  end
  parts[#parts + 1] = ("\0"):rep(2 * BLOCK)
  return table.concat(parts)
end

local KINDS = {
  ["1"] = "a hard link", ["2"] = "a symbolic link", ["3"] = "a device", ["4"] = "a device", ["6"] = "a pipe",
  ["x"] = "an extended header (pax)", ["g"] = "an extended header (pax)", ["L"] = "a long name of GNU tar",
  ["K"] = "a long link of GNU tar", ["S"] = "a sparse file",
}

-- The text of a header's field, up to the first NUL.
local function text_at(block, first, size)
  return block:sub(first, first + size - 1):match "^[^\0]*"
end

local function number_at(block, first, size)
  local digits = block:sub(first, first + size - 1):match "^ *([0-7]+)[ \0]*$"
  return digits and #digits <= 15 and tonumber(digits, 8) or nil
end

-- Takes one header apart: name, kind, size; or raises what is wrong with it.
local function read_header(block, at, refuse)
  local magic = block:sub(258, 265)
  if magic ~= "ustar\0" .. "00" and magic ~= "ustar  \0" then
    refuse(("no ustar header at byte %d"):format(at - 1))
  end
  if number_at(block, 149, 8) ~= checksum(block) then
    refuse(("the header at byte %d is damaged: its checksum does not agree"):format(at - 1))
  end
  local name, prefix = text_at(block, 1, 100), magic:sub(6, 6) == "\0" and text_at(block, 346, 155) or ""
  if prefix ~= "" then name = prefix .. "/" .. name end
  local kind, size = block:sub(157, 157), number_at(block, 125, 12)
  local shown = core.escape(name)
  if not size then refuse(("%s: a size that is no octal number"):format(shown)) end
  if kind == "5" then
    if size ~= 0 then refuse(("%s: a folder of %d bytes"):format(shown, size)) end
    name = name:gsub("/+$", "")
  elseif kind ~= "0" and kind ~= "\0" then
    refuse(("%s is %s, expected a file or a folder"):format(shown, KINDS[kind]
      or ("an entry of type '%s'"):format(core.escape(kind))))
  end
  local problem = package.name_problem(name)
  if problem then refuse(("%s: %s"):format(shown, problem)) end
  return name, kind == "5", size
end

-- The entries up to the two blocks of zeros that end an archive.
local function entries_of(bytes, refuse)
  local files, at, zeros = {}, 1, ("\0"):rep(BLOCK)
  while bytes:sub(at, at + BLOCK - 1) ~= zeros do
    if at + BLOCK - 1 > #bytes then refuse "the archive has no end: it was cut short" end
    local name, is_folder, size = read_header(bytes:sub(at, at + BLOCK - 1), at, refuse)
    at = at + BLOCK
    if at + size - 1 > #bytes then
      refuse(("%s has %d bytes, the archive ends after %d of them"):format(core.escape(name), size, #bytes - at + 1))
    end
    if not is_folder then files[#files + 1] = { name = name, bytes = bytes:sub(at, at + size - 1) } end
    if #files > package.MOST_FILES then refuse(("more than %d files"):format(package.MOST_FILES)) end
    at = at + size + -size % BLOCK
  end
  if bytes:find("[^\0]", at) then refuse "bytes after the end of the archive" end
  return files
end

-- What all names begin with, "pkg/", or "".
local function common_folder(files)
  local top = files[1] and files[1].name:match "^([^/]+/)" or ""
  for _, file in ipairs(files) do
    if file.name:sub(1, #top) ~= top then return "" end
  end
  return top
end

--- Reads an archive.  One folder around everything is taken off.
---@param bytes string
---@param where string  For messages.
---@return { name: string, bytes: string }[]? files
---@return string? message
---@return string? id
function M.read(bytes, where)
  if #bytes > M.MOST_BYTES then
    return fail.fail("E-PK-03", "%s: %d bytes, expected %d at most", core.escape(where), #bytes, M.MOST_BYTES)
  end
  return fail.catch(function()
    local files = entries_of(bytes, function(what)
      fail.try(nil, ("%s: %s"):format(core.escape(where), what), "E-PK-05")
    end)
    local top, names = common_folder(files), {}
    for i, file in ipairs(files) do
      file.name = file.name:sub(#top + 1)
      names[i] = file.name
    end
    fail.try(package.check_names(names, where))
    return files
  end)
end

return M
