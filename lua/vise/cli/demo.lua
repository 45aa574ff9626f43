--- vise demo: what the program does, in a few seconds and without a model of one's own.

local SHOWN = 5 -- images of each model in the terminal

local function row_of(r)
  return { r.type, r.layers, ("%.2f"):format(r.bits), r.bytes, ("%.2fx"):format(r.ratio), ("%.2f"):format(r.psnr),
    ("%.2f"):format(r.seconds) }
end

local function print_table(demo)
  local rows = { { "type", "layers", "bits", "bytes", "smaller", "PSNR dB", "seconds" } }
  for i, r in ipairs(demo.rows) do rows[i + 1] = row_of(r) end
  io.stdout:write(require("vise.text").columns(rows))
end

-- What the float model draws and what the quantized ones do; bars of errors where nothing can be drawn.
local function print_picture(demo)
  local plot, terminal = require "vise.plot", require("vise.terminal").of "stdout"
  if demo.drawable and terminal.unicode and terminal.colour > 0 then
    local batches, names = {}, {}
    for i, entry in ipairs(demo.images) do
      batches[i], names[i] = entry.tensor:rows(1, SHOWN), entry.name
    end
    local pixels <close> = require("vise.picture").grid(batches, { columns = SHOWN, zoom = 1 })
    io.stdout:write("\nwhat they draw from the same noise, from top to bottom:\n", table.concat(names, ", "), "\n",
      plot.image(pixels, { height = math.max(8, math.min(32, terminal.rows - 4)) }))
  else
    io.stdout:write("\n", plot.layers(demo.worst, { most = 8,
      title = ("the layers that lose most under %s: error of the output"):format(demo.worst.quant_type) }))
  end
end

-- A path as somebody in this folder would write it.
local function short(path)
  local here = require("vise.core").disk.real "."
  return here and path:sub(1, #here + 1) == here .. "/" and path:sub(#here + 2) or path
end

-- A word as a shell reads it.
local function quoted(word)
  if word:find "^[%w_./-]+$" then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function print_next(demo, out)
  local model = quoted(short(demo.model)) .. (demo.variant and " --variant " .. demo.variant or "")
  local text = require "vise.text"
  io.stdout:write "\nnext, ready to be pasted:\n"
  for _, line in ipairs {
    { "vise inspect " .. quoted(out .. "/artefact"), "what is in the quantized model" },
    { "vise recipes", "the recipes there are, and what each is for" },
    { ("vise run type-table --model %s"):format(model), "every type on this model, or on yours" },
    { "vise repl", "the same from Lua; help() explains" },
  } do
    io.stdout:write("  ", text.escape(line[1]), "\n      ", line[2], "\n")
  end
end

-- Shows a page in a browser, if there is a person at a desktop to see it.
local function open_page(path)
  local display = os.getenv "WAYLAND_DISPLAY" or os.getenv "DISPLAY"
  if not require("vise.terminal").of("stdout").tty or not display or display == "" then return end
  os.execute(("command -v xdg-open >/dev/null && xdg-open %s >/dev/null 2>&1 &"):format(quoted(path)))
end

return {
  name = "demo",
  summary = "quantizes a small model in a few seconds and writes a report",
  text = "Quantizes the diffusion transformer that comes with vise to three types, draws the same pictures with "
    .. "each, and leaves a report and a quantized model in a folder. Nothing is downloaded. On a desktop the report is "
    .. "opened in the browser.",
  arguments = {},
  options = {
    { name = "out", short = "o", type = "place", value = "DIR", default = "vise-demo",
      help = "the folder for the results" },
    { name = "no-open", type = "flag", help = "do not open the report" },
  },
  examples = {
    { "vise demo", "everything into the folder vise-demo" },
    { "vise demo --out /tmp/demo --no-open", "elsewhere, and no browser" },
  },
  run = function(ctx)
    local out, text = ctx.options.out, require "vise.text"
    local demo, message, id = require("vise.demo").run(out)
    if not demo then return nil, message, id end
    io.stdout:write(("A diffusion transformer with %d linear layers (%s), quantized three ways.\n\n"):format(
      demo.layers, text.bytes(demo.bytes)))
    print_table(demo)
    print_picture(demo)
    io.stdout:write("\n", text.columns { { "report", demo.report },
      { "artefact", ("%s (%s, %s)"):format(out .. "/artefact", require("vise.demo").KEPT,
        text.bytes(demo.artefact.bytes)) } })
    print_next(demo, out)
    io.stdout:flush()
    if not ctx.options.no_open then open_page(demo.report) end
    return 0
  end,
}
