// SPDX-License-Identifier: MIT
// FTP server, RFC 959: a control connection that is asked in lines, and for each transfer a data
// connection that the client opens. Nothing can be written, and nobody has a password.
//
// A command that comes during a transfer waits in the receive ring for its end, but for ABOR.
// Whoever opens a data connection must have the address of the control connection, and the port is
// not to be guessed (RFC 2577).
#include "ftp.h"

#include <string.h>

enum { CHUNK = 640, REPLY_MAX = 2 * FTP_PATH + 256, PORT_MIN = 49152, PORTS = 16384 };

enum { NOBODY, NAMED, LOGGED_IN };

enum { NOTHING, LIST, NAMES, FACTS, OCTETS, LINES };

struct ftp_conn {
    struct aksu *net; // NULL = free
    const struct ftp_files *files;
    aksu_handle control;
    aksu_handle data; // 0 = none
    uint16_t port;    // listened on for it; 0 = none
    uint16_t ports;   // so far
    uint8_t login;
    uint8_t job;
    bool binary;   // TYPE I
    bool extended; // EPSV ALL
    bool ended;    // the client has sent its FIN
    bool quit;
    // The transfer.
    bool queued; // all of it
    bool failed;
    char last;        // octet of a text
    int file;         // or folder; -1 = none
    uint64_t at;      // in the file
    uint64_t restart; // REST
    uint64_t unacked;
    uint16_t chunk_at;
    uint16_t chunk_len;
    // The line.
    uint16_t line_len;
    bool cut;
    bool line_done;
    char line[FTP_LINE];
    char folder[FTP_PATH]; // "" = the root
    char chunk[CHUNK];
};

static struct ftp_conn conns[FTP_SESSIONS];

/// Replies ///

static void say(struct ftp_conn *c, const char *text)
{
    aksu_send(c->net, c->control, text, strlen(text));
}

// A reply is sent while there is room for the longest: see work().
static void reply(struct ftp_conn *c, const char *text)
{
    say(c, text);
    say(c, "\r\n");
}

/// Paths ///

// Opens what an argument names; or says why not. Returns its number, or -1.
static int open_file(struct ftp_conn *c, const char *name, char path[FTP_PATH],
                     struct ftp_file *file)
{
    int number = -1;

    if (!ftp_resolve(c->folder, name, path)) {
        reply(c, "553 Not a name in UTF-8 of at most 255 octets.");
        return -1;
    }
    number = c->files->open(*path ? path : "/", file);
    if (number < 0) {
        reply(c, "550 No such file or folder.");
    }
    const char *last = strrchr(path, '/');

    ftp_put(file->name, last ? last + 1 : "/");
    return number;
}

/// Lists ///

static void put_entry(struct ftp_conn *c, const struct ftp_file *f)
{
    char *p = c->chunk;

    if (c->job == FACTS) {
        p = ftp_put_facts(p, f);
    } else if (c->job == LIST) {
        p = ftp_put_listed(p, f);
    }
    p = ftp_put(ftp_put(p, f->name), "\r\n");
    c->chunk_at = 0;
    c->chunk_len = (uint16_t)(p - c->chunk);
}

// The next line of a list. Names that are not UTF-8 cannot be asked for, and are left out.
static bool fill_list(struct ftp_conn *c)
{
    struct ftp_file entry;

    while (c->file >= 0 && c->files->next(c->file, &entry)) {
        if (ftp_valid(entry.name)) {
            put_entry(c, &entry);
            return true;
        }
    }
    return false;
}

// A piece of a text, whose lines end with CR LF on the wire (RFC 959 3.1.1.1).
static bool fill_lines(struct ftp_conn *c)
{
    char piece[CHUNK / 2];
    int32_t len = c->files->read(c->file, c->at, piece, sizeof piece);
    char *p = c->chunk;

    c->failed = len < 0;
    for (int32_t i = 0; i < len; i++) {
        if (piece[i] == '\n' && c->last != '\r') {
            *p++ = '\r';
        }
        c->last = *p++ = piece[i];
    }
    c->at += len > 0 ? (uint32_t)len : 0;
    c->chunk_at = 0;
    c->chunk_len = (uint16_t)(p - c->chunk);
    return len > 0;
}

/// Transfers ///

static void ignore(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)user;
    aksu_consume(net, conn, readable);
}

// A connection that has become nobody's.
static const struct aksu_handlers ignored = {.on_recv = ignore};

