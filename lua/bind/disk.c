// core.disk: the Lua face of engine/files/disk.h.  Everything that fails returns nil, message,
// id; what has nothing to say returns true.

#include <string.h>

#include "engine/files/disk.h"
#include "engine/files/history.h"
#include "engine/files/map.h"
#include "engine/files/text.h"
#include "lua/bind/files.h"

#define VISEL_MAP "vise.map"

const char *viseL_checkpath(lua_State *L, int arg) {
    size_t size;
    const char *path = luaL_checklstring(L, arg, &size);
    luaL_argcheck(L, strlen(path) == size && size > 0, arg,
                  "a path is not empty and has no NUL");
    return path;
}

static int one_path(lua_State *L, vise_status (*f)(const char *, vise_error *)) {
    vise_error err;
    if (f(viseL_checkpath(L, 1), &err)) return viseL_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static int two_paths(lua_State *L, vise_status (*f)(const char *, const char *, vise_error *)) {
    vise_error err;
    if (f(viseL_checkpath(L, 1), viseL_checkpath(L, 2), &err)) return viseL_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static int path_number(lua_State *L, vise_status (*f)(int64_t *, const char *, vise_error *)) {
    vise_error err;
    int64_t n = 0;
    if (f(&n, viseL_checkpath(L, 1), &err)) return viseL_fail(L, &err);
    lua_pushinteger(L, n);
    return 1;
}

static int disk_mkdir(lua_State *L) {
    return one_path(L, vise_disk_mkdir);
}

static int disk_remove(lua_State *L) {
    return one_path(L, vise_disk_remove);
}

static int disk_remove_tree(lua_State *L) {
    return one_path(L, vise_disk_remove_tree);
}

static int disk_sync(lua_State *L) {
    return one_path(L, vise_disk_sync);
}

static int disk_rename(lua_State *L) {
    return two_paths(L, vise_disk_rename);
}

static int disk_exchange(lua_State *L) {
    return two_paths(L, vise_disk_exchange);
}

static int disk_link(lua_State *L) {
    return two_paths(L, vise_disk_link);
}

static int disk_size(lua_State *L) {
    return path_number(L, vise_disk_size);
}

static int disk_free(lua_State *L) {
    return path_number(L, vise_disk_free);
}

// disk.exists(path) -> "file", "folder", "other" or nil
static int disk_exists(lua_State *L) {
    static const char *const kinds[] = {NULL, "file", "folder", "other"};
    lua_pushstring(L, kinds[vise_disk_exists(viseL_checkpath(L, 1))]);
    return 1;
}

// disk.real(path) -> the absolute name with every link followed
static int disk_real(lua_State *L) {
    const char *path = viseL_checkpath(L, 1);
    vise_error err;
    vise_bytes *name = viseL_pushbytes(L);
    if (vise_disk_real(name, path, &err)) return viseL_fail(L, &err);
    lua_pushstring(L, name->data);
    vise_bytes_release(name);
    return 1;
}

// disk.sha256(path) -> 64 hex digits
static int disk_sha256(lua_State *L) {
    vise_error err;
    vise_sha256_text hash;
    if (vise_sha256_file(viseL_context(L), &hash, viseL_checkpath(L, 1), &err)) {
        return viseL_fail(L, &err);
    }
    lua_pushstring(L, hash.hex);
    return 1;
}

// disk.list(path) -> names in byte order
static int disk_list(lua_State *L) {
    const char *path = viseL_checkpath(L, 1);
    vise_error err;
    vise_bytes *names = viseL_pushbytes(L);
    if (vise_disk_list(names, path, &err)) return viseL_fail(L, &err);
    lua_newtable(L);
    lua_Integer n = 0;
    for (int64_t at = 0; at < names->size; at += (int64_t)strlen(names->data + at) + 1) {
        lua_pushstring(L, names->data + at);
        lua_rawseti(L, -2, ++n);
    }
    vise_bytes_release(names);
    return 1;
}

// disk.write(path, bytes): the whole file, fsynced
static int disk_write(lua_State *L) {
    size_t size;
    const char *path = viseL_checkpath(L, 1), *data = luaL_checklstring(L, 2, &size);
    vise_error err;
    vise_disk_file f = {0}; // nothing below raises before it is closed
    vise_status st = vise_disk_create(&f, path, &err);
    if (!st) st = vise_disk_write(&f, data, (int64_t)size, &err);
    if (!st) st = vise_disk_finish(&f, &err);
    vise_disk_abandon(&f);
    if (st) return viseL_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

// disk.append(path, text, lines): adds whole lines to a private file that others add to as well
// and that keeps its last `lines`
static int disk_append(lua_State *L) {
    size_t size;
    const char *path = viseL_checkpath(L, 1), *text = luaL_checklstring(L, 2, &size);
    lua_Integer lines = luaL_checkinteger(L, 3);
    luaL_argcheck(L, lines >= 1 && lines <= 1 << 24, 3, "expected 1 to 16777216 lines");
    vise_error err;
    if (vise_history_append(path, text, (int64_t)size, lines, &err)) return viseL_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static int map_gc(lua_State *L) {
    vise_map **map = luaL_checkudata(L, 1, VISEL_MAP);
    vise_map_drop(*map);
    *map = NULL;
    return 0;
}

// disk.read(path [, most = 64 MiB]) -> the contents of a regular file
static int disk_read(lua_State *L) {
    const char *path = viseL_checkpath(L, 1);
    lua_Integer most = luaL_optinteger(L, 2, 64 << 20);
    vise_error err;
    vise_map **map = lua_newuserdatauv(L, sizeof(vise_map *), 0);
    *map = NULL;
    luaL_setmetatable(L, VISEL_MAP);
    if (vise_map_open(map, path, &err)) return viseL_fail(L, &err);
    int64_t size = vise_map_size(*map);
    if (size > most) {
        vise_fail(&err, VISE_EIO, "E-FS-18", "%s: %s bytes, expected %s at most",
                  vise_show_path(path).text, vise_digits_of((uint64_t)size).text,
                  vise_digits_of((uint64_t)most).text);
        return viseL_fail(L, &err);
    }
    lua_pushlstring(L, size > 0 ? (const char *)vise_map_data(*map) : "", (size_t)size);
    vise_map_drop(*map);
    *map = NULL;
    return 1;
}

// core.io_fault(n [, "error" | "kill"]): n operations succeed, the next fails or dies; -1 off
static int disk_io_fault(lua_State *L) {
    static const char *const modes[] = {"error", "kill", NULL};
    int how = luaL_checkoption(L, 2, "error", modes);
    vise_io_fail_after(luaL_checkinteger(L, 1), how ? VISE_IO_KILL : VISE_IO_ERROR);
    return 0;
}

static int disk_io_count(lua_State *L) {
    lua_pushinteger(L, vise_io_count());
    return 1;
}

static const luaL_Reg map_class[] = {
    {"__gc", map_gc},
    {NULL,   NULL  },
};

static const luaL_Reg disk[] = {
    {"append",      disk_append     },
    {"exchange",    disk_exchange   },
    {"exists",      disk_exists     },
    {"free",        disk_free       },
    {"link",        disk_link       },
    {"list",        disk_list       },
    {"mkdir",       disk_mkdir      },
    {"read",        disk_read       },
    {"real",        disk_real       },
    {"remove",      disk_remove     },
    {"remove_tree", disk_remove_tree},
    {"rename",      disk_rename     },
    {"sha256",      disk_sha256     },
    {"size",        disk_size       },
    {"sync",        disk_sync       },
    {"write",       disk_write      },
    {NULL,          NULL            },
};

static const luaL_Reg disk_functions[] = {
    {"io_count", disk_io_count},
    {"io_fault", disk_io_fault},
    {NULL,       NULL         },
};

void viseL_open_disk(lua_State *L) {
    viseL_class(L, VISEL_MAP, map_class);
    luaL_setfuncs(L, disk_functions, 0);
    luaL_newlib(L, disk);
    lua_setfield(L, -2, "disk");
}
