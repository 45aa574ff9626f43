-- Makes the pictures of docs/img: the report of a run, the prompt and pictures in the terminal.
--
--   make screenshots      needs chromium and tmux; fonts-inter makes the report's letters finer

package.path = "docs/screenshots/?.lua;tests/?.lua;" .. package.path

local ansi = require "ansi"
local browser = require "browser"
local core = require "vise.core"
local program = arg[-1]

local OUT = "docs/img/"
local CELL, LINE, EDGE = 9.03, 17, 44 -- of the page that shows a terminal

local function output(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

local function need(name)
  if output("command -v " .. name) == "" then
    io.stderr:write(("make screenshots needs %s: apt-get install %s\n"):format(name, name))
    os.exit(69)
  end
end

local function sleep(seconds) os.execute(("sleep %g"):format(seconds)) end

local function quoted(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

-- What stays on a terminal of `columns` and `rows` after keys were sent, each when the one before is done.
local function screen_of(command, keys, place)
  local tmux = "tmux -L vise-screenshots "
  os.execute(("%s -f /dev/null new-session -d -x %d -y %d %s"):format(tmux, keys.columns, keys.rows,
    quoted(("env TERM=tmux-256color COLORTERM=truecolor LC_ALL=C.UTF-8 HOME=%s %s"):format(place, command))))
  sleep(1)
  for _, sent in ipairs(keys) do
    for part, key in sent[1]:gmatch "([^\t\r]*)([\t\r]?)" do
      if part ~= "" then os.execute(("%s send-keys -l %s"):format(tmux, quoted(part))) end
      sleep(0.3)
      if key ~= "" then os.execute(tmux .. (key == "\t" and "send-keys Tab" or "send-keys Enter")) end
    end
    sleep(2)
  end
  local screen = output(tmux .. "capture-pane -e -p")
  os.execute(tmux .. "kill-server")
  return (screen:gsub("[ \n]+$", "\n"))
end

local function picture_of(screen, name, place, columns)
  local page = place .. "/" .. name .. ".html"
  assert(core.disk.write(page, ansi.page(screen)))
  local _, lines = screen:gsub("\n", "")
  browser.screenshot(page, OUT .. name .. ".png", { width = math.ceil(columns * CELL) + EDGE,
    height = (lines + 1) * LINE + EDGE - 20 })
end

local function report_pictures(place)
  local runs = place .. "/runs"
  assert(os.execute(("%s run recipes/svdq --model recipes/quickstart/models/dit-fashion-mnist --variant fp16 "
    .. "--out %s/out --runs %s >/dev/null 2>&1"):format(program, place, runs)))
  local page = runs .. "/" .. assert(core.disk.list(runs))[1] .. "/report.html"
  local size = { width = 1280, height = 1120 }
  browser.screenshot(page, OUT .. "report.png", size)
  size.dark = true
  browser.screenshot(page, OUT .. "report-dark.png", size)
end

need "chromium"
need "tmux"
local place = output("mktemp -d"):gsub("\n", "")
report_pictures(place)
local session = dofile "docs/img/repl-session.lua"
picture_of(screen_of(program .. " repl", session, place), "repl", place, session.columns)
local inspect = { columns = 96, rows = 24, { "PS1='$ '; clear\r" }, { ("alias vise=%s; clear\r"):format(program) },
  { "vise inspect recipes/quickstart/models/dit-fashion-mnist --variant fp16 -H proj_out_1.weight\r" } }
picture_of(screen_of("sh", inspect, place), "terminal", place, inspect.columns)
core.disk.remove_tree(place)
for _, name in ipairs { "report", "report-dark", "repl", "terminal" } do
  io.stdout:write(("%s%s.png  %d bytes\n"):format(OUT, name, assert(core.disk.size(OUT .. name .. ".png"))))
end
