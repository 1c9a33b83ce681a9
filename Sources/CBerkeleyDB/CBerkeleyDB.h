#pragma once
#if !__has_include(<db.h>)
#error "db.h is missing: install libdb-dev (Debian) or libdb-devel (Fedora)"
#endif
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <db.h>
#include <stdio.h>
#if DB_VERSION_MAJOR != 5 || DB_VERSION_MINOR != 3
#error "mailcfg needs libdb 5.3, the version that sendmail is linked with"
#endif

/*
 * What Swift cannot call comfortably: methods that are members of a handle, DBT arguments, and macros.
 * Every function returns 0 or the error that libdb returned, and keeps nothing.
 */

/* Without this, libdb prints whole pages of a damaged database to the standard output. */
static void CBerkeleyDB_ignore(const DB_ENV *environment, const char *message) {
  (void)environment;
  (void)message;
}

/*
 * A stream to which nothing can be written; NULL where there is no memory for one.
 *
 * Verification has a message for two equal keys side by side on a page, which a whole database may have, and prints both as if
 * they ended in NUL. A function that is to be called with the message is called with it printed; to this stream the C library
 * prints nothing and looks at no key.
 */
static inline FILE *CBerkeleyDB_nowhere(void) {
  static FILE *stream;
  FILE *known = __atomic_load_n(&stream, __ATOMIC_ACQUIRE);
  if (known != NULL) return known;
  static char nothing[1];
  FILE *made = fmemopen(nothing, sizeof nothing, "r");
  if (made == NULL || __atomic_compare_exchange_n(&stream, &known, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return made;
  fclose(made);
  return known;
}

/* A handle that prints nothing: callers get error codes, and the standard streams are theirs. */
static inline int CBerkeleyDB_create(DB **handle) {
  int result = db_create(handle, NULL, 0);
  if (result != 0) return result;
  (*handle)->set_errcall(*handle, NULL);
  (*handle)->set_errfile(*handle, NULL);
  FILE *nowhere = CBerkeleyDB_nowhere();
  if (nowhere != NULL) {
    (*handle)->set_msgfile(*handle, nowhere);
  } else {
    (*handle)->set_msgcall(*handle, CBerkeleyDB_ignore);
  }
  return 0;
}

static inline int CBerkeleyDB_set_pagesize(DB *db, u_int32_t bytes) { return db->set_pagesize(db, bytes); }
static inline int CBerkeleyDB_set_h_ffactor(DB *db, u_int32_t pairs) { return db->set_h_ffactor(db, pairs); }
static inline int CBerkeleyDB_set_h_nelem(DB *db, u_int32_t pairs) { return db->set_h_nelem(db, pairs); }
static inline int CBerkeleyDB_set_flags(DB *db, u_int32_t flags) { return db->set_flags(db, flags); }

static inline int CBerkeleyDB_set_cachesize(DB *db, u_int64_t bytes) {
  return db->set_cachesize(db, (u_int32_t)(bytes >> 30), (u_int32_t)(bytes & ((1u << 30) - 1)), 1);
}

static inline int CBerkeleyDB_open(DB *db, const char *path, DBTYPE type, u_int32_t flags, int mode) {
  return db->open(db, NULL, path, NULL, type, flags, mode);
}

static inline int CBerkeleyDB_get_type(DB *db, DBTYPE *type) { return db->get_type(db, type); }
static inline int CBerkeleyDB_get_flags(DB *db, u_int32_t *flags) { return db->get_flags(db, flags); }
static inline int CBerkeleyDB_get_byteswapped(DB *db, int *swapped) { return db->get_byteswapped(db, swapped); }
static inline int CBerkeleyDB_sync(DB *db) { return db->sync(db, 0); }
static inline int CBerkeleyDB_close(DB *db, u_int32_t flags) { return db->close(db, flags); }

/* The handle is gone afterwards, whatever the result. */
static inline int CBerkeleyDB_verify(DB *db, const char *path) { return db->verify(db, path, NULL, NULL, 0); }

/* An empty key or value must not be a null pointer. */
static inline void CBerkeleyDB_fill(DBT *dbt, const void *bytes, u_int32_t size) {
  memset(dbt, 0, sizeof *dbt);
  dbt->data = bytes == NULL ? (void *)"" : (void *)bytes;
  dbt->size = size;
}

static inline int CBerkeleyDB_get(
    DB *db, const void *key, u_int32_t keySize, const void **value, u_int32_t *valueSize) {
  DBT k, v;
  CBerkeleyDB_fill(&k, key, keySize);
  memset(&v, 0, sizeof v);
  int result = db->get(db, NULL, &k, &v, 0);
  *value = v.data;
  *valueSize = v.size;
  return result;
}

static inline int CBerkeleyDB_put(
    DB *db, const void *key, u_int32_t keySize, const void *value, u_int32_t valueSize, u_int32_t flags) {
  DBT k, v;
  CBerkeleyDB_fill(&k, key, keySize);
  CBerkeleyDB_fill(&v, value, valueSize);
  return db->put(db, NULL, &k, &v, flags);
}

static inline int CBerkeleyDB_del(DB *db, const void *key, u_int32_t keySize) {
  DBT k;
  CBerkeleyDB_fill(&k, key, keySize);
  return db->del(db, NULL, &k, 0);
}

/* Stores the pairs of a buffer in the form of DB_MULTIPLE_KEY_WRITE_NEXT. */
static inline int CBerkeleyDB_put_bulk(DB *db, void *buffer, u_int32_t size, u_int32_t flags) {
  DBT k, v;
  memset(&k, 0, sizeof k);
  memset(&v, 0, sizeof v);
  k.data = buffer;
  k.ulen = size;
  k.size = size;
  k.flags = DB_DBT_USERMEM | DB_DBT_BULK;
  return db->put(db, NULL, &k, &v, DB_MULTIPLE_KEY | flags);
}

static inline int CBerkeleyDB_cursor(DB *db, DBC **cursor) { return db->cursor(db, NULL, cursor, 0); }
static inline int CBerkeleyDB_cursor_close(DBC *cursor) { return cursor->close(cursor); }

/* Fills a buffer with the next pairs, in the form of DB_MULTIPLE_KEY_NEXT; needed: what a pair needs when it is small. */
static inline int CBerkeleyDB_cursor_next_bulk(DBC *cursor, void *buffer, u_int32_t size, u_int32_t *needed) {
  DBT k, v;
  memset(&k, 0, sizeof k);
  memset(&v, 0, sizeof v);
  v.data = buffer;
  v.ulen = size;
  v.flags = DB_DBT_USERMEM;
  int result = cursor->get(cursor, &k, &v, DB_NEXT | DB_MULTIPLE_KEY);
  *needed = v.size;
  return result;
}

/* The caller frees *statistics with free(3). */
static inline int CBerkeleyDB_stat(DB *db, void *statistics, u_int32_t flags) {
  return db->stat(db, NULL, statistics, flags);
}

/*
 * libdb makes a write or sync that a signal has interrupted again, and then returns EINTR although it succeeded. These are what
 * it calls instead. (A function of ours for reads it does not ask how much was read, so that none would do.)
 *
 * It also waits for the disk up to three times for a new file. Who syncs the file himself before he uses it switches that off,
 * for his own thread. All of it is to be called from one source file: each has a variable of its own.
 */
static ssize_t CBerkeleyDB_write_file(int file, const void *buffer, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t count = write(file, (const char *)buffer + done, size - done);
    if (count == 0) errno = ENOSPC;
    if (count > 0) done += (size_t)count;
    else if (errno != EINTR) return -1;
  }
  return (ssize_t)size;
}
static inline int *CBerkeleyDB_syncs_off(void) {
  static __thread int off;
  return &off;
}
static int CBerkeleyDB_sync_file(int file) {
  if (*CBerkeleyDB_syncs_off()) return 0;
  int result;
  do result = fdatasync(file);
  while (result == -1 && errno == EINTR);
  return result;
}
static inline void CBerkeleyDB_set_syncs_off(int off) { *CBerkeleyDB_syncs_off() = off; }
static inline void CBerkeleyDB_set_calls(void) {
  db_env_set_func_write(CBerkeleyDB_write_file);
  db_env_set_func_fsync(CBerkeleyDB_sync_file);
}

/* Macros that the importer gives another type, or none. */
static const u_int32_t CBerkeleyDB_DB_CREATE = DB_CREATE;
static const u_int32_t CBerkeleyDB_DB_EXCL = DB_EXCL;
static const u_int32_t CBerkeleyDB_DB_RDONLY = DB_RDONLY;
static const u_int32_t CBerkeleyDB_DB_DUP = DB_DUP;
static const u_int32_t CBerkeleyDB_DB_NOOVERWRITE = DB_NOOVERWRITE;
static const u_int32_t CBerkeleyDB_DB_NOSYNC = DB_NOSYNC;
