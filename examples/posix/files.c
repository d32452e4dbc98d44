// SPDX-License-Identifier: MIT
// A folder of Linux's for the FTP server. Each part of a path is opened in the folder that the part
// before it opened, and symbolic links are not followed: there is no way out.
#include "host.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAGS = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK };

static int root = -1;
static struct {
    int fd; // 0 = free
    DIR *folder;
} opened[FTP_SESSIONS + 1];

bool host_files_open(const char *folder)
{
    root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root >= 0;
}

// The file that a path leads to, or -1.
static int walk(const char *path)
{
    int at = openat(root, ".", FLAGS | O_DIRECTORY);
    char name[FTP_NAME];

    while (*path == '/' && path[1] && at >= 0) {
        size_t len = strcspn(++path, "/");
        int next = -1;
        if (len < sizeof name) {
            memcpy(name, path, len);
            name[len] = '\0';
            next = name[0] == '.' ? -1 : openat(at, name, FLAGS);
        }
        close(at);
        at = next;
        path += len;
    }
    return at;
}

static void tell(const struct stat *status, struct ftp_file *file)
{
    file->folder = S_ISDIR(status->st_mode);
    file->octets = (uint64_t)status->st_size;
    file->changed = status->st_mtime < 0 ? 0 : (uint64_t)status->st_mtime;
}

static bool served(const struct stat *status)
{
    return S_ISDIR(status->st_mode) || S_ISREG(status->st_mode);
}

static int files_open(const char *path, struct ftp_file *file)
{
    struct stat status;
    int i = 0;

    while (i < FTP_SESSIONS + 1 && opened[i].fd > 0) {
        i++;
    }
    int fd = i <= FTP_SESSIONS ? walk(path) : -1;

    if (fd < 0) {
        return -1;
    }
    opened[i].folder = NULL;
    if (fstat(fd, &status) != 0 || !served(&status) ||
        (S_ISDIR(status.st_mode) && !(opened[i].folder = fdopendir(fd)))) {
        close(fd);
        return -1;
    }
    opened[i].fd = fd;
    tell(&status, file);
    return i;
}

static int32_t files_read(int file, uint64_t at, void *to, size_t len)
{
    return (int32_t)pread(opened[file].fd, to, len, (off_t)at);
}

static bool files_next(int folder, struct ftp_file *entry)
{
    struct stat status;
    const struct dirent *e;

    while ((e = readdir(opened[folder].folder)) != NULL) {
        if (e->d_name[0] != '.' && strlen(e->d_name) < sizeof entry->name &&
            fstatat(opened[folder].fd, e->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            served(&status)) {
            strcpy(entry->name, e->d_name);
            tell(&status, entry);
            return true;
        }
    }
    return false;
}

static void files_close(int file)
{
    if (opened[file].folder) {
        closedir(opened[file].folder);
    } else {
        close(opened[file].fd);
    }
    opened[file].fd = 0;
}

const struct ftp_files host_files = {files_open, files_read, files_next, files_close};
