--- Every error id: what it means and what to do next.  The C code and the Lua modules fail
--- with these ids; the command line prints `next` below the message.  One file a prefix, named after it.

---@class vise.ErrorEntry
---@field title string  What the id means, in a few words.
---@field next string   What the person can do, one sentence.
---@field explain? string  The long text: how it comes about, and an example.
---@field exit? integer  The exit status, where it is not the one of the prefix (lua/vise/cli/failure.lua).

local prefixes = {
  "ar", "cf", "cp", "dt", "ev", "fs", "hf", "hw", "js", "ly", "md", "mm", "nu", "ob", "pk", "pl", "rc", "rn", "rp",
  "ru", "sc", "sq", "st", "tk", "tn", "tr", "us",
}

---@type table<string, vise.ErrorEntry>
local entries = {}
for _, prefix in ipairs(prefixes) do
  for id, entry in pairs(require("vise.errors." .. prefix)) do
    assert(id:find("^E%-" .. prefix:upper() .. "%-%d%d$") and not entries[id], id)
    entries[id] = entry
  end
end

return entries