static void unlisten(struct ftp_conn *c)
{
    if (c->port) {
        aksu_unlisten(c->net, NULL, c->port);
        c->port = 0;
    }
}

static aksu_handle let_go(struct ftp_conn *c)
{
    aksu_handle conn = c->data;

    c->data = 0;
    aksu_set_handlers(c->net, conn, &ignored, NULL);
    return conn;
}

static void end_job(struct ftp_conn *c)
{
    if (c->file >= 0) {
        c->files->close(c->file);
    }
    c->file = -1;
    c->job = NOTHING;
}

static void drop_data(struct ftp_conn *c)
{
    unlisten(c);
    if (c->data) {
        aksu_abort(c->net, let_go(c));
    }
    end_job(c);
}

static void queue_octets(struct ftp_conn *c)
{
    size_t room;
    void *to;

    while (!c->queued && (to = aksu_room(c->net, c->data, &room)) != NULL) {
        int32_t n = c->files->read(c->file, c->at, to, room < 65536 ? room : 65536);
        if (n <= 0) {
            c->queued = true;
            c->failed = n < 0;
            return;
        }
        aksu_commit(c->net, c->data, (size_t)n);
        c->at += (uint32_t)n;
        c->unacked += (uint32_t)n;
    }
}

static void queue_text(struct ftp_conn *c)
{
    for (;;) {
        if (c->chunk_at == c->chunk_len && !(c->job == LINES ? fill_lines(c) : fill_list(c))) {
            c->queued = true;
            return;
        }
        int32_t n =
            aksu_send(c->net, c->data, c->chunk + c->chunk_at, (size_t)c->chunk_len - c->chunk_at);
        if (n <= 0) {
            return;
        }
        c->chunk_at = (uint16_t)(c->chunk_at + n);
        c->unacked += (uint32_t)n;
    }
}

// Queues what there is room for. It is over when the client has acknowledged the last octet.
static void pump(struct ftp_conn *c)
{
    if (!c->queued) {
        if (c->job == OCTETS) {
            queue_octets(c);
        } else {
            queue_text(c);
        }
    }
    if (c->failed) {
        drop_data(c);
        reply(c, "451 The file cannot be read.");
    } else if (c->queued && c->unacked == 0) {
        end_job(c);
        aksu_close(c->net, let_go(c), 0);
        reply(c, "226 Done.");
    }
}

static bool data_wanted(struct ftp_conn *c)
{
    if (!c->data && !c->port) {
        reply(c, "425 EPSV or PASV is to come first.");
    }
    return c->data || c->port;
}

static void begin(struct ftp_conn *c, unsigned job, int file)
{
    c->job = (uint8_t)job;
    c->file = file;
    c->queued = c->failed = false;
    c->unacked = 0;
    c->chunk_at = c->chunk_len = 0;
    c->last = 0;
}

static void go(struct ftp_conn *c)
{
    reply(c, "150 It comes.");
    if (c->data) {
        pump(c);
    }
}

static void work(struct ftp_conn *c);

static bool data_on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct ftp_conn *c = user;
    struct aksu_info own, info;

    if (c->data || aksu_info(net, c->control, &own) || aksu_info(net, conn, &info) ||
        memcmp(&own.remote.addr, &info.remote.addr, sizeof own.remote.addr) != 0) {
        return false;
    }
    unlisten(c);
    c->data = conn;
    return true;
}

static void data_on_open(struct aksu *net, aksu_handle conn, void *user)
{
    struct ftp_conn *c = user;

    (void)net;
    (void)conn;
    if (c->job) {
        pump(c);
        work(c);
    }
}

static void data_on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    struct ftp_conn *c = user;

    (void)net;
    (void)conn;
    c->unacked -= acked;
    pump(c);
    work(c);
}

static void data_on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct ftp_conn *c = user;

    (void)net;
    (void)conn;
    (void)error;
    c->data = 0;
    if (c->job) {
        end_job(c);
        reply(c, "426 The data connection was closed.");
        work(c);
    }
}

static const struct aksu_handlers data_handlers = {
    .on_accept = data_on_accept,
    .on_open = data_on_open,
    .on_recv = ignore,
    .on_sent = data_on_sent,
    .on_close = data_on_close,
};

/// Commands ///

static void do_user(struct ftp_conn *c, const char *name)
{
    bool known = strcmp(name, "anonymous") == 0 || strcmp(name, "ftp") == 0;

    c->login = known ? NAMED : NOBODY;
    reply(c, known ? "331 Any password will do." : "530 Only anonymous is served.");
}

