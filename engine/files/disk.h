// The disk operations that a save is made of.  Each one that changes the disk is counted and
// can be told to fail, so a test can fail or kill a save at every point of it.
//
// Errors: E-FS-01 disk full, E-FS-02 file size limit, E-FS-03 not permitted, E-FS-05 exists,
// E-FS-08 write error, E-FS-13 too many open files, E-FS-15 no such file, E-FS-16 any other,
// E-FS-17 the file system cannot exchange names.

#ifndef VISE_FILES_DISK_H
#define VISE_FILES_DISK_H

#include <stdint.h>

#include "engine/error.h"
#include "engine/files/bytes.h"
#include "engine/files/hash_sha256.h"

// Turns an errno into an error: "cannot `verb` `path`: why".  Returns VISE_EIO.
vise_status vise_disk_fail(vise_error *err, int code, const char *verb, const char *path);

// --- faults, for tests (counters of the process, as those of mem.c)
typedef enum vise_io_fault {
    VISE_IO_ERROR, // the operation fails: disk full.  A write has written half.
    VISE_IO_KILL,  // the process dies in it, as by kill -9
} vise_io_fault;
// `n` operations succeed and the next fails, once; -1 turns it off.
void vise_io_fail_after(int64_t n, vise_io_fault how);
int64_t vise_io_count(void); // operations so far

// --- names
typedef enum vise_disk_kind {
    VISE_DISK_NOTHING,
    VISE_DISK_FILE,
    VISE_DISK_FOLDER,
    VISE_DISK_OTHER,
} vise_disk_kind;
vise_disk_kind vise_disk_exists(const char *path); // follows links

// The absolute name with every link followed, ended by a NUL.
vise_status vise_disk_real(vise_bytes *out, const char *path, vise_error *err);

vise_status vise_disk_mkdir(const char *path, vise_error *err);
vise_status vise_disk_rename(const char *from, const char *to, vise_error *err);
// Swaps two names in one step; both must exist.  E-FS-17 where that is not supported.
vise_status vise_disk_exchange(const char *a, const char *b, vise_error *err);
vise_status vise_disk_link(const char *from, const char *to, vise_error *err); // a hard link
vise_status vise_disk_remove(const char *path, vise_error *err); // a file or empty folder
// A folder and what is in it; links are removed, never followed.
vise_status vise_disk_remove_tree(const char *path, vise_error *err);
// The names in a folder, sorted by byte, each ended by a NUL.
vise_status vise_disk_list(vise_bytes *names, const char *path, vise_error *err);

vise_status vise_disk_sync(const char *path, vise_error *err); // fsync of a file or folder
vise_status vise_disk_size(int64_t *bytes, const char *path, vise_error *err);
vise_status vise_disk_free(int64_t *bytes, const char *path, vise_error *err); // available

// --- a file being written.  A regular file of that name is replaced, not changed in place,
// so whoever has it mapped keeps what was there.  All-zero bytes is the closed one.
typedef struct vise_disk_file {
    const char *path; // the caller's
    char *buffer;
    int64_t used;
    int fd;              // + 1; 0 when closed
    vise_sha256 *digest; // set by the caller: gets every byte that is written
} vise_disk_file;
vise_status vise_disk_create(vise_disk_file *f, const char *path, vise_error *err);
vise_status vise_disk_write(vise_disk_file *f, const void *data, int64_t size, vise_error *err);
// Writes what is left, fsyncs and closes.  After a failure the file is removed.
vise_status vise_disk_finish(vise_disk_file *f, vise_error *err);
void vise_disk_abandon(vise_disk_file *f); // closes and removes it; a no-op when closed

#endif
