#include "engine/files/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/files/text.h"
#include "engine/mem.h"

static atomic_llong operations, fail_in = -1;
static atomic_int fail_how;

void vise_io_fail_after(int64_t n, vise_io_fault how) {
    atomic_store(&fail_how, (int)how);
    atomic_store(&fail_in, n);
}

int64_t vise_io_count(void) {
    return atomic_load(&operations);
}

// Counts one operation.  True if it is the one that must fail; errno is then set.
static bool fault_hits(void) {
    atomic_fetch_add(&operations, 1);
    if (atomic_load(&fail_in) < 0 || atomic_fetch_sub(&fail_in, 1) != 0) return false;
    errno = ENOSPC;
    return true;
}

static void die_if_told(void) {
    if (atomic_load(&fail_how) == VISE_IO_KILL) raise(SIGKILL);
}

static bool fault(void) {
    if (!fault_hits()) return false;
    die_if_told();
    return true;
}

vise_status vise_disk_fail(vise_error *err, int code, const char *verb, const char *path) {
    const char *id = "E-FS-16", *why = strerror(code);
    switch (code) {
    case ENOSPC:
    case EDQUOT: id = "E-FS-01", why = "disk full"; break;
    case EFBIG: id = "E-FS-02", why = "file size limit reached"; break;
    case EACCES:
    case EPERM: id = "E-FS-03", why = "permission denied"; break;
    case EROFS: id = "E-FS-03", why = "the file system is read-only"; break;
    case EEXIST: id = "E-FS-05", why = "it exists already"; break;
    case ENOTEMPTY: id = "E-FS-05", why = "the folder is not empty"; break;
    case EISDIR: id = "E-FS-05", why = "it is a folder"; break;
    case EIO:
        id = "E-FS-08", why = "the disk reports an error; what was written is not safe";
        break;
    case EMFILE:
    case ENFILE: id = "E-FS-13", why = "too many open files"; break;
    case ENOENT: id = "E-FS-15", why = "no such file or folder"; break;
    case ENOTDIR: id = "E-FS-15", why = "a folder on the way is a file"; break;
    default: break;
    }
    return vise_fail(err, VISE_EIO, id, "cannot %s %s: %s", verb, vise_show_path(path).text,
                     why);
}

vise_disk_kind vise_disk_exists(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) return VISE_DISK_NOTHING;
    return S_ISREG(st.st_mode)   ? VISE_DISK_FILE
           : S_ISDIR(st.st_mode) ? VISE_DISK_FOLDER
                                 : VISE_DISK_OTHER;
}

vise_status vise_disk_real(vise_bytes *out, const char *path, vise_error *err) {
    char real[PATH_MAX];
    if (!realpath(path, real)) return vise_disk_fail(err, errno, "look at", path);
    return vise_bytes_add(out, real, (int64_t)strlen(real) + 1, err);
}

vise_status vise_disk_mkdir(const char *path, vise_error *err) {
    if (fault() || mkdir(path, 0777) != 0) return vise_disk_fail(err, errno, "make", path);
    return VISE_OK;
}

vise_status vise_disk_rename(const char *from, const char *to, vise_error *err) {
    if (fault() || rename(from, to) != 0) {
        // The old name is the likelier culprit when nothing is there.
        return vise_disk_fail(err, errno, "rename to", errno == ENOENT ? from : to);
    }
    return VISE_OK;
}

vise_status vise_disk_exchange(const char *a, const char *b, vise_error *err) {
    if (!fault() && renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0) return VISE_OK;
    if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
        return vise_fail(err, VISE_EIO, "E-FS-17",
                         "cannot exchange %s and its new version: the file system does not "
                         "swap names",
                         vise_show_path(b).text);
    }
    return vise_disk_fail(err, errno, "exchange", b);
}

vise_status vise_disk_link(const char *from, const char *to, vise_error *err) {
    if (fault() || link(from, to) != 0) return vise_disk_fail(err, errno, "link", to);
    return VISE_OK;
}

vise_status vise_disk_remove(const char *path, vise_error *err) {
    if (fault() || remove(path) != 0) return vise_disk_fail(err, errno, "remove", path);
    return VISE_OK;
}

static bool dots(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

// Empties the open folder `fd` and closes it.  Returns an errno, 0 when all went well.
static int empty_folder(int fd, int depth) {
    DIR *dir = depth > 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        int code = depth > 0 ? errno : ELOOP;
        close(fd);
        return code;
    }
    int code = 0;
    struct dirent *e;
    while (code == 0 && (errno = 0, e = readdir(dir)) != NULL) {
        if (dots(e->d_name)) continue;
        int sub =
            openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        bool folder = sub >= 0;
        if (folder) code = empty_folder(sub, depth - 1);
        if (code == 0 &&
            (fault() || unlinkat(dirfd(dir), e->d_name, folder ? AT_REMOVEDIR : 0) != 0)) {
            code = errno;
        }
    }
    if (code == 0) code = errno;
    closedir(dir);
    return code;
}

vise_status vise_disk_remove_tree(const char *path, vise_error *err) {
    enum { DEEPEST = 64 };
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int code = fd < 0 ? errno : empty_folder(fd, DEEPEST);
    if (code == 0 && (fault() || rmdir(path) != 0)) code = errno;
    return code ? vise_disk_fail(err, code, "remove", path) : VISE_OK;
}

static int by_name(const void *a, const void *b, void *names) {
    const char *base = names;
    return strcmp(base + *(const int64_t *)a, base + *(const int64_t *)b);
}

