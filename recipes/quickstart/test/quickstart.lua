-- What is missing or out of range is said before any work; `make quickstart` goes the whole way.

return function(t)
  t:refuses({}, "E-RC-09")
  t:refuses({ given = { "images=41" } }, "E-RC-05")
  local values = assert(t:params { "steps=4" })
  t:equal(values.steps, 4, "steps")
  t:equal(values.images, 40, "images")
end
