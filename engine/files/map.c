#include "engine/files/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/files/disk.h"
#include "engine/files/text.h"
#include "engine/mem.h"

struct vise_map {
    atomic_int refs;
    int fd; // kept, so that vise_map_check() asks about this very file
    void *data;
    int64_t size;
    struct timespec changed;
    char path[];
};

static const char *kind_name(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR: return "a folder";
    case S_IFIFO: return "a pipe";
    case S_IFSOCK: return "a socket";
    default: return "a device";
    }
}

static vise_status cannot_open(const char *path, int code, vise_error *err) {
    struct stat st;
    if (code == ELOOP || (code == ENOENT && lstat(path, &st) == 0 && S_ISLNK(st.st_mode))) {
        return vise_fail(err, VISE_EIO, "E-HF-11", "%s: cannot follow the link, it %s",
                         vise_show_path(path).text,
                         code == ELOOP ? "leads back to itself" : "leads to nothing");
    }
    if (code == ENXIO) { // a socket
        return vise_fail(err, VISE_EIO, "E-HF-10", "%s: a socket, expected a regular file",
                         vise_show_path(path).text);
    }
    return vise_disk_fail(err, code, "open", path);
}

vise_status vise_map_open(vise_map **out, const char *path, vise_error *err) {
    size_t length = strlen(path) + 1;
    vise_map *map = vise_calloc(sizeof *map + length);
    if (!map) return vise_fail(err, VISE_ENOMEM, "E-MM-01", "no memory to open a file");
    atomic_init(&map->refs, 1);
    memcpy(map->path, path, length);
    vise_status st = VISE_OK;
    struct stat info;
    // Not blocking: a pipe without a writer must be refused, not waited for.
    map->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (map->fd < 0) {
        st = cannot_open(path, errno, err);
        goto done;
    }
    if (fstat(map->fd, &info) != 0) {
        st = vise_disk_fail(err, errno, "open", path);
        goto done;
    }
    if (!S_ISREG(info.st_mode)) {
        st = vise_fail(err, VISE_EIO, "E-HF-10", "%s: %s, expected a regular file",
                       vise_show_path(path).text, kind_name(info.st_mode));
        goto done;
    }
    map->size = info.st_size;
    map->changed = info.st_mtim;
    if (map->size > 0) {
        map->data = mmap(NULL, (size_t)map->size, PROT_READ, MAP_PRIVATE, map->fd, 0);
        if (map->data == MAP_FAILED) {
            map->data = NULL;
            st = vise_disk_fail(err, errno, "map", path);
            goto done;
        }
    }
    *out = map;
    return VISE_OK;

done:
    vise_map_drop(map);
    return st;
}

void vise_map_hold(vise_map *map) {
    atomic_fetch_add(&map->refs, 1);
}

void vise_map_drop(void *owner) {
    vise_map *map = owner;
    if (!map || atomic_fetch_sub(&map->refs, 1) > 1) return;
    if (map->data) munmap(map->data, (size_t)map->size);
    if (map->fd >= 0) close(map->fd);
    vise_free(map);
}

const uint8_t *vise_map_data(const vise_map *map) {
    return map->data;
}

int64_t vise_map_size(const vise_map *map) {
    return map->size;
}

const char *vise_map_path(const vise_map *map) {
    return map->path;
}

vise_status vise_map_check(const vise_map *map, vise_error *err) {
    struct stat now;
    if (fstat(map->fd, &now) != 0) return vise_disk_fail(err, errno, "look at", map->path);
    if (now.st_size != map->size) {
        return vise_fail(
            err, VISE_EIO, "E-HF-12", "%s: changed while being read, its size was %s and is %s",
            vise_show_path(map->path).text, vise_digits_of((uint64_t)map->size).text,
            vise_digits_of((uint64_t)now.st_size).text);
    }
    if (now.st_mtim.tv_sec != map->changed.tv_sec ||
        now.st_mtim.tv_nsec != map->changed.tv_nsec) {
        return vise_fail(err, VISE_EIO, "E-HF-12", "%s: was written to while being read",
                         vise_show_path(map->path).text);
    }
    return VISE_OK;
}
