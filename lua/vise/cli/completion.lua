--- vise completion: the script that lets a shell complete words of vise.

return {
  name = "completion",
  summary = "prints the completion script of a shell",
  text = "The script asks vise itself for the words that fit, so it knows the commands and options of the program that "
    .. "is called, the recipes that a name can reach, the parameters of the recipe on the line, the tensors of the "
    .. "file on the line, and what `vise help` explains. `make install` puts the scripts where the shells look.",
  arguments = {
    { name = "shell", type = "choice", choices = { "bash", "zsh", "fish" }, help = "whose script" },
  },
  options = {},
  examples = {
    { "source <(vise completion bash)", "this session of bash; in ~/.bashrc every one" },
    { "vise completion zsh > ~/.zfunc/_vise", "a folder of zsh's fpath" },
    { "vise completion fish > ~/.config/fish/completions/vise.fish", "every session of fish" },
  },
  run = function(ctx)
    io.stdout:write(require("vise.completion.scripts")[ctx.args.shell])
    return 0
  end,
}
