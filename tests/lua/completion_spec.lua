-- What the shells complete: asked of vise.completion, and through the scripts in the shells themselves.

local cli = require "vise.cli"
local completion = require "vise.completion"
local support = require "support"

local program = require("vise.core").disk.real(arg[-1])

-- The words that fit, in a set; the answer.
local function answer(...)
  local found, words = completion.answer { "vise", ... }, {}
  for _, entry in ipairs(found.words) do words[entry[1]] = entry[2] or true end
  return words, found
end

local function shell_has(name)
  return os.execute(("command -v %s >/dev/null"):format(name)) == true
end

local function output(command)
  local pipe <close> = io.popen(command .. " 2>&1")
  return pipe:read "a"
end

-- A file with tensors of those names.
local function checkpoint(names)
  local core = require "vise.core"
  local t <close> = core.tensor("f32", { 1 })
  local entries, path = {}, os.tmpname() .. ".safetensors"
  for i, name in ipairs(names) do entries[i] = { name, t } end
  assert(core.safetensors_write(path, entries))
  return path
end

describe("completion", function()
  it("knows every command and every option", function()
    for _, path in ipairs(cli.paths()) do
      local command, words = cli.command(path), { "vise" }
      for word in path:gmatch "%S+" do words[#words + 1] = word end
      local last = #words
      local names = {}
      for _, entry in ipairs(completion.answer(words).words) do names[entry[1]] = true end
      assert.is_true(names[words[last]], path)
      words[last + 1] = "--"
      local options = {}
      for _, entry in ipairs(completion.answer(words).words) do options[entry[1]] = entry[2] end
      for _, spec in ipairs(command.options) do assert.equal(spec.help, options["--" .. spec.name], path) end
      assert.is_string(options["--help"])
    end
  end)

  it("gives the values of choices, as words of their own and behind =", function()
    assert.same({ bash = true }, (answer("completion", "b")))
    assert.same({ ["cache-dit"] = true, vise = true }, (answer("export", "--to", "")))
    local words, found = answer("export", "--to=c")
    assert.same({ ["cache-dit"] = true }, words)
    assert.equal("--to=", found.keep)
  end)

  it("passes over options and their values to find the argument", function()
    assert.is_true(answer("bench", "-m", "8", "--json", "pro").products)
    assert.is_true(answer("bench", "products", "mo").models)
    assert.is_nil(answer("bench", "--width", "").products)
  end)

  it("leaves out options that are given, unless they may be given again", function()
    local words = answer("bench", "--width", "64", "--rows=8", "--json", "--")
    assert.is_nil(words["--width"])
    assert.is_nil(words["--json"])
    assert.is_string(words["--rows"])
  end)

  it("takes what follows -- for arguments", function()
    assert.is_nil(answer("bench", "--", "--").products)
    assert.is_nil(next((answer("bench", "--", "--j"))))
  end)

  it("says where files and folders fit, and which", function()
    assert.equal("*.safetensors", select(2, answer("inspect", "")).files)
    assert.equal("", select(2, answer("run", "x", "--data", "")).files)
    assert.equal("*.lua", select(2, answer "x").files)
    assert.equal("", select(2, answer("x.lua", "")).files)
    assert.is_true(select(2, answer("bench", "--model", "")).folders)
    assert.is_nil(select(2, answer("bench", "--width", "")).files)
  end)

  it("knows recipes by name and their parameters, and runs nothing of them", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir -p " .. folder .. "/mine"))
    local function write(name, text)
      local f <close> = assert(io.open(("%s/mine/%s"):format(folder, name), "w"))
      f:write(text)
    end
    write("header.lua", [[{ name = "mine", version = "1.0.0", summary = "my recipe", license = "MIT", params = {
      bits = { type = "choice", choices = { "3", "4" }, default = "4", help = "of a weight" },
      fast = { type = "boolean", default = false, help = "in a hurry" } } }]])
    write("recipe.lua", "error 'this ran'")
    assert(require("vise.recipe").read(folder .. "/mine"))
    local path = folder .. "/mine"
    assert.same({ ["bits="] = "of a weight", ["fast="] = "in a hurry" }, (answer("run", path, "-p", "")))
    assert.same({ ["bits="] = "of a weight" }, (answer("run", path, "-p", "fast=true", "--param=b")))
    local words, found = answer("run", path, "-p", "bits=")
    assert.same({ ["bits=3"] = true, ["bits=4"] = true }, words)
    assert.is_falsy(found.more)
    assert.same({ ["fast=false"] = true, ["fast=true"] = true }, (answer("run", path, "-p", "fast=")))
    assert.matches("mine\tmy recipe\n", output(("VISE_RECIPES=%s %s --complete vise run m"):format(folder, program)))
    write("header.lua", "{ broken")
    assert.same({}, (answer("run", path, "-p", "")))
    assert.same({}, (answer("run", "no-such-recipe", "-p", "")))
  end)

  it("knows the tensors of the file, by segments where they are many, without what a line cannot hold", function()
    local names = { "$(touch x)", ":files *(e:'touch x':)", ":more", "a b", "x\27[2J", "y\n" }
    local path = checkpoint(names)
    assert.same({ ["a b"] = true, ["$(touch x)"] = true }, (answer("inspect", path, "--histogram", "")))
    os.remove(path)
    for i = 1, 150 do names[#names + 1] = ("layers.%d.weight"):format(i) end
    path = checkpoint(names)
    local words, found = answer("inspect", path, "-H", "")
    assert.is_true(words["layers."])
    assert.is_nil(words["layers.1.weight"])
    assert.is_true(found.more)
    assert.is_true((answer("inspect", path, "-H", "layers.14"))["layers.14.weight"])
    assert.same({}, (answer("inspect", "no such file", "-H", "")))
    os.remove(path)
  end)

  it("knows the logged runs, the last first", function()
    local place = os.tmpname()
    os.remove(place)
    for _, id in ipairs { "20260101-000000-a", "20260102-000000-b" } do
      assert(os.execute(("mkdir -p %s/%s && echo '{}' > %s/%s/run.json"):format(place, id, place, id)))
    end
    local _, found = answer("runs", "show", "--runs", place, "")
    local listed = {}
    for i, entry in ipairs(found.words) do listed[i] = entry[1] end
    assert.same({ "last", "20260102-000000-b", "20260101-000000-a" }, listed)
    assert.is_true(select(2, answer("diff", "--runs", place, "")).folders)
    assert(os.execute("rm -r " .. place))
  end)

  it("knows subcommands, and the topics of two words", function()
    assert.is_string(answer("recipes", "").list)
    assert.is_string(answer("help", "recipes", "").list)
    assert.is_true((answer("runs", "compare", "--"))["--json"] ~= nil)
    assert.is_string(answer("recipes", "show", "").quickstart)
  end)

  it("knows what help and explain explain", function()
    assert.is_true(answer("explain", "").svdquant)
    local words = answer("help", "")
    assert.is_string(words.inspect)
    assert.is_string(words["tensor:rows"])
    assert.is_string(words["ops.rope"])
    assert.is_string((answer("help", "E-US-"))["E-US-04"])
  end)
end)

-- Each shell is asked with one line; the words that it would offer, one a line.
local lines = {
  ["vise compa"] = { "compare" },
  ["vise export --to=c"] = { "cache-dit" },
  ["vise run quickstart -p calib"] = { "calibration_images=" },
  ["vise help tensor:ro"] = { "tensor:rows" },
  ["vise repl tests/run"] = { "tests/run.lua" },
  ["vise bench --model tests/da"] = { "tests/data" },
  ["vise verify "] = { "tests" },
}

-- What a shell offers for a line: those words, and none that does not fit.
local function check(offer)
  for line, wanted in pairs(lines) do
    local offered = offer(line)
    for _, word in ipairs(wanted) do
      local found = false
      for shown in offered:gmatch "[^\n]+" do
        shown = shown:gsub("\t.*$", ""):gsub("^%-%-to=", ""):gsub("/$", "")
        found = found or shown == word or shown == word:match "[^:]*$"
      end
      assert.is_true(found, ("%s: %s not in %s"):format(line, word, offered))
    end
    assert.is_nil(offered:find("compare", 1, true) and line ~= "vise compa" or nil, line)
    assert.is_nil(offered:find "[Ee]rror", offered)
  end
end

local function shell_file(source)
  return support.file(source, ".sh")
end

describe("the completion of bash", function()
  if not shell_has "bash" then
    pending("there is no bash", function() end)
    return
  end
  -- Readline's part: the line cut into words at spaces, = and :.
  local script = shell_file(([==[
    source <(%s completion bash)
    compopt() { :; }
    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=() rest=$1
    while [[ $rest ]]; do
        rest=${rest#"${rest%%%%[![:space:]]*}"}
        if [[ $rest =~ ^[=:]+ ]]; then word=${BASH_REMATCH[0]}; else word=${rest%%%%[=:[:space:]]*}; fi
        COMP_WORDS+=("$word")
        rest=${rest#"$word"}
        if [[ $rest =~ ^[[:space:]]+$ ]]; then COMP_WORDS+=(""); rest=""; fi
    done
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _vise
    printf '%%s\n' "${COMPREPLY[@]}"
  ]==]):format(program))
  local function offer(line)
    return output(("PATH=%s:$PATH bash %s '%s'"):format(program:match "^(.*)/", script, line))
  end
  teardown(function() os.remove(script) end)

  it("offers what fits", function() check(offer) end)

  it("quotes what would run", function()
    local path = checkpoint { "$(touch x)" }
    assert.equal("\\$\\(touch\\ x\\)\n", offer(("vise inspect %s -H "):format(path)))
    os.remove(path)
  end)
end)

describe("the completion of zsh", function()
  if not shell_has "zsh" then
    pending("there is no zsh", function() end)
    return
  end
  -- The completion system's part: the words, and commands that show what they are given.
  local script = shell_file(([==[
    compdef() { : }
    compset() { : }
    compadd() { local -a opt; while [[ $1 == -* && $1 != -a ]]; do [[ $1 == -[dS] ]] && shift; shift; done
      print -l -- ${(P)2} }
    _files() { if [[ $1 == -/ ]]; then print -l -- $words[-1]*(N-/); else print -l -- $words[-1]*(N); fi }
    source <(%s completion zsh)
    words=(${(z)1}); [[ $1 == *" " ]] && words+=("")
    CURRENT=$#words
    _vise
  ]==]):format(program))
  teardown(function() os.remove(script) end)
  it("offers what fits", function()
    check(function(line)
      return output(("PATH=%s:$PATH zsh -f %s '%s'"):format(program:match "^(.*)/", script, line))
    end)
  end)
end)

describe("the completion of fish", function()
  if not shell_has "fish" then
    pending("there is no fish", function() end)
    return
  end
  it("offers what fits", function()
    check(function(line)
      return output(("PATH=%s:$PATH HOME=/nonexistent fish --no-config -c '%s completion fish | source; "
        .. "complete -C \"%s\"'"):format(program:match "^(.*)/", program, line))
    end)
  end)
end)
