rockspec_format = "3.0"
package = "vise"
version = "scm-1"
source = {
  url = "git+file://.", -- a checkout: `luarocks make`
}
description = {
  summary = "post-training quantization, scripted in Lua",
  license = "MIT",
}
dependencies = {
  "lua ~> 5.4",
}
build = {
  type = "make",
  build_target = "lua-module",
  install_target = "install-lua",
  install_variables = {
    LUA_SHARE = "$(LUADIR)",
    LUA_LIB = "$(LIBDIR)",
  },
}