static void do_pass(struct ftp_conn *c, const char *password)
{
    (void)password;
    c->login = c->login == NOBODY ? NOBODY : LOGGED_IN;
    reply(c, c->login ? "230 Welcome: 환영합니다." : "503 USER is to come first.");
}

static void do_quit(struct ftp_conn *c, const char *argument)
{
    (void)argument;
    reply(c, "221 Goodbye.");
    c->quit = true;
}

static void do_noop(struct ftp_conn *c, const char *argument)
{
    (void)argument;
    reply(c, "200 Nothing done.");
}

static void do_system(struct ftp_conn *c, const char *argument)
{
    (void)argument;
    reply(c, "215 UNIX Type: L8");
}

static void do_features(struct ftp_conn *c, const char *argument)
{
    (void)argument;
    reply(c, "211-Features:\r\n EPSV\r\n MDTM\r\n MLST type*;size*;modify*;\r\n REST STREAM\r\n"
             " SIZE\r\n TVFS\r\n UTF8\r\n211 End");
}

static void do_options(struct ftp_conn *c, const char *what)
{
    bool utf8 = example_has_word(what, "utf8") || example_has_word(what, "utf-8");

    if (utf8 && !example_has_word(strchr(what, ' ') ? strchr(what, ' ') : "", "off")) {
        reply(c, "200 Names are UTF-8.");
    } else if (example_has_word(what, "mlst")) {
        reply(c, "200 MLST OPTS type;size;modify;");
    } else {
        reply(c, "501 No such option.");
    }
}

static void do_type(struct ftp_conn *c, const char *type)
{
    bool binary = strcmp(type, "I") == 0 || strcmp(type, "i") == 0 || strcmp(type, "L 8") == 0;
    bool text = strcmp(type, "A") == 0 || strcmp(type, "a") == 0 || strcmp(type, "A N") == 0;

    if (binary || text) {
        c->binary = binary;
    }
    reply(c, binary ? "200 Octets." : text ? "200 Text." : "504 TYPE is A or I.");
}

static void do_mode(struct ftp_conn *c, const char *mode)
{
    reply(c, strcmp(mode, "S") == 0 ? "200 Stream." : "504 MODE is S.");
}

static void do_structure(struct ftp_conn *c, const char *structure)
{
    reply(c, strcmp(structure, "F") == 0 ? "200 File." : "504 STRU is F.");
}

// A path in quotes, those in it doubled (RFC 959 Appendix II).
static void do_pwd(struct ftp_conn *c, const char *argument)
{
    const char *p = *c->folder ? c->folder : "/";

    (void)argument;
    say(c, "257 \"");
    for (size_t len; *p; p += len) {
        if (*p == '"') {
            say(c, "\"");
        }
        len = 1 + strcspn(p + 1, "\"");
        aksu_send(c->net, c->control, p, len);
    }
    reply(c, "\"");
}

static void do_cwd(struct ftp_conn *c, const char *name)
{
    char path[FTP_PATH];
    struct ftp_file file;
    int number = open_file(c, name, path, &file);

    if (number < 0) {
        return;
    }
    c->files->close(number);
    if (file.folder) {
        ftp_put(c->folder, path);
    }
    reply(c, file.folder ? "250 Here it is." : "550 Not a folder.");
}

static void do_cdup(struct ftp_conn *c, const char *argument)
{
    (void)argument;
    do_cwd(c, "..");
}

static void do_size(struct ftp_conn *c, const char *name)
{
    char path[FTP_PATH];
    char text[32];
    struct ftp_file file;

    if (!c->binary) {
        reply(c, "550 SIZE is for TYPE I."); // RFC 3659 4.1
        return;
    }
    int number = open_file(c, name, path, &file);

    if (number >= 0) {
        c->files->close(number);
        ftp_put_number(ftp_put(text, "213 "), file.octets);
        reply(c, file.folder ? "550 Not a file." : text);
    }
}

static void do_time(struct ftp_conn *c, const char *name)
{
    char path[FTP_PATH];
    char text[32];
    struct ftp_file file;
    int number = open_file(c, name, path, &file);

    if (number >= 0) {
        c->files->close(number);
        ftp_put_time(ftp_put(text, "213 "), file.changed);
        reply(c, file.folder ? "550 Not a file." : text);
    }
}

