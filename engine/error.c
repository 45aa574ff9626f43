#include "engine/error.h"

#include <stdarg.h>
#include <stdio.h>

vise_status vise_fail(vise_error *err, vise_status status, const char *id, const char *fmt,
                      ...) {
    if (!err) return status;
    err->status = status;
    snprintf(err->id, sizeof err->id, "%s", id);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return status;
}
