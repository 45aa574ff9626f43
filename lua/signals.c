#include "lua/signals.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/files/text.h"

// --- Ctrl-C

// The engine looks at it before every tile, Lua at its next instruction.
static atomic_int interrupted;

// The coroutines that are inside one another, the innermost first and the main one last.  A
// hook belongs to one coroutine, and Lua does not tell a signal handler which one it runs.
typedef struct running {
    lua_State *L;
    const struct running *outer;
} running;

static running outermost;
static const running *_Atomic innermost = &outermost;

static void stop_lua(lua_State *L, lua_Debug *ar) {
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "E-RN-01: interrupted");
}

static void on_interrupt(int signum) {
    if (atomic_exchange(&interrupted, 1)) { // the second one kills
        signal(signum, SIG_DFL);
        raise(signum);
        return;
    }
    for (const running *r = atomic_load(&innermost); r; r = r->outer) {
        lua_sethook(r->L, stop_lua, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
    }
}

// Without SA_RESTART: Ctrl-C also ends a read that waits at a prompt.
static void catch_interrupts(void) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

int viseL_interrupted(lua_State *L) {
    lua_pushboolean(L, atomic_load(&interrupted));
    if (lua_toboolean(L, 1)) {
        atomic_store(&interrupted, 0);
        lua_sethook(L, NULL, 0, 0);
    }
    return 1;
}

// Calls the function at `f`, below its arguments, while `co` counts as running.
static int call_noted(lua_State *L, lua_State *co, int f) {
    running r = {co, atomic_load(&innermost)};
    atomic_store(&innermost, &r);
    int status = lua_pcall(L, lua_gettop(L) - f, LUA_MULTRET, 0);
    atomic_store(&innermost, r.outer);
    if (status != LUA_OK) return lua_error(L);
    return lua_gettop(L) - f + 1;
}

// coroutine.resume.  Upvalue: the library's own.
static int resume(lua_State *L) {
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "thread");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    return call_noted(L, co, 1);
}

// What coroutine.wrap() returns.  Upvalues: the library's resume, the coroutine.
static int wrapped(lua_State *L) {
    lua_State *co = lua_tothread(L, lua_upvalueindex(2));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_rotate(L, 1, 2);
    int n = call_noted(L, co, 1);
    if (lua_toboolean(L, 1)) return n - 1;
    lua_settop(L, 2); // false, the error
    if (lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD) {
        lua_resetthread(co); // closes what is open, which may change the error
        lua_settop(L, 1);
        lua_xmove(co, L, 1);
    }
    if (lua_type(L, 2) == LUA_TSTRING) { // says where, as the library does
        luaL_where(L, 1);
        lua_insert(L, 2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

// coroutine.wrap.  Upvalues: the library's resume, its create.
static int wrap(lua_State *L) {
    lua_settop(L, 1);
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1); // f resume co
    lua_pushcclosure(L, wrapped, 2);
    return 1;
}

void viseL_signals_open(lua_State *L) {
    lua_getglobal(L, "coroutine");
    lua_getfield(L, -1, "resume");
    lua_getfield(L, -2, "create");
    lua_pushcclosure(L, wrap, 2);
    lua_setfield(L, -2, "wrap");
    lua_getfield(L, -1, "resume");
    lua_pushcclosure(L, resume, 1);
    lua_setfield(L, -2, "resume");
    lua_pop(L, 1);
}

// --- a mapped file that shrinks

// Which mapped file `address` lies in: its path from the kernel's list, into `path`.
static const char *mapped_at(uintptr_t address, char *path, size_t size) {
    static char list[1 << 18]; // one fault is enough: the handler never returns
    size_t got = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    for (ssize_t n; fd >= 0 && (n = read(fd, list + got, sizeof list - 1 - got)) > 0;) {
        got += (size_t)n;
    }
    for (char *line = list, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        char *rest;
        *end = 0;
        uintptr_t first = strtoull(line, &rest, 16);
        uintptr_t past = *rest == '-' ? strtoull(rest + 1, NULL, 16) : 0;
        const char *name = strchr(line, '/');
        if (!name || address < first || address >= past) continue;
        snprintf(path, size, "%s", name);
        return path;
    }
    return "a file";
}

// The pages past the new end of a file are gone.  There is nothing to go back to.
static void on_bus_error(int signum, siginfo_t *info, void *context) {
    (void)context;
    if (info->si_code != BUS_ADRERR) { // not about a mapping: crash as ever
        signal(signum, SIG_DFL);
        return;
    }
    char path[1024], text[1400];
    int n =
        snprintf(text, sizeof text,
                 "vise: E-HF-12: %s: changed while being read, it is shorter than it was\n"
                 "  next: Wait until nothing writes to it, then start again.\n",
                 vise_show_path(mapped_at((uintptr_t)info->si_addr, path, sizeof path)).text);
    ssize_t written = write(STDERR_FILENO, text, (size_t)n);
    _exit(written < 0 ? 74 : 65);
}

// --- all of them

void viseL_signals_start(lua_State *L) {
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    outermost.L = L;
    catch_interrupts();
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_IGN); // a file-size limit is then an error of write()
}

void viseL_signals_stop(void) {
    signal(SIGINT, SIG_DFL);
}

void *viseL_signals_flag(void) {
    return &interrupted;
}
