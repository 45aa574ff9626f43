--- The words of a description that help, manual and reference pages share: "-m DIR", "(default 7)", the
--- synopsis.

local M = {}

--- The word for a value: DIR, N, NAME=VALUE, fast|exact.
---@param spec vise.cli.Argument
---@return string
function M.value(spec)
  if spec.value then return spec.value end
  if spec.type == "choice" then return table.concat(spec.choices, "|") end
  return spec.type == "pair" and "NAME=VALUE" or spec.type:upper()
end

--- "-m, --model DIR": an option in a list of them.
---@param spec vise.cli.Option
---@return string
function M.option(spec)
  local words = (spec.short and "-" .. spec.short .. ", " or "") .. "--" .. spec.name
  if spec.type ~= "flag" then words = words .. " " .. M.value(spec) end
  return words
end

--- The help of an option with what else is to be said of it.
---@param spec vise.cli.Option
---@param long boolean
---@return string
function M.option_help(spec, long)
  local notes = {}
  if spec.default ~= nil then notes[#notes + 1] = "default " .. tostring(spec.default) end
  if long and spec.repeatable then notes[#notes + 1] = "may be given again" end
  if spec.required then notes[#notes + 1] = "needed" end
  if #notes == 0 then return spec.help end
  return ("%s (%s)"):format(spec.help, table.concat(notes, "; "))
end

local MANY_OPTIONS = 8 -- are not repeated in a short synopsis

--- What follows the command's name, in pieces that are not to be folded.
---@param command vise.cli.Command
---@param long boolean
---@return string[]
function M.synopsis(command, long)
  local words = {}
  if command.commands then words[1] = command.run and "[COMMAND ...]" or "COMMAND ..." end
  for _, spec in ipairs(command.arguments) do
    local word = spec.name:upper() .. (spec.repeatable and "..." or "")
    words[#words + 1] = spec.optional and "[" .. word .. "]" or word
  end
  local brief = not long and #command.options > MANY_OPTIONS
  if brief then words[#words + 1] = "[OPTION...]" end
  for _, spec in ipairs(brief and {} or command.options) do
    local word = spec.short and "-" .. spec.short or "--" .. spec.name
    if spec.type ~= "flag" then word = word .. " " .. M.value(spec) end
    word = spec.required and word or "[" .. word .. "]"
    words[#words + 1] = word .. (spec.repeatable and "..." or "")
  end
  return words
end

return M
