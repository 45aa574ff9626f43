// vise.workspace: the Lua face of engine/workspace.h.

#include "engine/workspace.h"

#include <string.h>

#include "lua/bind/bind.h"

#define VISEL_WORKSPACE "vise.workspace"

// The context that every call takes belongs to this Lua state: only here is it written to.
static vise_context *context(lua_State *L) {
    return (vise_context *)(uintptr_t)viseL_context(L);
}

static vise_workspace *check_workspace(lua_State *L) {
    return luaL_checkudata(L, 1, VISEL_WORKSPACE);
}

// core.workspace(): an empty one
static int workspace_new(lua_State *L) {
    vise_workspace *w = lua_newuserdatauv(L, sizeof *w, 0);
    memset(w, 0, sizeof *w);
    luaL_setmetatable(L, VISEL_WORKSPACE);
    return 1;
}

// w:begin(): what operators take from now on comes out of it, until w:finish().  Grows to what
// was wanted before; true
static int workspace_begin(lua_State *L) {
    vise_error err;
    vise_workspace *w = check_workspace(L);
    if (vise_workspace_begin(w, &err)) return viseL_fail(L, &err);
    context(L)->workspace = w;
    lua_pushboolean(L, true);
    return 1;
}

static int workspace_finish(lua_State *L) {
    if (context(L)->workspace == check_workspace(L)) context(L)->workspace = NULL;
    return 0;
}

// w:bytes(): what it holds, or will hold once it begins again
static int workspace_bytes(lua_State *L) {
    const vise_workspace *w = check_workspace(L);
    lua_pushinteger(L, w->wanted > w->size ? w->wanted : w->size);
    return 1;
}

static int workspace_close(lua_State *L) {
    vise_workspace *w = check_workspace(L);
    workspace_finish(L);
    vise_workspace_release(w);
    return 0;
}

static const luaL_Reg workspace_class[] = {
    {"__close", workspace_close },
    {"__gc",    workspace_close },
    {"begin",   workspace_begin },
    {"bytes",   workspace_bytes },
    {"close",   workspace_close },
    {"finish",  workspace_finish},
    {NULL,      NULL            },
};

static const luaL_Reg functions[] = {
    {"workspace", workspace_new},
    {NULL,        NULL         },
};

void viseL_open_workspace(lua_State *L) {
    viseL_class(L, VISEL_WORKSPACE, workspace_class);
    luaL_setfuncs(L, functions, 0);
}
