// SPDX-License-Identifier: MIT
// Scripts in files.
#include "script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool drill_read(struct drill_script *script, const char *name)
{
    size_t len = 0;
    size_t room = 65536;
    char *text = malloc(room);
    FILE *file = fopen(name, "rb");
    size_t n = 1;

    memset(script, 0, sizeof *script);
    while (file && text && n > 0) {
        n = fread(text + len, 1, room - len, file);
        len += n;
        if (len == room) {
            char *more = realloc(text, room *= 2);
            n = more ? n : 0;
            text = more ? more : text;
        }
    }
    bool good = file && text && !ferror(file);
    if (good) {
        good = drill_parse(script, name, text, len);
    } else {
        snprintf(script->error, sizeof script->error, "%s: cannot be read: %s", name,
                 strerror(errno));
    }
    if (file) {
        fclose(file);
    }
    free(text);
    return good;
}
