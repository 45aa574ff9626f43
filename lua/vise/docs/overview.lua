--- What the commands have in common, in sections: { heading, text }.

return {
  { "Words", "Long options take `--name VALUE` or `--name=VALUE`, short ones `-n VALUE` or `-nVALUE`. Options may "
    .. "stand before or after arguments; `--` ends them. Files and folders are looked for, and numbers and choices "
    .. "checked, before any work starts. A name that is nearly right gets a suggestion." },
  { "Output", "Results go to stdout, everything else to stderr. `--json` prints one object, whose `schema` number "
    .. "changes when a key does; its JSON schema is installed with the program. Work of more than a second shows its "
    .. "progress on stderr: one line that is rewritten on a terminal, a plain line for every tenth of the work on a "
    .. "pipe. Names from files are printed with their control characters escaped." },
  { "Failures", "A failure is an id, a message that says where, what was found and what was expected, and the next "
    .. "step. `vise explain ID` says more. The exit status tells kinds of failures apart, and 70 with a traceback "
    .. "is a bug in vise. The first Ctrl-C stops the work in order, the second kills." },
  { "Recipes", "A recipe is a folder, or the name of one. Names are looked up in the folders of `VISE_RECIPES`, in "
    .. "`vise/recipes` of `XDG_DATA_HOME`, and among those that came with the program." },
  { "Results", "The same input, recipe and options give the same bytes, for any number of threads. An artefact holds "
    .. "no time and no path. It is complete or absent: it is written beside its place and renamed into it." },
}
