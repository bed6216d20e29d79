/* SPDX-License-Identifier: ISC */
/* The name of a file as SQLite is to be told, so that it takes it for nothing else. */
#ifndef DB_FILE_NAME_H
#define DB_FILE_NAME_H

/* "./NAME" for a name that is not absolute: "file:x?mode=memory" and ":memory:" are files then, as
 * on any command line. The caller frees it. */
char *file_name_plain(const char *path);

#endif
