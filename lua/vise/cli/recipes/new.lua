--- vise recipes new: the beginning of a package.

return {
  name = "new",
  summary = "makes a new recipe package",
  text = "Makes a folder with a header, a body, a README, a licence, a test and settings for the Lua language server. "
    .. "It passes `vise recipes check` as it is. With --extends it starts as another recipe whose defaults it can "
    .. "change, and needs no code of its own.",
  arguments = { { name = "folder", type = "place", help = "where to; its last part is the recipe's name" } },
  options = {
    { name = "extends", short = "e", type = "string", complete = "recipes", value = "RECIPE",
      help = "the recipe to start from" },
    { name = "license", type = "choice", choices = { "MIT", "0BSD", "LicenseRef-proprietary" }, default = "MIT",
      help = "what others may do with it" },
    { name = "author", type = "string", value = "NAME", help = "who wrote it; $USER if not given" },
  },
  examples = {
    { "vise recipes new my-recipe", "a package of one's own" },
    { "vise recipes new my-int8 --extends int8", "another recipe with other defaults" },
  },
  run = function(ctx)
    local o, text = ctx.options, require "vise.text"
    local files, message, id = require("vise.recipe.skeleton").make(ctx.args.folder,
      { extends = o.extends, license = o.license, author = o.author })
    if not files then return nil, message, id end
    local folder = text.escape((ctx.args.folder:gsub("(.)/+$", "%1")))
    for _, file in ipairs(files) do io.stdout:write(folder, "/", file.name, "\n") end
    local path = folder:find "/" and folder or "./" .. folder
    io.stderr:write(("next: edit %s/header.lua, then vise recipes check %s\n"):format(folder, path))
    return 0
  end,
}
