--- vise docs: the manual, completion scripts, JSON schemas and reference pages, from the descriptions.

return {
  name = "docs",
  summary = "writes the manual, completion scripts, schemas and reference pages",
  text = "All of it is made from the descriptions that the program itself works by: man pages in `man/`, scripts for "
    .. "bash, zsh and fish in `completions/`, JSON schemas of what `--json` prints and what files hold in `schemas/`, "
    .. "the reference in markdown in `reference/`. `make install` calls it.",
  arguments = {
    { name = "folder", type = "place", help = "where to write; files of the same name are replaced" },
  },
  options = {},
  examples = {
    { "vise docs /tmp/vise-docs", "then man -l /tmp/vise-docs/man/man1/vise.1" },
  },
  run = function(ctx)
    local folder = ctx.args.folder:gsub("(.)/+$", "%1")
    local count, message, id = require("vise.docs").write(folder)
    if not count then return nil, message, id end
    io.stdout:write(("%s: %d files\n"):format(require("vise.text").escape(folder), count))
    return 0
  end,
}