// Sorts NUL-ended names.
static vise_status sort_names(vise_bytes *names, int64_t count, vise_error *err) {
    vise_bytes sorted = {0};
    int64_t *at = vise_calloc((size_t)(count ? count : 1) * sizeof *at);
    vise_status st = VISE_OK;
    if (!at) {
        st = vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to list a folder");
        goto done;
    }
    for (int64_t i = 1; i < count; i++) {
        at[i] = at[i - 1] + (int64_t)strlen(names->data + at[i - 1]) + 1;
    }
    if (count > 1) qsort_r(at, (size_t)count, sizeof *at, by_name, names->data);
    st = vise_bytes_reserve(&sorted, names->size, err);
    if (st) goto done;
    for (int64_t i = 0; i < count && !st; i++) {
        const char *name = names->data + at[i];
        st = vise_bytes_add(&sorted, name, (int64_t)strlen(name) + 1, err);
    }
    vise_bytes_release(names);
    *names = sorted;
    sorted = (vise_bytes){0};

done:
    vise_bytes_release(&sorted);
    vise_free(at);
    return st;
}

vise_status vise_disk_list(vise_bytes *out, const char *path, vise_error *err) {
    vise_bytes names = {0};
    vise_status st = VISE_OK;
    int64_t count = 0;
    DIR *dir = opendir(path);
    if (!dir) return vise_disk_fail(err, errno, "list", path);
    struct dirent *e;
    while (!st && (errno = 0, e = readdir(dir)) != NULL) {
        if (dots(e->d_name)) continue;
        st = vise_bytes_add(&names, e->d_name, (int64_t)strlen(e->d_name) + 1, err);
        count++;
    }
    if (!st && errno) st = vise_disk_fail(err, errno, "list", path);
    closedir(dir);
    if (!st) st = sort_names(&names, count, err);
    if (st) {
        vise_bytes_release(&names);
        return st;
    }
    *out = names;
    return VISE_OK;
}

vise_status vise_disk_sync(const char *path, vise_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int code = fd < 0 ? errno : fault() || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0) close(fd);
    return code ? vise_disk_fail(err, code, "sync", path) : VISE_OK;
}

vise_status vise_disk_size(int64_t *bytes, const char *path, vise_error *err) {
    struct stat st;
    if (stat(path, &st) != 0) return vise_disk_fail(err, errno, "look at", path);
    *bytes = st.st_size;
    return VISE_OK;
}

vise_status vise_disk_free(int64_t *bytes, const char *path, vise_error *err) {
    struct statvfs fs;
    if (statvfs(path, &fs) != 0) return vise_disk_fail(err, errno, "look at", path);
    *bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    return VISE_OK;
}

// --- a file being written

enum { BUFFER = 1 << 18 };

vise_status vise_disk_create(vise_disk_file *out, const char *path, vise_error *err) {
    struct stat st;
    vise_disk_file f = {.path = path, .buffer = vise_calloc(BUFFER)};
    if (!f.buffer) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to write a file");
    int code = 0;
    if (lstat(path, &st) == 0) {
        if (!S_ISREG(st.st_mode))
            code = S_ISDIR(st.st_mode) ? EISDIR : EEXIST;
        else if (fault() || unlink(path) != 0)
            code = errno;
    }
    int fd = -1;
    if (code == 0) {
        if (!fault()) fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0) code = errno;
    }
    if (code) {
        vise_free(f.buffer);
        return vise_disk_fail(err, code, "write to", path);
    }
    f.fd = fd + 1;
    *out = f;
    return VISE_OK;
}

// All of it: interrupted and short writes go on where they stopped.
static vise_status write_all(vise_disk_file *f, const char *data, int64_t size,
                             vise_error *err) {
    while (size > 0) {
        bool failing = fault_hits();
        // At most 1 GiB a call; a write told to fail leaves half behind, as a full disk does.
        size_t part = (size_t)(size < 1 << 30 ? size : 1 << 30);
        ssize_t n = write(f->fd - 1, data, failing ? part / 2 : part);
        if (failing) {
            die_if_told();
            errno = ENOSPC;
        }
        if (!failing && n < 0 && errno == EINTR) continue;
        if (failing || n < 0) return vise_disk_fail(err, errno, "write to", f->path);
        data += n;
        size -= n;
    }
    return VISE_OK;
}

static vise_status flush(vise_disk_file *f, vise_error *err) {
    int64_t used = f->used;
    f->used = 0;
    return write_all(f, f->buffer, used, err);
}

vise_status vise_disk_write(vise_disk_file *f, const void *data, int64_t size,
                            vise_error *err) {
    if (f->digest) vise_sha256_add(f->digest, data, size);
    if (size > BUFFER - f->used) {
        vise_status st = flush(f, err);
        if (st) return st;
    }
    if (size >= BUFFER) return write_all(f, data, size, err);
    if (size > 0) memcpy(f->buffer + f->used, data, (size_t)size);
    f->used += size;
    return VISE_OK;
}

vise_status vise_disk_finish(vise_disk_file *f, vise_error *err) {
    vise_status st = flush(f, err);
    if (!st && (fault() || fsync(f->fd - 1) != 0)) {
        st = vise_disk_fail(err, errno, "sync", f->path);
    }
    if (!st) {
        // close() can report what a network file system kept to itself until now.
        int fd = f->fd - 1;
        f->fd = 0;
        if (close(fd) != 0 && errno != EINTR) {
            st = vise_disk_fail(err, errno, "close", f->path);
            unlink(f->path);
        }
    }
    if (st) {
        vise_disk_abandon(f);
        return st;
    }
    vise_free(f->buffer);
    *f = (vise_disk_file){0};
    return VISE_OK;
}

void vise_disk_abandon(vise_disk_file *f) {
    if (f->fd) {
        close(f->fd - 1);
        unlink(f->path);
    }
    vise_free(f->buffer);
    *f = (vise_disk_file){0};
}
