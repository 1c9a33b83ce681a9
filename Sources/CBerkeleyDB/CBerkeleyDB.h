#pragma once
#if !__has_include(<db.h>)
#error "db.h is missing: install libdb-dev (Debian) or libdb-devel (Fedora)"
#endif
#include <string.h>
#include <db.h>
#if DB_VERSION_MAJOR != 5 || DB_VERSION_MINOR != 3
#error "mailcfg needs libdb 5.3, the version that sendmail is linked with"
#endif
