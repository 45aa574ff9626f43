--- Modules of models.

return {
  name = "nn",
  kind = "module",
  summary = "the parts that models are made of, and the quantized layer that takes a Linear's place",
  functions = {
    {
      name = "class",
      arguments = { { "kind", "string", "the class's name" } },
      returns = { { "table", "class" } },
      text = "A new class of modules: a table for its methods, which is its instances' metatable. Instances have a "
        .. "name and children, the modules inside them in the order in which they run.",
      example = [[
local Twice = vise.nn.class "Twice"
function Twice:forward(x) return self.inner:forward(self.inner:forward(x)) end
local inner = vise.nn.Linear.new("twice.inner", 8, 8, vise.random(1):normal { 8, 8 })
local twice = setmetatable({ name = "twice", inner = inner, children = { inner } }, Twice)
print(twice:layers()[1].name) --> twice.inner]],
    },
  },
}
