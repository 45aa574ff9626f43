// The Lua modules inside the program, written by lua/embed.c at build.

#ifndef VISE_EMBEDDED_H
#define VISE_EMBEDDED_H

#include <stddef.h>

typedef struct vise_embedded {
    const char *module; // "vise.nn.linear"; NULL ends the list
    const char *path;   // for messages
    const unsigned char *source;
    size_t size;
} vise_embedded;

extern const vise_embedded vise_embedded_modules[];

#endif
