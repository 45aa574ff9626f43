--- A browser without a window: Debian's chromium, found by its name.

local M = {}

local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  pipe:close()
  return text
end

--- The path of the browser; nil if there is none.
---@return string?
function M.path()
  local path = output "command -v chromium":match "^(/[^\n]+)"
  return path
end

-- The browser's own folder is new each time: nothing is left of an earlier page.
local function command(arguments, url)
  return ("(d=$(mktemp -d) && timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars "
    .. "--no-first-run --enable-logging=stderr --user-data-dir=$d %s '%s'; rm -rf $d)"):format(arguments, url)
end

--- What the page of a file becomes, and what its console says.
---@param file string       An absolute path.
---@return string dom
---@return string console
function M.dom(file)
  local log = os.tmpname()
  local dom = output(command("--virtual-time-budget=3000 --dump-dom", "file://" .. file) .. " 2>" .. log)
  local f <close> = assert(io.open(log))
  local console = {}
  for line in f:lines() do
    if line:find("CONSOLE", 1, true) then console[#console + 1] = line end
  end
  os.remove(log)
  return dom, table.concat(console, "\n")
end

--- Takes a picture of a page.
---@param file string   An absolute path, perhaps with a place on the page.
---@param png string    Where the picture goes: the name ends in .png.
---@param options { width: integer, height: integer, dark?: boolean, scale?: number }
function M.screenshot(file, png, options)
  local arguments = ("--window-size=%d,%d --force-device-scale-factor=%g --blink-settings=preferredColorScheme=%d "
    .. "--screenshot=%s"):format(options.width, options.height, options.scale or 1, options.dark and 0 or 1, png)
  output(command(arguments, "file://" .. file) .. " 2>/dev/null")
end

return M
