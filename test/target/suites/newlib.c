// SPDX-License-Identifier: MIT
// What newlib asks a system for: where its output goes, and memory.
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>
#include <aksu_baremetal.h>
#include <cortex_m/cortex_m.h>

enum { SYS_WRITEC = 3 };

int _write(int file, const char *data, int len);
void *_sbrk(ptrdiff_t more);
void _exit(int status);
int _fstat(int file, struct stat *status);
int _isatty(int file);
int _close(int file);
int _read(int file, char *data, int len);
int _lseek(int file, int offset, int from);
int _kill(int process, int signal);
int _getpid(void);

int _write(int file, const char *data, int len)
{
    (void)file;
    for (int i = 0; i < len; i++) {
        (void)aksu_semihost(SYS_WRITEC, data + i);
    }
    return len;
}

extern char heap_start[], heap_end[];

void *_sbrk(ptrdiff_t more)
{
    static char *end = heap_start;
    char *was = end;

    if (more > heap_end - end) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end += more;
    return was;
}

void _exit(int status)
{
    aksu_exit(status);
}

int _fstat(int file, struct stat *status)
{
    (void)file;
    status->st_mode = S_IFCHR; // line by line
    return 0;
}

int _isatty(int file)
{
    (void)file;
    return 1;
}

int _close(int file)
{
    (void)file;
    return -1;
}

int _read(int file, char *data, int len)
{
    (void)file;
    (void)data;
    (void)len;
    return 0;
}

int _lseek(int file, int offset, int from)
{
    (void)file;
    (void)offset;
    (void)from;
    return 0;
}

int _kill(int process, int signal)
{
    (void)process;
    (void)signal;
    return -1;
}

int _getpid(void)
{
    return 1;
}
