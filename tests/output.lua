-- Busted's own report, and then one plain last line: "12 passed, 0 failed".

return function(options)
  local busted = require "busted"
  local handler = require("busted.outputHandlers." .. options.defaultOutput)(options)

  busted.subscribe({ "suite", "end" }, function()
    local line = ("%d passed, %d failed"):format(handler.successesCount,
      handler.failuresCount + handler.errorsCount)
    if handler.pendingsCount > 0 then line = ("%s, %d skipped"):format(line, handler.pendingsCount) end
    io.write(line, "\n")
    return nil, true
  end)
  return handler
end
