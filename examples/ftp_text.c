// SPDX-License-Identifier: MIT
// What an FTP server writes and reads: names in UTF-8, paths, times, lines of lists.
#include "ftp.h"

#include <string.h>

// Writes a text at p, where there is room. Returns its end.
char *ftp_put(char *p, const char *text)
{
    size_t len = strlen(text);

    memcpy(p, text, len + 1);
    return p + len;
}

static char *put_two(char *p, unsigned number)
{
    *p++ = (char)('0' + number / 10 % 10);
    *p++ = (char)('0' + number % 10);
    *p = 0;
    return p;
}

char *ftp_put_number(char *p, uint64_t number)
{
    char digits[21];
    char *d = digits + 20;

    *d = 0;
    do {
        *--d = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return ftp_put(p, d);
}

// The length of the character that a text begins with, or 0: not UTF-8 (RFC 3629 4), or a control
// character, which has no business in a name.
static size_t character(const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t len = p[0] < 0x80 ? 1u : p[0] < 0xe0 ? 2u : p[0] < 0xf0 ? 3u : 4u;
    static const uint32_t least[] = {0, 0x20, 0x80, 0x800, 0x10000};
    uint32_t code = len == 1 ? p[0] : p[0] & (0x7fu >> len);

    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (p[i] & 0x3fu);
    }
    bool good = code >= least[len] && code != 0x7f && (code < 0xd800 || code > 0xdfff) &&
                code <= 0x10ffff && p[0] < 0xf8 && (p[0] & 0xc0) != 0x80;

    return good ? len : 0;
}

bool ftp_valid(const char *text)
{
    size_t len = 1;

    while (*text && len > 0) {
        len = character(text);
        text += len;
    }
    return len > 0;
}

// The path that an argument names, from a folder on ("": the root). ".." leads to the root at most.
// Returns false if there can be none.
bool ftp_resolve(const char *folder, const char *name, char path[FTP_PATH])
{
    char *end = ftp_put(path, *name == '/' ? "" : folder);

    if (!ftp_valid(name)) {
        return false;
    }
    while (*name) {
        size_t len = strcspn(name, "/");
        if (len == 2 && memcmp(name, "..", 2) == 0) {
            while (end > path && *--end != '/') {
            }
        } else if (len > 0 && !(len == 1 && *name == '.')) {
            if (len >= FTP_NAME || len + 2 > (size_t)(path + FTP_PATH - end)) {
                return false;
            }
            *end++ = '/';
            memcpy(end, name, len);
            end += len;
        }
        name += len;
        name += *name == '/';
    }
    *end = 0;
    return true;
}

struct date {
    unsigned year, month, day, hour, minute, second;
};

// Days are counted from a 1st of March on, so that the leap day is the last of a year.
static struct date date_of(uint64_t seconds)
{
    unsigned day = (unsigned)(seconds / 86400 % 3652425) + 719468; // since 0000-03-01
    unsigned second = (unsigned)(seconds % 86400);
    unsigned century = (4 * day + 3) / 146097;
    unsigned rest = day - century * 146097 / 4;
    unsigned year = (4 * rest + 3) / 1461;
    unsigned of_year = rest - year * 1461 / 4;
    unsigned month = (5 * of_year + 2) / 153;
    struct date d = {100 * century + year + (month > 9),
                     month > 9 ? month - 9 : month + 3,
                     of_year - (153 * month + 2) / 5 + 1,
                     second / 3600,
                     second / 60 % 60,
                     second % 60};

    return d;
}

// As RFC 3659 2.3 has times.
char *ftp_put_time(char *p, uint64_t seconds)
{
    struct date d = date_of(seconds);

    p = put_two(put_two(p, d.year / 100), d.year);
    p = put_two(put_two(p, d.month), d.day);
    return put_two(put_two(put_two(p, d.hour), d.minute), d.second);
}

// RFC 3659 7.2
char *ftp_put_facts(char *p, const struct ftp_file *f)
{
    p = ftp_put(p, f->folder ? "type=dir;" : "type=file;size=");
    if (!f->folder) {
        p = ftp_put(ftp_put_number(p, f->octets), ";");
    }
    return ftp_put(ftp_put_time(ftp_put(p, "modify="), f->changed), "; ");
}

// As ls -l has it, which is what programs that know no MLSD read.
char *ftp_put_listed(char *p, const struct ftp_file *f)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct date d = date_of(f->changed);

    p = ftp_put(p, f->folder ? "dr-xr-xr-x 1 ftp ftp " : "-r--r--r-- 1 ftp ftp ");
    p = ftp_put(ftp_put_number(p, f->folder ? 0 : f->octets), " ");
    memcpy(p, months + 3 * (d.month - 1), 3);
    p[3] = ' ';
    p = ftp_put(put_two(p + 4, d.day), "  ");
    return ftp_put(ftp_put_number(p, d.year), " ");
}
