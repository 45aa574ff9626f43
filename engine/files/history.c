#include "engine/files/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/files/disk.h"
#include "engine/mem.h"

// A longer file is not cut: nobody types that much.
#define MOST_BYTES (256 << 20)
// Lines are counted each time the file has grown past a multiple of this.
#define STEP (64 << 10)

static bool write_all(int fd, const char *text, int64_t size) {
    while (size > 0) {
        ssize_t n = write(fd, text, (size_t)size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        size -= n;
    }
    return true;
}

static bool read_all(int fd, char *into, int64_t size) {
    for (int64_t at = 0; at < size;) {
        ssize_t n = pread(fd, into + at, (size_t)(size - at), at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
    }
    return true;
}

// Where the last `lines` lines begin; -1 if there are not more than twice as many.
static int64_t find_cut(const char *text, int64_t size, int64_t lines) {
    int64_t count = 0, cut = -1;
    for (int64_t at = size; at > 0; at--) {
        if (text[at - 1] != '\n') continue;
        count++;
        if (count == lines + 1) cut = at;
    }
    return count > 2 * lines ? cut : -1;
}

// Writes the tail over the start, then ends the file behind it.  What is kept is the shorter
// part, unless its lines are the longer ones: then the file stays as it is.
static bool cut_down(int fd, int64_t added, int64_t lines) {
    struct stat about;
    if (fstat(fd, &about)) return false;
    int64_t size = about.st_size;
    if (size / STEP == (size - added) / STEP || size > MOST_BYTES) return true;
    char *text = vise_alloc((size_t)size);
    if (!text) return true;
    bool ok = read_all(fd, text, size);
    int64_t cut = ok ? find_cut(text, size, lines) : -1;
    if (cut > 0 && size - cut <= cut) {
        for (int64_t at = cut; at < size && ok;) {
            ssize_t n = pwrite(fd, text + at, (size_t)(size - at), at - cut);
            if (n < 0 && errno == EINTR) continue;
            ok = n > 0;
            at += n;
        }
        ok = ok && ftruncate(fd, size - cut) == 0;
    }
    vise_free(text);
    return ok;
}

vise_status vise_history_append(const char *path, const char *text, int64_t size, int64_t lines,
                                vise_error *err) {
    // Not O_APPEND: pwrite() would then add at the end, whatever place it is given.
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return vise_disk_fail(err, errno, "open", path);
    struct stat about;
    bool ok = fstat(fd, &about) == 0;
    if (ok && !S_ISREG(about.st_mode)) { // a link to /dev/null: nothing is to be kept
        close(fd);
        return VISE_OK;
    }
    ok = ok && flock(fd, LOCK_EX) == 0 && fchmod(fd, 0600) == 0;
    ok = ok && lseek(fd, 0, SEEK_END) >= 0 && write_all(fd, text, size) &&
         cut_down(fd, size, lines);
    int why = errno;
    close(fd); // and the lock goes
    return ok ? VISE_OK : vise_disk_fail(err, why, "write", path);
}