static void do_facts(struct ftp_conn *c, const char *name)
{
    char path[FTP_PATH];
    char text[96];
    struct ftp_file file;
    int number = open_file(c, name, path, &file);

    if (number >= 0) {
        c->files->close(number);
        ftp_put_facts(text, &file);
        say(c, "250-It is\r\n ");
        say(c, text);
        reply(c, *path ? path : "/");
        reply(c, "250 End");
    }
}

static void do_restart(struct ftp_conn *c, const char *text)
{
    uint64_t at;

    if (!example_number(&text, INT64_MAX, &at) || *text != 0) {
        reply(c, "501 Not a number.");
    } else if (at > 0 && !c->binary) {
        reply(c, "504 REST is for TYPE I.");
    } else {
        c->restart = at;
        reply(c, "350 RETR is to follow.");
    }
}

static void do_retrieve(struct ftp_conn *c, const char *name)
{
    char path[FTP_PATH];
    struct ftp_file file;
    uint64_t at = c->restart;
    int number = data_wanted(c) ? open_file(c, name, path, &file) : -1;

    c->restart = 0;
    if (number < 0) {
        return;
    }
    if (file.folder || at > file.octets) {
        c->files->close(number);
        reply(c, file.folder ? "550 Not a file." : "554 REST is beyond the end of the file.");
        return;
    }
    begin(c, c->binary ? OCTETS : LINES, number);
    c->at = at;
    go(c);
}

static void list(struct ftp_conn *c, const char *name, unsigned job)
{
    char path[FTP_PATH];
    struct ftp_file file;
    int number = data_wanted(c) ? open_file(c, name, path, &file) : -1;

    if (number < 0) {
        return;
    }
    if (!file.folder && job == FACTS) {
        c->files->close(number);
        reply(c, "501 Not a folder."); // RFC 3659 7.2.1
        return;
    }
    begin(c, job, number);
    if (!file.folder) {
        c->files->close(number);
        c->file = -1;
        put_entry(c, &file);
    }
    go(c);
}

// "LIST -la folder": what is no option is a name.
static const char *behind_options(const char *text)
{
    while (*text == '-') {
        text += strcspn(text, " ");
        text += *text == ' ';
    }
    return text;
}

static void do_list(struct ftp_conn *c, const char *name)
{
    list(c, behind_options(name), LIST);
}

static void do_names(struct ftp_conn *c, const char *name)
{
    list(c, behind_options(name), NAMES);
}

static void do_facts_list(struct ftp_conn *c, const char *name)
{
    list(c, name, FACTS);
}

// Listens on a port that nobody else can guess: it follows from the control connection's salt,
// which is secret. 0: there is none.
static uint16_t listen_for_data(struct ftp_conn *c, const struct aksu_info *info)
{
    drop_data(c);
    for (unsigned tries = 0; tries < 16; tries++) {
        uint32_t x = (info->tcb->salt + c->ports++) * 0x9e3779b1u;
        uint16_t port = (uint16_t)(PORT_MIN + (x >> 16) % PORTS);
        int error = aksu_listen(c->net, NULL, port, 1, &data_handlers, c);
        if (error == AKSU_OK) {
            c->port = port;
            return port;
        }
        if (error != AKSU_EADDRINUSE) {
            break;
        }
    }
    reply(c, "425 No port is free.");
    return 0;
}

static bool over_ipv4(const struct aksu_info *info)
{
    static const struct aksu_addr mapped = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};

    return memcmp(&info->local.addr, &mapped, 12) == 0;
}

// RFC 2428 3
static void do_epsv(struct ftp_conn *c, const char *family)
{
    struct aksu_info info;
    char text[64];

    aksu_info(c->net, c->control, &info);
    if (example_has_word(family, "all")) {
        c->extended = true;
        reply(c, "200 EPSV it is.");
        return;
    }
    if (*family && strcmp(family, over_ipv4(&info) ? "1" : "2") != 0) {
        reply(c, over_ipv4(&info) ? "522 Another family, use (1)" : "522 Another family, use (2)");
        return;
    }
    uint16_t port = listen_for_data(c, &info);

    if (port) {
        ftp_put(ftp_put_number(ftp_put(text, "229 Entering Extended Passive Mode (|||"), port),
                "|)");
        reply(c, text);
    }
}

