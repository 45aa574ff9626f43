--- Lua code in columns: long lines go on after a comma, or after an opening bracket.

local M = {}

-- The last place at most `columns` from the start where a line may go on below: nil if there is none.
local function break_of(line, columns)
  local quote, comma, bracket, at = nil, nil, nil, 1
  while at <= columns and at <= #line do
    local c = line:sub(at, at)
    if quote then
      if c == "\\" then at = at + 1 elseif c == quote then quote = nil end
    elseif c == '"' or c == "'" then
      quote = c
    elseif c == "," then
      comma = at
    elseif c == "(" or c == "{" then
      bracket = at
    end
    at = at + 1
  end
  -- Not where only the indent would be left.
  local least = #line:match "^%s*" + 8
  return comma and comma > least and comma or bracket and bracket > least and bracket or nil
end

-- The code of a line, and the comment at its end.
local function split(line)
  local code, comment = line:match "^(.-)%s+(%-%->? .*)$"
  if not code or code == "" then return line end
  return code, comment
end

--- The lines of some code, none wider than `columns` if that can be.
---@param code string
---@param columns integer
---@return string[]
function M.fold(code, columns)
  local out = {}
  for line in (code .. "\n"):gmatch "([^\n]*)\n" do
    local indent, rest, comment = line:match "^%s*" .. "  ", split(line)
    if #line <= columns then rest, comment = line, nil end
    while #rest > columns do
      local at = break_of(rest, columns)
      if not at then break end
      out[#out + 1] = rest:sub(1, at)
      rest = indent .. rest:sub(at + 1):gsub("^%s+", "")
    end
    if comment and #rest + 1 + #comment <= columns then rest, comment = rest .. " " .. comment, nil end
    out[#out + 1] = rest
    if comment then out[#out + 1] = indent .. comment end
  end
  return out
end

return M
