/* The few Linux calls and constants that Swift's Glibc module does not have. */
#ifndef C_SYSTEM_SUPPORT_H
#define C_SYSTEM_SUPPORT_H

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Hidden behind _GNU_SOURCE, which a Clang module cannot switch on for headers that another module has read. */
static const int SYSTEM_O_PATH = 010000000;
static const int SYSTEM_F_OFD_GETLK = 36;
static const int SYSTEM_F_OFD_SETLK = 37;
static const int SYSTEM_F_SETSIG = 10;
static const int SYSTEM_F_SETLEASE = 1024;
static const int SYSTEM_F_GETLEASE = 1025;
static const long SYSTEM_UTIME_OMIT = 0x3ffffffe;
static const unsigned int SYSTEM_RENAME_NOREPLACE = 1;
static const unsigned int SYSTEM_RENAME_EXCHANGE = 2;
static const int SYSTEM_SEEK_DATA = 3;
static const int SYSTEM_SEEK_HOLE = 4;
static const long SYSTEM_NFS_MAGIC = 0x6969;

/* Whether the program has more rights than its caller, as a set-user-ID program has (getauxval(3), AT_SECURE). */
static inline int system_has_rights_of_its_own(void) { return getauxval(AT_SECURE) != 0; }

/* renameat2(2), which older C libraries lack; ENOSYS where the kernel lacks it too. */
static inline int system_renameat2(int old_directory, const char *old_name, int new_directory, const char *new_name,
                                   unsigned int flags) {
#ifdef SYS_renameat2
  return (int)syscall(SYS_renameat2, old_directory, old_name, new_directory, new_name, flags);
#else
  errno = ENOSYS;
  return -1;
#endif
}

/* getdents64(2), which reads a directory through a descriptor at hand; readdir(3) takes one of its own. */
static inline long system_getdents64(int directory, void *buffer, unsigned long size) {
  return syscall(SYS_getdents64, directory, buffer, size);
}

/* Removes all files of a directory, by system calls only: for signal handlers. */
static inline void system_unlink_all(int directory) {
  char buffer[4096];
  long count;
  if (lseek(directory, 0, SEEK_SET) != 0) return;
  while ((count = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
    /* struct linux_dirent64: inode 8 bytes, offset 8, length of the entry 2, kind 1, name. */
    for (long entry = 0; entry < count;) {
      unsigned short length;
      __builtin_memcpy(&length, buffer + entry + 16, sizeof length);
      unlinkat(directory, buffer + entry + 19, 0);
      entry += length;
    }
  }
}

/* The command line where the kernel has put it: by the System V ABI the stack begins with the number of arguments, their
   pointers, NULL, and the pointers that environ leads to. NULL where environ no longer leads there. */
static inline char **system_initial_arguments(int *count) {
  if (!__environ || __environ[-1]) return NULL;
  char **first = __environ - 1;
  /* The strings lie above all pointers: the number of arguments is no such address, so the walk ends there at the latest. */
  while ((uintptr_t)first[-1] > (uintptr_t)__environ) first--;
  *count = (int)(__environ - 1 - first);
  return (uintptr_t)first[-1] == (uintptr_t)*count ? first : NULL;
}

/* getopt(3), whose variables Swift cannot read safely. The messages are the caller's affair. */
static inline void system_getopt_start(void) {
  optind = 0;
  opterr = 0;
}
static inline int system_getopt(int count, char *const *arguments, const char *options) {
  return getopt(count, arguments, options);
}
static inline const char *system_getopt_argument(void) { return optarg; }
static inline int system_getopt_index(void) { return optind; }
static inline int system_getopt_refused(void) { return optopt; }

/* fallocate(2) with FALLOC_FL_KEEP_SIZE: room on the disk for so many bytes from the beginning, the length as it is. */
static inline int system_reserve(int file, long long size) {
  return (int)syscall(SYS_fallocate, file, 1, 0LL, size);
}

/* sync_file_range(2) with SYNC_FILE_RANGE_WRITE: lets the disk begin to write, and waits for nothing. */
static inline void system_start_writing(int file, long long offset, long long count) {
#ifdef SYS_sync_file_range
  (void)syscall(SYS_sync_file_range, file, offset, count, 2);
#else
  (void)file, (void)offset, (void)count;
#endif
}

#endif
