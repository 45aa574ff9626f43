// Helpers shared by the binding files.  Everything here may raise a Lua error, so callers
// hold no C resource that is not already inside a userdata.

#ifndef VISEL_BIND_H
#define VISEL_BIND_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/context.h"
#include "engine/packed.h"
#include "engine/scheme.h"
#include "engine/tensor.h"

#define VISEL_TENSOR "vise.tensor"
#define VISEL_SCHEME "vise.scheme"
#define VISEL_PACKED "vise.packed"

// Registers a class from one table: names that start with "__" are metamethods, the rest
// are methods.  More methods can be added with viseL_methods().
void viseL_class(lua_State *L, const char *tname, const luaL_Reg *reg);
void viseL_methods(lua_State *L, const char *tname, const luaL_Reg *reg);

// The same for functions of `vise.core`, the table on top of the stack.  What all three
// register is watched by the recorder that core.record() sets, except metamethods.
void viseL_functions(lua_State *L, const luaL_Reg *reg);
void viseL_pushwatched(lua_State *L, lua_CFunction f, const char *name);

// Reports a failed engine call.  VISE_EINVAL is the script's own mistake and raises
// "ID: message"; the rest happens to correct scripts too and returns nil, message, id.
int viseL_fail(lua_State *L, const vise_error *err);

// Tells the collector about `bytes` it cannot see, so dead tensors go in time.
void viseL_account(lua_State *L, int64_t bytes);

// Ends a function whose result `out`, from viseL_pushout(), is on top of the stack: fails, or
// returns it and accounts for it if it was made here.
int viseL_finish(lua_State *L, vise_status st, const vise_tensor *out, const vise_error *err);

// The context every engine call takes: backend, threads, cancel flag.
const vise_context *viseL_context(lua_State *L);

// Tensors.  Fetch arguments after pushing results: a push can run a finalizer.
vise_tensor *viseL_pushtensor(lua_State *L);               // pushes a closed tensor
vise_tensor *viseL_checktensor(lua_State *L, int arg);     // open, or an argument error
const vise_tensor *viseL_opttensor(lua_State *L, int arg); // NULL when nil or none
// Pushes where a result goes: the tensor at `arg` if one is given there (`out`), else a
// new closed one, which vise_tensor_output() then makes.
vise_tensor *viseL_pushout(lua_State *L, int arg);
vise_dtype viseL_checkdtype(lua_State *L, int arg);
// A table of integers.  Returns how many; raises past VISE_MAX_RANK.
int viseL_checkshape(lua_State *L, int arg, int64_t shape[VISE_MAX_RANK]);

// Schemes are plain values: nothing to close.
const vise_scheme *viseL_checkscheme(lua_State *L, int arg);
void viseL_pushscheme(lua_State *L, const vise_scheme *s);
vise_coded *viseL_pushcoded(lua_State *L);                 // pushes a closed one
const vise_coded *viseL_checkcoded(lua_State *L, int arg); // open, or an argument error
const vise_packed *viseL_checkpacked(lua_State *L, int arg);
void viseL_checkmatrix(lua_State *L, int arg, int64_t shape[2]); // a table {rows, cols}

// Options: {bits = 4, eps = 1e-5} read into a C struct by a table of fields.  Unknown keys,
// wrong types and out-of-range values raise; absent keys keep what *out holds.
typedef enum viseL_kind {
    VISEL_END,
    VISEL_INTEGER,
    VISEL_NUMBER,
    VISEL_BOOLEAN,
    VISEL_OTHER
} viseL_kind;

typedef struct viseL_field {
    viseL_kind kind;
    const char *name;
    size_t offset;   // of an int64_t, a double or a bool in the struct
    double min, max; // of integers and numbers
    // Of others: reads the value at the top of the stack, or raises.
    void (*read)(lua_State *L, const char *name, void *at);
} viseL_field;

#define VISEL_INT(type, member, min, max)                                                      \
    { VISEL_INTEGER, #member, offsetof(type, member), min, max, NULL }
#define VISEL_NUM(type, member, min, max)                                                      \
    { VISEL_NUMBER, #member, offsetof(type, member), min, max, NULL }
#define VISEL_BOOL(type, member)                                                               \
    { VISEL_BOOLEAN, #member, offsetof(type, member), 0, 0, NULL }
#define VISEL_READ(type, member, name, read)                                                   \
    { VISEL_OTHER, name, offsetof(type, member), 0, 0, read }

void viseL_options(lua_State *L, int arg, const viseL_field *fields, void *out);

// The reader of an option `search`, a vise_search: true, false or { shrink, grid, norm }.
void viseL_readsearch(lua_State *L, const char *name, void *at);

// Each adds its functions to the table on top of the stack, which is `vise.core`.
void viseL_open_tensor(lua_State *L);
void viseL_open_bench(lua_State *L);
void viseL_open_bench_solvers(lua_State *L);
void viseL_open_bytes(lua_State *L);
void viseL_open_coded(lua_State *L);
void viseL_open_divergence(lua_State *L);
void viseL_open_disk(lua_State *L);
void viseL_open_elements(lua_State *L);
void viseL_open_json(lua_State *L);
void viseL_open_kernels(lua_State *L);
void viseL_open_linalg(lua_State *L);
void viseL_open_nnops(lua_State *L);
void viseL_open_observe(lua_State *L);
void viseL_open_onednn(lua_State *L);
void viseL_open_ops(lua_State *L);
void viseL_open_packed(lua_State *L);
void viseL_open_permute(lua_State *L);
void viseL_open_rotate(lua_State *L);
void viseL_open_rows(lua_State *L);
void viseL_open_safetensors(lua_State *L);
void viseL_open_scheme(lua_State *L);
void viseL_open_solve(lua_State *L);
void viseL_open_statistics(lua_State *L);
void viseL_open_terminal(lua_State *L);
void viseL_open_tokenizer(lua_State *L);
void viseL_open_watch(lua_State *L);
void viseL_open_workspace(lua_State *L);

#endif
