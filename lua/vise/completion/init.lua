--- Completion of a command line in a shell, answered from the commands' descriptions.
---
--- The scripts that `vise completion` prints call `vise --complete WORD...` with the words up to the
--- cursor, the last one being what stands before it.  The answer is lines:
---
---   WORD<tab>TEXT    a word that fits, and what it is
---   :files GLOB      files fit too (folders always do); GLOB may be empty
---   :folders         folders fit too
---   :keep TEXT       the beginning of the word that is no part of what fits, as in --out=
---   :more            a word goes on after what fits: no space behind it
---
--- Nothing here fails aloud: where nothing can be said, nothing is.

local M = {}

-- More than this is no help, and would keep the shell busy.
local MOST = 500

---@class vise.Completion
---@field words { [1]: string, [2]: string? }[]
---@field files? string   A glob, or "" for every file.
---@field folders? boolean
---@field keep? string
---@field more? boolean

---@class vise.CommandLine
---@field command vise.cli.Command
---@field args table<string, string>     The first word of each argument.
---@field options table<string, string>  The last value of each option.
---@field position integer               How many words were arguments.
---@field value? vise.cli.Option         The option whose value comes next.
---@field only_arguments boolean         After --.

local function option_of(command, word)
  local long = word:match "^%-%-([^=]+)"
  for _, spec in ipairs(command.options) do
    if long == spec.name or not long and spec.short and word:sub(2, 2) == spec.short then return spec end
  end
  return nil
end

local function read_argument(line, word)
  line.position = line.position + 1
  local specs = line.command.arguments
  local spec = specs[math.min(line.position, #specs)]
  if spec and line.args[spec.name] == nil then line.args[spec.name] = word end
end

local function read_option(line, word)
  local spec = option_of(line.command, word)
  if not spec then return end
  local attached = word:match "^%-%-[^=]+=(.*)$" or not word:find "^%-%-" and word:match "^%-.(.+)$"
  line.options[spec.name] = attached or "" -- given, if only by its name
  if spec.type ~= "flag" and not attached then line.value = spec end
end

-- What the words before the cursor say.  Wrong ones are passed over.
local function read(command, words)
  local line = { command = command, args = {}, options = {}, position = 0, only_arguments = false }
  for _, word in ipairs(words) do
    if line.value then
      line.options[line.value.name], line.value = word, nil
    elseif word == "--" then
      line.only_arguments = true
    elseif word:find "^%-." and not line.only_arguments then
      read_option(line, word)
    else
      read_argument(line, word)
    end
  end
  return line
end

local function add_commands(answer, names, of)
  local cli = require "vise.cli"
  for _, name in ipairs(names) do
    answer.words[#answer.words + 1] = { name, cli.command(of and of .. " " .. name or name).summary }
  end
end

local function add_options(answer, line)
  for _, spec in ipairs(line.command.options) do
    if spec.repeatable or line.options[spec.name] == nil then
      answer.words[#answer.words + 1] = { "--" .. spec.name, spec.help }
    end
  end
  answer.words[#answer.words + 1] = { "--help", "the whole help" }
end

-- The values that fit an option or an argument.
local function add_values(answer, spec, line, word)
  if spec.choices then
    for _, choice in ipairs(spec.choices) do answer.words[#answer.words + 1] = { choice } end
  elseif spec.type == "file" or spec.type == "path" or spec.type == "place" then
    answer.files = spec.glob or ""
  elseif spec.type == "folder" then
    answer.folders = true
  end
  if spec.complete then
    require("vise.completion.sources")[spec.complete](answer, line, word)
  end
end

local function complete_program(answer, word)
  if word:sub(1, 1) == "-" then
    answer.words = { { "--help", "the commands, the environment, the exit statuses" },
      { "--version", "the version" } }
    return
  end
  add_commands(answer, require("vise.cli").names)
  if word ~= "" then answer.files = "*.lua" end -- else every folder here would stand among the commands
end

local function complete_command(answer, command, words, word)
  local line = read(command, words)
  if line.value then return add_values(answer, line.value, line, word) end
  if word:sub(1, 1) == "-" and not line.only_arguments then
    local name, value = word:match "^(%-%-[^=]+=)(.*)$"
    local spec = name and option_of(command, word)
    if not name then return add_options(answer, line) end
    answer.keep = name
    if spec and spec.type ~= "flag" then add_values(answer, spec, line, value) end
    return
  end
  if command.commands and line.position == 0 then add_commands(answer, command.commands, command.name) end
  local specs = command.arguments
  local spec = specs[line.position + 1] or #specs > 0 and specs[#specs].repeatable and specs[#specs]
  if spec then
    add_values(answer, spec, line, word)
  elseif #answer.words == 0 and word == "" and not line.only_arguments then
    add_options(answer, line)
  end
end

-- Can a line to the shell carry this word?  One with a colon in front would be an order: names come from
-- files, and a glob of zsh can run commands.
local function is_plain(word)
  return utf8.len(word) and not word:find "^:" and not word:find "%c"
end

-- Words that begin as the one before the cursor.
local function fitting(answer, word)
  local list, seen = {}, {}
  for _, entry in ipairs(answer.words) do
    local found = entry[1]
    if found:sub(1, #word) == word and is_plain(found) and not seen[found] then
      seen[found] = true
      list[#list + 1] = entry
      if #list == MOST then break end
    end
  end
  return list
end

--- What could stand at the cursor.
---@param words string[]  Those of the command line, from the program's name to the cursor; the last may be "".
---@return vise.Completion
function M.answer(words)
  local answer = { words = {} }
  local word = #words > 1 and words[#words] or ""
  local command, rest = require("vise.cli").find(table.move(words, 2, #words - 1, 1, {}))
  if command then
    complete_command(answer, command, rest, word)
  elseif #words <= 2 then
    complete_program(answer, word)
  else
    answer.files = "" -- what a script takes, nobody here knows
  end
  answer.words = fitting(answer, word:sub(#(answer.keep or "") + 1))
  return answer
end

--- Prints the answer for a shell.
---@param words string[]
---@return integer status
function M.print(words)
  local text = require "vise.text"
  local ok, answer = pcall(M.answer, words)
  if not ok then return 1 end
  if answer.keep then io.stdout:write(":keep ", answer.keep, "\n") end
  if answer.files then io.stdout:write(":files ", answer.files, "\n") end
  if answer.folders then io.stdout:write ":folders\n" end
  if answer.more then io.stdout:write ":more\n" end
  for _, entry in ipairs(answer.words) do
    io.stdout:write(entry[1], entry[2] and "\t" .. text.escape(entry[2]) or "", "\n")
  end
  return 0
end

return M
