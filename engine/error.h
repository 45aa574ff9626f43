// Errors: a status for the program, a stable id for people to look up, one line of text.
//
// What can fail returns a vise_status and takes a `vise_error *` last, which may be NULL.
// Every id has an entry in lua/vise/errors.lua, which says what to do next.

#ifndef VISE_ERROR_H
#define VISE_ERROR_H

typedef enum vise_status {
    VISE_OK = 0,
    VISE_EINVAL,   // the caller's own mistake: a wrong argument, shape or dtype
    VISE_ENOMEM,   // the machine, or the budget, has no memory left
    VISE_EIO,      // the operating system refused a file operation
    VISE_EFORMAT,  // a file does not follow its own format
    VISE_ENUMERIC, // the data broke the maths: NaN weights, a decomposition that fails
    VISE_EHOST,    // this machine lacks what was asked for
    VISE_ECANCEL,  // somebody pressed Ctrl-C
} vise_status;

typedef struct vise_error {
    vise_status status;
    char id[16]; // "E-ST-07"
    char msg[496];
} vise_error;

// Fills `err` (which may be NULL) and returns `status`, so callers write
// `return vise_fail(err, VISE_EIO, "E-FS-03", "open %s: %s", path, strerror(errno));`
vise_status vise_fail(vise_error *err, vise_status status, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
