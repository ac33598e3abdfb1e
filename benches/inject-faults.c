/* Makes one system call of a program fail: loaded before the C library (LD_PRELOAD), through which the program
 * accesses its files. Only calls on files below one folder are counted, over all threads, so that the same run
 * makes the same calls. `benches/inject-faults` builds and uses it.
 *
 *   INJECT_FOLDER  the folder, as a path without symbolic links
 *   INJECT_LOG     the file that logs each counted call
 *   INJECT_CALL    the call that fails, such as write
 *   INJECT_AT      which of them, from 1
 *   INJECT_ONWARD  set: all later ones fail, too
 *   INJECT_ERROR   the error's number
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum call { OPEN, READ, WRITE, FSYNC, RENAME, LINK, UNLINK, FLOCK, LOCK, TRUNCATE, CHMOD, CHOWN, COPY, CALLS };
static const char *const names[CALLS] = {"open", "read", "write", "fsync", "rename", "link", "unlink", "flock", "lock",
                                         "truncate", "chmod", "chown", "copy"};
static atomic_int counts[CALLS];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The write of the C library, not the one that this file defines. */
static void note(enum call call, int count, const char *path) {
  const char *log = getenv("INJECT_LOG");
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%s %d %s\n", names[call], count, path);
  int file = log ? REAL(open64)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (file < 0) return;
  if (REAL(write)(file, line, length) < 0) { /* The script detects the missing line. */ }
  REAL(close)(file);
}

/* Whether this call on an absolute path must fail; sets errno in that case. */
static int fails(enum call call, const char *path) {
  const char *folder = getenv("INJECT_FOLDER");
  size_t length = folder ? strlen(folder) : 0;
  if (!length || strncmp(path, folder, length) || (path[length] && path[length] != '/')) return 0;
  int saved = errno;
  int count = atomic_fetch_add(&counts[call], 1) + 1;
  note(call, count, path);
  errno = saved;
  const char *wanted = getenv("INJECT_CALL"), *at = getenv("INJECT_AT"), *error = getenv("INJECT_ERROR");
  if (!wanted || !at || !error || strcmp(wanted, names[call])) return 0;
  if (count != atoi(at) && !(getenv("INJECT_ONWARD") && count > atoi(at))) return 0;
  errno = atoi(error);
  return 1;
}

static int path_fails(enum call call, int folder, const char *path) {
  char whole[2 * PATH_MAX] = "", link[64];
  int saved = errno;
  if (path[0] == '/') {
    snprintf(whole, sizeof whole, "%s", path);
  } else if (folder == AT_FDCWD) {
    if (!getcwd(whole, PATH_MAX)) return 0;
    snprintf(whole + strlen(whole), PATH_MAX, "/%s", path);
  } else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, whole, PATH_MAX - 1);
    if (length < 0) return 0;
    snprintf(whole + length, PATH_MAX, "/%s", path);
  }
  errno = saved;
  return fails(call, whole);
}

static int file_fails(enum call call, int file) {
  char link[64], path[PATH_MAX];
  int saved = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length < 0) return 0;
  path[length] = 0;
  return fails(call, path);
}

#define MODE(flags, last)                                                                                              \
  mode_t mode = 0;                                                                                                     \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                                             \
    va_list rest;                                                                                                      \
    va_start(rest, last);                                                                                              \
    mode = va_arg(rest, mode_t);                                                                                       \
    va_end(rest);                                                                                                      \
  }

int open(const char *path, int flags, ...) {
  MODE(flags, flags)
  return path_fails(OPEN, AT_FDCWD, path) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE(flags, flags)
  return path_fails(OPEN, AT_FDCWD, path) ? -1 : REAL(open64)(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE(flags, flags)
  return path_fails(OPEN, folder, path) ? -1 : REAL(openat)(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags, flags)
  return path_fails(OPEN, folder, path) ? -1 : REAL(openat64)(folder, path, flags, mode);
}
DIR *opendir(const char *path) { return path_fails(OPEN, AT_FDCWD, path) ? NULL : REAL(opendir)(path); }

ssize_t read(int file, void *bytes, size_t length) {
  return file_fails(READ, file) ? -1 : REAL(read)(file, bytes, length);
}
ssize_t write(int file, const void *bytes, size_t length) {
  return file_fails(WRITE, file) ? -1 : REAL(write)(file, bytes, length);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
  return file_fails(WRITE, file) ? -1 : REAL(writev)(file, parts, count);
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
  return file_fails(WRITE, file) ? -1 : REAL(pwrite)(file, bytes, length, at);
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
  return file_fails(WRITE, file) ? -1 : REAL(pwrite64)(file, bytes, length, at);
}

int fsync(int file) { return file_fails(FSYNC, file) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return file_fails(FSYNC, file) ? -1 : REAL(fdatasync)(file); }

int rename(const char *from, const char *to) {
  return path_fails(RENAME, AT_FDCWD, to) ? -1 : REAL(rename)(from, to);
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
  return path_fails(RENAME, to_folder, to) ? -1 : REAL(renameat)(from_folder, from, to_folder, to);
}
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags) {
  return path_fails(RENAME, to_folder, to) ? -1 : REAL(renameat2)(from_folder, from, to_folder, to, flags);
}
int link(const char *from, const char *to) { return path_fails(LINK, AT_FDCWD, to) ? -1 : REAL(link)(from, to); }
int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  return path_fails(LINK, to_folder, to) ? -1 : REAL(linkat)(from_folder, from, to_folder, to, flags);
}
int symlink(const char *target, const char *path) {
  return path_fails(LINK, AT_FDCWD, path) ? -1 : REAL(symlink)(target, path);
}
int unlink(const char *path) { return path_fails(UNLINK, AT_FDCWD, path) ? -1 : REAL(unlink)(path); }
int unlinkat(int folder, const char *path, int flags) {
  return path_fails(UNLINK, folder, path) ? -1 : REAL(unlinkat)(folder, path, flags);
}

int flock(int file, int how) { return file_fails(FLOCK, file) ? -1 : REAL(flock)(file, how); }
static int locks(int command) {
  return command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}
int fcntl(int file, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  return locks(command) && file_fails(LOCK, file) ? -1 : REAL(fcntl)(file, command, argument);
}
int fcntl64(int file, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  return locks(command) && file_fails(LOCK, file) ? -1 : REAL(fcntl64)(file, command, argument);
}

int ftruncate(int file, off_t length) { return file_fails(TRUNCATE, file) ? -1 : REAL(ftruncate)(file, length); }
int ftruncate64(int file, off64_t length) { return file_fails(TRUNCATE, file) ? -1 : REAL(ftruncate64)(file, length); }
int chmod(const char *path, mode_t mode) { return path_fails(CHMOD, AT_FDCWD, path) ? -1 : REAL(chmod)(path, mode); }
int fchmod(int file, mode_t mode) { return file_fails(CHMOD, file) ? -1 : REAL(fchmod)(file, mode); }
int fchown(int file, uid_t owner, gid_t group) {
  return file_fails(CHOWN, file) ? -1 : REAL(fchown)(file, owner, group);
}
int chown(const char *path, uid_t owner, gid_t group) {
  return path_fails(CHOWN, AT_FDCWD, path) ? -1 : REAL(chown)(path, owner, group);
}
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned int flags) {
  return file_fails(COPY, to) ? -1 : REAL(copy_file_range)(from, from_at, to, to_at, length, flags);
}
