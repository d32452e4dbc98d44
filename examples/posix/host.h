// SPDX-License-Identifier: MIT
// aksu-host: what its two files share.
#ifndef HOST_H
#define HOST_H

#include <aksu_posix.h>
#include <examples.h>

// An application that main.c can run.
struct app {
    const char *name;
    const char *arguments; // for --help
    // Starts it with what follows its name. Returns 0, or 1 after it has said what is wrong.
    int (*start)(struct aksu *net, int argc, char **argv);
    bool (*done)(void *user); // NULL: it runs until it is stopped
    int (*finish)(void);      // prints the result; returns the exit status. May be NULL.
};

// Reads a decimal number from 0 to limit, and nothing behind it.
bool parse_number(const char *text, uint64_t limit, uint64_t *number);

// Opens the folder that host_files serves. Returns false, and errno, if that cannot be done.
bool host_files_open(const char *folder);
extern const struct ftp_files host_files;

extern bool host_has_address; // else applications that can get one from a DHCP server
extern const struct app host_apps[];
extern const unsigned host_app_count;

#endif
