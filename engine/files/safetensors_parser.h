// The insides of the safetensors header parser, shared by its three files: the grammar
// (safetensors_grammar.c), one tensor (safetensors_entry.c), the whole (safetensors_header.c).

#ifndef VISE_FILES_SAFETENSORS_PARSER_H
#define VISE_FILES_SAFETENSORS_PARSER_H

#include "engine/files/safetensors_header.h"
#include "engine/files/text.h"

typedef struct vise_stp {
    vise_scan s;
    const char *file;
    vise_st_header h;
    int64_t max;      // tensors
    vise_span tensor; // being read; size < 0 outside of one
    vise_error *err;
} vise_stp;

// Fails with "file: message".
vise_status vise_stp_bad(const vise_stp *p, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
vise_shown vise_stp_show(const vise_stp *p, const vise_span *span); // a name, for a message

vise_status vise_stp_cut(const vise_stp *p); // the text ends here: E-ST-10
// What stands at the cursor is not what the grammar asks for: E-ST-29.
vise_status vise_stp_unexpected(const vise_stp *p, const char *wanted);
// The value at the cursor is of the wrong kind: `id`, or E-ST-12 if it nests too deeply.
// `depth` brackets are open.
vise_status vise_stp_wrong_kind(vise_stp *p, int depth, const char *id, const char *what);

vise_status vise_stp_expect(vise_stp *p, char c);
// Moves past a comma (then `*more`) or the closing bracket.
vise_status vise_stp_next(vise_stp *p, char closing, bool *more);
vise_status vise_stp_read_string(vise_stp *p, vise_span *out);
vise_status vise_stp_read_name(vise_stp *p, vise_span *out); // E-ST-14: holds a NUL

typedef enum vise_stp_number { VISE_STP_OK, VISE_STP_NONE, VISE_STP_BIG } vise_stp_number;
// A plain non-negative integer; the cursor moves past it only when there is one.
vise_stp_number vise_stp_read_integer(vise_scan *s, uint64_t *out);

// The object that describes one tensor.
vise_status vise_stp_tensor(vise_stp *p, vise_st_record *r);

#endif
