--- Pages of the manual in roff, with the man macros.

local text = require "vise.text"

local M = {}

---@class vise.docs.Roff
---@field lines string[]
local Roff = {}
Roff.__index = Roff

local marks = { ["\\"] = "\\e", ["-"] = "\\-", ["'"] = "\\(aq", ["`"] = "\\(ga", ["^"] = "\\(ha", ["~"] = "\\(ti",
  ['"'] = "\\(dq" }

--- Text as it is, whatever stands in it.
---@param s string
---@return string
function M.plain(s)
  return (s:gsub("[\\%-'`^~\"]", marks))
end

--- Bold.
---@param s string
---@return string
function M.bold(s)
  return "\\fB" .. M.plain(s) .. "\\fR"
end

--- What stands between backticks becomes bold, and is not folded.
---@param s string
---@return string
function M.running(s)
  return (s:gsub("([^`]*)(`?)([^`]*)(`?)", function(before, open, code, close)
    if close == "" then return M.plain(before .. open .. code) end
    return M.plain(before) .. (M.bold(code):gsub(" ", "\\ "))
  end))
end

--- The words of a synopsis: options bold, the words for values in italics.
---@param s string
---@return string
function M.synopsis(s)
  local shown = M.plain(s):gsub("(\\%-[\\%-%w]*%w)", "\\fB%1\\fR")
  shown = shown:gsub("%f[%w]%u[%u%d_]*%f[^%w_]", "\\fI%0\\fR")
  return (shown:gsub(" ", "\\ "))
end

-- A line that begins with a dot would be a request.
local function guarded(line)
  return line:find "^[.']" and "\\&" .. line or line
end

--- A page that is begun.
---@param name string
---@param section integer
---@param summary string
---@param source string  Whose page it is, with the version.
---@param date string
---@return vise.docs.Roff
function M.page(name, section, summary, source, date)
  local self = setmetatable({ lines = {} }, Roff)
  self:line(('.TH %s %d %s "%s" "vise manual"'):format(M.plain(name:upper()), section, date, source))
  self:section "NAME"
  self:fill(M.plain(name) .. " \\- " .. M.plain(summary))
  return self
end

--- A line of roff.
---@param line string
function Roff:line(line)
  self.lines[#self.lines + 1] = line
end

--- The heading of a section.
---@param name string
function Roff:section(name)
  self:line(".SH " .. name)
end

-- Lines of running text, a sentence to begin each.
function Roff:fill(s)
  for sentence in (s:gsub("([.:?]) (%u)", "%1\n%2") .. "\n"):gmatch "([^\n]*)\n" do
    for line in (text.wrap(sentence, 76) .. "\n"):gmatch "([^\n]*)\n" do
      if line ~= "" then self:line(guarded(line)) end
    end
  end
end

-- Begins a paragraph, where a heading has not.
function Roff:paragraph()
  if not self.lines[#self.lines]:find "^%.SH" then self:line ".PP" end
end

--- Paragraphs of running text.
---@param s string
function Roff:text(s)
  for paragraph in (s .. "\n\n"):gmatch "(.-)\n\n+" do
    self:paragraph()
    self:fill(M.running(paragraph))
  end
end

--- A term in roff, and below it what is said of it.
---@param term string
---@param about string
function Roff:item(term, about)
  self:line ".TP"
  self:line(guarded(term))
  self:fill(M.running(about))
end

--- Names of other pages: { "vise", 1 }, ...
---@param pages { [1]: string, [2]: integer }[]
function Roff:see(pages)
  self:section "SEE ALSO"
  for i, page in ipairs(pages) do
    self:line(("\\fB%s\\fR(%d)%s"):format(M.plain(page[1]), page[2], i < #pages and "," or ""))
  end
end

---@return string
function Roff:bytes()
  return table.concat(self.lines, "\n") .. "\n"
end

return M
