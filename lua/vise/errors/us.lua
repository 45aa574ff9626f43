--- US: usage.

---@type table<string, vise.ErrorEntry>
return {
  ["E-US-01"] = {
    title = "unknown command",
    next = "`vise help` lists the commands.",
    explain = "The first word is no command, and no script: scripts end with .lua or contain a slash.",
  },
  ["E-US-02"] = {
    title = "unknown option",
    next = "`vise COMMAND -h` lists the options.",
    explain = "The command has no option of that name. Options of the program itself are --help and "
      .. "--version.",
  },
  ["E-US-03"] = {
    title = "an option lacks its value, or takes none",
    next = "Write --option VALUE or --option=VALUE.",
    explain = "A flag stands alone; every other option needs a value, in the next word or after =.",
  },
  ["E-US-04"] = {
    title = "a value of the wrong type",
    next = "`vise COMMAND --help` says what each value may be.",
    explain = "The word does not read as a number, choice, file or folder, as the option or argument needs.",
  },
  ["E-US-05"] = {
    title = "an argument is missing, or one too many",
    next = "`vise COMMAND --help` shows the usage.",
    explain = "Arguments are missing, superfluous, or given twice, or options are used together that "
      .. "exclude each other.",
  },
  ["E-US-06"] = {
    title = "no such file or folder",
    next = "Check the path; it is relative to the current folder.",
    explain = "Nothing exists at the path. Relative paths start at the current folder.",
    exit = 66,
  },
  ["E-US-07"] = {
    title = "a file may not be read",
    next = "Check the permissions of the file.",
    explain = "The file exists, but this user may not read it.",
    exit = 77,
  },
  ["E-US-08"] = {
    title = "unknown help topic",
    next = "`vise help` lists the topics.",
    explain = "The topic is no command, function, class, field or error id.",
  },
  ["E-US-09"] = {
    title = "a script does not compile",
    next = "Correct the line that the message names.",
    explain = "A Lua file has a syntax error. The message has the line.",
    exit = 65,
  },
  ["E-US-10"] = {
    title = "a bug in vise",
    next = "Report it with the lines below and the command that led here.",
    explain = "An error that carries no id is a mistake in vise itself. The traceback is for its authors.",
    exit = 70,
  },
  ["E-US-11"] = {
    title = "unknown tensor",
    next = "`vise inspect FILE` lists the tensors.",
    explain = "The file has no tensor of that name. Names are whole, with .weight or .bias at their end.",
  },
  ["E-US-12"] = {
    title = "two files cannot be compared",
    next = "`vise inspect` shows the tensors of each.",
    explain = "A comparison needs tensors of the same name and shape, or two artefacts, or two models.",
    exit = 65,
  },
  ["E-US-13"] = {
    title = "unknown name of the public module",
    next = "`vise help vise` lists the names.",
    explain = "The public module has no such name; the nearest ones are in the message.",
  },
  ["E-US-14"] = {
    title = "wrong argument of a function",
    next = "`vise help FUNCTION` shows what it takes.",
    explain = "A script called a function with an argument of the wrong type, out of range or closed, or with an "
      .. "option it does not have. The place in the script stands in front.",
  },
  ["E-US-15"] = {
    title = "unknown method or field",
    next = "`vise help CLASS` lists the methods; a method is called with a colon.",
    explain = "A tensor, scheme or other object has no method or field of that name. Without this, Lua would say "
      .. "that a nil value was called.",
  },
  ["E-US-30"] = {
    title = "no name for a recipe",
    next = "Choose a folder such as `my-recipe`, or a file such as `session.lua`.",
    explain = "The folder that .save writes is a recipe package, and a package is named as its folder: lower-case "
      .. "letters, digits and dashes.",
  },
  ["E-US-31"] = {
    title = "only for a person at the prompt",
    next = "Type it at the prompt of `vise repl`; in a script use os.execute.",
    explain = "Lines that begin with $ go to the shell. Input from a pipe or a file may come from elsewhere, so there "
      .. "they are refused.",
  },
  ["E-US-32"] = {
    title = "unknown command of the prompt",
    next = "`.help` lists the commands.",
    explain = "A line that begins with a dot is a command of the prompt: .full, .help, .load, .quit or .save.",
  },
}