static void do_pasv(struct ftp_conn *c, const char *argument)
{
    struct aksu_info info;
    char text[64];
    char *p = ftp_put(text, "227 Entering Passive Mode (");

    (void)argument;
    aksu_info(c->net, c->control, &info);
    if (c->extended || !over_ipv4(&info)) {
        reply(c, "522 PASV is for IPv4, use EPSV.");
        return;
    }
    uint16_t port = listen_for_data(c, &info);

    if (port) {
        for (unsigned i = 12; i < 16; i++) {
            p = ftp_put(ftp_put_number(p, info.local.addr.octets[i]), ",");
        }
        p = ftp_put(ftp_put_number(p, port >> 8), ",");
        ftp_put(ftp_put_number(p, port & 255), ").");
        reply(c, text);
    }
}

static void do_abort(struct ftp_conn *c, const char *argument)
{
    (void)argument;
    if (c->job) {
        drop_data(c);
        reply(c, "426 The transfer is given up.");
    }
    reply(c, "226 No transfer is left.");
}

// Data connections that this side opens could be sent anywhere (RFC 2577 3).
static void do_port(struct ftp_conn *c, const char *argument)
{
    (void)argument;
    reply(c, "502 Data connections are passive: EPSV or PASV.");
}

static void do_write(struct ftp_conn *c, const char *argument)
{
    (void)argument;
    reply(c, "550 Nothing can be changed here.");
}

enum { ARGUMENT = 1, ANYONE = 2 };

static const struct {
    char name[5];
    uint8_t needs; // an argument; no login
    void (*run)(struct ftp_conn *c, const char *argument);
} commands[] = {
    {"USER", ARGUMENT | ANYONE, do_user},
    {"PASS", ANYONE, do_pass},
    {"QUIT", ANYONE, do_quit},
    {"NOOP", ANYONE, do_noop},
    {"SYST", ANYONE, do_system},
    {"FEAT", ANYONE, do_features},
    {"OPTS", ARGUMENT | ANYONE, do_options},
    {"TYPE", ARGUMENT, do_type},
    {"MODE", ARGUMENT, do_mode},
    {"STRU", ARGUMENT, do_structure},
    {"PWD", 0, do_pwd},
    {"XPWD", 0, do_pwd},
    {"CWD", ARGUMENT, do_cwd},
    {"XCWD", ARGUMENT, do_cwd},
    {"CDUP", 0, do_cdup},
    {"XCUP", 0, do_cdup},
    {"SIZE", ARGUMENT, do_size},
    {"MDTM", ARGUMENT, do_time},
    {"MLST", 0, do_facts},
    {"REST", ARGUMENT, do_restart},
    {"RETR", ARGUMENT, do_retrieve},
    {"LIST", 0, do_list},
    {"NLST", 0, do_names},
    {"MLSD", 0, do_facts_list},
    {"EPSV", 0, do_epsv},
    {"PASV", 0, do_pasv},
    {"ABOR", 0, do_abort},
    {"PORT", 0, do_port},
    {"EPRT", 0, do_port},
    {"STOR", 0, do_write},
    {"STOU", 0, do_write},
    {"APPE", 0, do_write},
    {"DELE", 0, do_write},
    {"MKD", 0, do_write},
    {"RMD", 0, do_write},
    {"RNFR", 0, do_write},
    {"RNTO", 0, do_write},
};

/// The control connection ///

enum { COMMANDS = sizeof commands / sizeof *commands };

// Which command a line is, or COMMANDS: none. *argument: what is behind it.
static unsigned command_of(const char *line, const char **argument)
{
    unsigned i = 0;

    while ((uint8_t)line[0] == 0xff && line[1]) { // Telnet: "interrupt" may stand before ABOR
        line += 2;
    }
    for (; i < COMMANDS; i++) {
        const char *name = commands[i].name;
        size_t n = 0;
        while (name[n] && (line[n] & ~0x20) == name[n]) {
            n++;
        }
        if (name[n] == 0 && (line[n] == 0 || line[n] == ' ')) {
            *argument = line + n + (line[n] == ' ');
            break;
        }
    }
    return i;
}

static void command(struct ftp_conn *c)
{
    const char *argument;
    unsigned i = command_of(c->line, &argument);

    if (c->cut) {
        reply(c, "500 The line is too long.");
    } else if (i == COMMANDS) {
        reply(c, "500 No such command.");
    } else if (!(commands[i].needs & ANYONE) && c->login != LOGGED_IN) {
        reply(c, "530 USER and PASS are to come first.");
    } else if ((commands[i].needs & ARGUMENT) && *argument == 0) {
        reply(c, "501 An argument is missing.");
    } else {
        commands[i].run(c, argument);
    }
}

