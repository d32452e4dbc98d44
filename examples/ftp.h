// SPDX-License-Identifier: MIT
// The FTP server's text. Texts are ended by 0; what writes at p has room there, and returns the
// end.
#ifndef FTP_H
#define FTP_H

#include "examples.h"

char *ftp_put(char *p, const char *text);
char *ftp_put_number(char *p, uint64_t number);
char *ftp_put_time(char *p, uint64_t seconds);
char *ftp_put_facts(char *p, const struct ftp_file *f);
char *ftp_put_listed(char *p, const struct ftp_file *f);

// Whether a text is UTF-8 without control characters.
bool ftp_valid(const char *text);

// The path that a name stands for in a folder, "" for the root; ".." leads to the root at most.
// Returns false if there can be none.
bool ftp_resolve(const char *folder, const char *name, char path[FTP_PATH]);

#endif
