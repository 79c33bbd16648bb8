/* Preloaded into a web process by the sync trial: for each reply with success to a POST, whether the process that
 * sends it has synced a file since it read the request: who reads is not always who stores. One byte a reply goes to the file in COUNTED_SYNCS:
 * '1' synced, '0' not. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile int asked, synced;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static void note(void) {
    const char *path = getenv("COUNTED_SYNCS");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (file < 0) return;
    if (write(file, synced ? "1" : "0", 1) != 1) abort();
    close(file);
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    ssize_t (*next)(int, void *, size_t, int) = real("recv");
    ssize_t got = next(fd, data, size, flags);
    if (got >= 5 && !memcmp(data, "POST ", 5)) { asked = 1; synced = 0; }
    return got;
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    ssize_t (*next)(int, const void *, size_t, int) = real("send");
    if (asked && size >= 12 && !memcmp(data, "HTTP/1.1 200", 12)) { note(); asked = 0; }
    return next(fd, data, size, flags);
}

int fsync(int fd) {
    int (*next)(int) = real("fsync");
    int failed = next(fd);
    if (!failed) synced = 1;
    return failed;
}

int fdatasync(int fd) {
    int (*next)(int) = real("fdatasync");
    int failed = next(fd);
    if (!failed) synced = 1;
    return failed;
}