static bool is_abort(struct ftp_conn *c)
{
    const char *argument;
    unsigned i = command_of(c->line, &argument);

    return i < COMMANDS && commands[i].run == do_abort;
}

// Takes octets up to the end of a line. Returns whether it came.
static bool take_line(struct ftp_conn *c)
{
    const uint8_t *data;
    size_t len;
    size_t n;

    while (!c->line_done && (data = aksu_peek(c->net, c->control, &len)) != NULL) {
        for (n = 0; n < len && !c->line_done; n++) {
            c->line_done = data[n] == '\n';
            if (c->line_len < FTP_LINE - 1 && data[n] != 0) {
                c->line[c->line_len++] = (char)data[n];
            } else {
                c->cut = true;
            }
        }
        aksu_consume(c->net, c->control, n);
    }
    if (c->line_done) {
        while (c->line_len > 0 && strchr("\r\n", c->line[c->line_len - 1])) {
            c->line_len--;
        }
        c->line[c->line_len] = 0;
    }
    return c->line_done;
}

static bool has_room(const struct ftp_conn *c)
{
    struct aksu_info info;

    return aksu_info(c->net, c->control, &info) == AKSU_OK && info.writable >= REPLY_MAX;
}

static void work(struct ftp_conn *c)
{
    while (!c->quit && has_room(c) && take_line(c) && (!c->job || is_abort(c))) {
        command(c);
        c->line_done = c->cut = false;
        c->line_len = 0;
    }
    if (c->quit || (c->ended && !c->job && !c->line_done)) {
        size_t len;
        while (aksu_peek(c->net, c->control, &len)) {
            aksu_consume(c->net, c->control, len); // unread, it would reset the connection
        }
        aksu_close(c->net, c->control, 0);
    }
}

static void on_open(struct aksu *net, aksu_handle conn, void *user)
{
    static const char full[] = "421 All places are taken.\r\n";

    if (user) {
        reply(user, "220 aksu: 파일 서버");
    } else {
        aksu_send(net, conn, full, sizeof full - 1);
        aksu_close(net, conn, 0);
    }
}

static void on_recv(struct aksu *net, aksu_handle conn, void *user, size_t readable)
{
    (void)net;
    (void)conn;
    (void)readable;
    work(user);
}

static void on_sent(struct aksu *net, aksu_handle conn, void *user, size_t acked)
{
    (void)net;
    (void)conn;
    (void)acked;
    work(user);
}

static void on_end(struct aksu *net, aksu_handle conn, void *user)
{
    struct ftp_conn *c = user;

    (void)net;
    (void)conn;
    c->ended = true;
    work(c);
}

static void on_close(struct aksu *net, aksu_handle conn, void *user, int error)
{
    struct ftp_conn *c = user;

    (void)net;
    (void)conn;
    (void)error;
    drop_data(c);
    c->net = NULL;
}

static const struct aksu_handlers control_handlers = {
    .on_open = on_open,
    .on_recv = on_recv,
    .on_sent = on_sent,
    .on_end = on_end,
    .on_close = on_close,
};

static const struct aksu_handlers too_many = {.on_open = on_open, .on_recv = ignore};

static bool on_accept(struct aksu *net, aksu_handle conn, void *user)
{
    struct ftp_conn *c = conns;

    while (c < conns + FTP_SESSIONS && c->net) {
        c++;
    }
    if (c == conns + FTP_SESSIONS) {
        aksu_set_handlers(net, conn, &too_many, NULL);
        return true;
    }
    memset(c, 0, sizeof *c);
    c->net = net;
    c->files = user;
    c->control = conn;
    c->file = -1;
    if (!has_room(c)) { // the send ring is too small
        c->net = NULL;
        return false;
    }
    aksu_set_handlers(net, conn, &control_handlers, c);
    aksu_set(net, conn, AKSU_NODELAY, 1);
    aksu_set(net, conn, AKSU_KEEPALIVE, 1);
    aksu_set(net, conn, AKSU_KEEPALIVE_IDLE, 120);
    return true;
}

int ftp_server_start(struct aksu *net, uint16_t port, const struct ftp_files *files)
{
    static const struct aksu_handlers listener = {.on_accept = on_accept};

    return aksu_listen(net, NULL, port, 0, &listener, (void *)(uintptr_t)files);
}
