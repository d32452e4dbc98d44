// SPDX-License-Identifier: MIT
// Parsing: settings, events, calls.
#include "drill.h"
#include "scan.h"
#include "symbols.h"

#include <stdlib.h>
#include <string.h>

#define SYMBOL(name, number) {#name, number},
static const struct {
    const char *name;
    int number;
} symbols[] = {DRILL_SYMBOLS(SYMBOL) DRILL_ERRORS(SYMBOL)}, errors[] = {DRILL_ERRORS(SYMBOL)};
#undef SYMBOL

const char *drill_error_name(int error)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i].number == error) {
            return errors[i].name;
        }
    }
    return "with an error that has no name here";
}

// A symbol's number.
static int64_t scan_symbol(struct scan *s, const char *expected)
{
    char name[DRILL_NAME];
    scan_more(s);
    const char *from = s->at;

    scan_word(s, name, expected);
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (strcmp(symbols[i].name, name) == 0) {
            return symbols[i].number;
        }
    }
    if (!s->failed) {
        scan_expected_at(s, from, expected);
    }
    return 0;
}

static bool at_digit(struct scan *s)
{
    return scan_more(s) && *s->at >= '0' && *s->at <= '9';
}

// A number, a symbol, or several with | between them.
static int64_t scan_integer(struct scan *s, const char *expected)
{
    int64_t n = 0;
    bool minus = scan_is(s, "-");

    do {
        n |= at_digit(s) ? scan_number(s, UINT32_MAX, "a number") : scan_symbol(s, expected);
    } while (!s->failed && scan_is(s, "|"));
    return minus ? -n : n;
}

/// Values of calls ///

static unsigned scan_value(struct scan *s, struct drill_call *c, bool inside);

static unsigned new_value(struct scan *s, struct drill_call *c, enum drill_value_kind kind)
{
    if (c->values + 1 >= DRILL_VALUES) {
        scan_fail(s, s->at, "found more values than a call can have, expected at most 39");
        return 0;
    }
    struct drill_value *v = &c->value[++c->values]; // the first is 1

    memset(v, 0, sizeof *v);
    v->kind = (uint8_t)kind;
    return c->values;
}

// Values with commas between them, up to the closing text. Returns the first.
static uint8_t scan_values(struct scan *s, struct drill_call *c, const char *close, bool inside)
{
    unsigned first = 0;
    unsigned last = 0;

    if (scan_is(s, close)) {
        return 0;
    }
    do {
        unsigned v = scan_value(s, c, inside);
        first = first ? first : v;
        c->value[last].next = (uint8_t)v;
        last = v;
    } while (!s->failed && scan_is(s, ","));
    if (!s->failed && !scan_is(s, close)) {
        char expected[DRILL_NAME];
        snprintf(expected, sizeof expected, "',' or '%s'", close);
        scan_expected(s, expected);
    }
    return (uint8_t)first;
}

static void scan_text(struct scan *s, struct drill_value *v)
{
    const char *from = s->at - 1;

    v->text = s->at;
    while (s->at < s->end && *s->at != '"' && *s->at != '\n') {
        s->at++;
    }
    v->number = s->at - v->text;
    if (s->at == s->end || *s->at != '"') {
        scan_fail(s, from, "found a string without its end, expected '\"'");
        return;
    }
    s->last = ++s->at;
}

// A member's name of a struct, if it has one: NAME =. Else nothing is taken.
static void scan_member(struct scan *s, char name[DRILL_NAME])
{
    struct scan before = *s;

    if (scan_more(s) && *s->at != '.' && *s->at != '-' && !at_digit(s)) {
        scan_word(s, name, "a member");
    }
    if (s->failed || !scan_is(s, "=")) {
        name[0] = 0;
        if (!s->failed) {
            *s = before;
        }
    }
}

static unsigned scan_value(struct scan *s, struct drill_call *c, bool inside)
{
    char name[DRILL_NAME] = "";
    unsigned v;

    if (inside) {
        scan_member(s, name);
    }
    if (scan_is(s, "...")) {
        v = new_value(s, c, DRILL_ANY);
    } else if (scan_is(s, "\"")) {
        v = new_value(s, c, DRILL_TEXT);
        scan_text(s, &c->value[v]);
    } else if (scan_is(s, "[")) {
        v = new_value(s, c, DRILL_LIST);
        c->value[v].child = scan_values(s, c, "]", false);
    } else if (scan_is(s, "{")) {
        v = new_value(s, c, DRILL_STRUCT);
        c->value[v].child = scan_values(s, c, "}", true);
    } else if (scan_is(s, "htons") || scan_is(s, "inet_addr")) {
        scan_need(s, "(");
        v = scan_value(s, c, false);
        scan_need(s, ")");
    } else {
        v = new_value(s, c, DRILL_INT);
        c->value[v].number = scan_integer(s, "a value: a number, a known name, ..., \"text\", "
                                             "[list] or {struct}");
    }
    memcpy(c->value[v].name, name, sizeof name);
    return v;
}

// (Connection refused): what strerror says to the error before it.
static void scan_remark(struct scan *s)
{
    if (!scan_is(s, "(")) {
        return;
    }
    while (s->at < s->end && *s->at != ')' && *s->at != '\n') {
        s->at++;
    }
    s->last = s->at;
    scan_need(s, ")");
}

static void scan_call(struct scan *s, struct drill_call *c)
{
    memset(c, 0, sizeof *c);
    scan_more(s);
    const char *from = s->at;
    scan_word(s, c->name, "a packet (< or >), a call, `sleep ...` or %{ assert ... }%");
    if (!s->failed && !drill_call_known(c->name)) {
        scan_expected_at(s, from,
                         "a call: socket, bind, listen, accept, connect, read, recv, write, send, "
                         "shutdown, close, fcntl, setsockopt, getsockopt, poll");
    }
    scan_need(s, "(");
    if (!s->failed) {
        c->args = scan_values(s, c, ")", false);
    }
    scan_need(s, "=");
    c->result = scan_integer(s, "the call's result, a number");
    if (c->result == -1 && scan_more(s) && *s->at == 'E') {
        c->error = (int)scan_symbol(s, "the name of an error, as EAGAIN");
    }
    scan_remark(s);
}

/// Events ///

struct parser {
    struct scan s;
    struct drill_script *script;
    size_t room;
};

static struct drill_event *new_event(struct parser *p, const struct drill_when *when)
{
    struct drill_script *script = p->script;

    if (script->events == p->room) {
        size_t room = p->room ? 2 * p->room : 16;
        struct drill_event *event = realloc(script->event, room * sizeof *event);
        if (!event) {
            scan_fail(&p->s, p->s.at, "found more than there is memory for, expected less");
            return NULL;
        }
        script->event = event;
        p->room = room;
    }
    struct drill_event *e = &script->event[script->events++];

    memset(e, 0, sizeof *e);
    e->when = *when;
    e->text = p->s.at;
    e->line = scan_line(&p->s, p->s.at);
    return e;
}

static void scan_when(struct scan *s, struct drill_when *w)
{
    w->until = w->end = -1;
    w->at = 0;
    if (scan_is(s, "*")) {
        w->kind = DRILL_ANY_TIME;
        return;
    }
    w->kind = scan_is(s, "+") ? DRILL_RELATIVE : DRILL_ABSOLUTE;
    scan_more(s);
    const char *from = s->at;
    if (s->at == s->end || !strchr(".0123456789", *s->at)) {
        scan_expected(s, w->kind == DRILL_RELATIVE
                             ? "a time in seconds, as 0.25 or .25"
                             : "an event's time (+.1, 0.1 or *) or a setting (--name=value)");
        return;
    }
    w->at = scan_seconds(s);
    if (scan_is(s, "...")) {
        w->end = scan_seconds(s);
    } else if (scan_is(s, "~")) {
        if (w->kind == DRILL_RELATIVE) {
            scan_is(s, "+");
        }
        w->until = scan_seconds(s);
    }
    if ((w->end >= 0 && w->end < w->at) || (w->until >= 0 && w->until < w->at)) {
        scan_fail(s, from, "found a time that ends before it begins, expected a later end");
    }
}

// `sleep SECONDS`: no other command is run.
static void scan_command(struct scan *s, struct drill_event *e)
{
    const char *from = s->at - 1;

    if (!scan_next(s, "sleep")) {
        scan_fail(s, from,
                  "found a shell command, expected `sleep SECONDS`: no other is supported");
        return;
    }
    scan_need(s, "sleep");
    e->kind = DRILL_SLEEP;
    e->u.sleep_us = scan_seconds(s);
    scan_need(s, "`");
}

static void scan_assert(struct parser *p, struct drill_event *e)
{
    static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">"};
    struct scan *s = &p->s;
    struct drill_assert *a = &e->u.assert;

    e->kind = DRILL_ASSERT;
    scan_need(s, "assert");
    scan_more(s);
    const char *from = s->at;
    scan_word(s, a->name, "a name, as tcpi_state");
    if (!s->failed && !drill_info_known(a->name)) {
        scan_expected_at(s, from, "a name that docs/drill.md lists, as tcpi_state");
    }
    for (unsigned i = 0; i < 6 && !a->op[0]; i++) {
        if (scan_is(s, ops[i])) {
            memcpy(a->op, ops[i], strlen(ops[i]));
        }
    }
    if (!a->op[0]) {
        scan_expected(s, "a comparison: == != <= >= < >");
    }
    a->number = scan_integer(s, "a number or a known name, as TCP_ESTABLISHED");
    if (scan_is(s, ",")) { // Python: what to say if it does not hold
        char name[DRILL_NAME];
        scan_word(s, name, "a name");
    }
    scan_is(s, ";");
}

// %{ assert A == B ... }%: no other Python is run. Each assertion is an event of its own.
static void scan_code(struct parser *p, struct drill_event *e)
{
    static const struct drill_when same = {DRILL_RELATIVE, 0, -1, -1};

    scan_assert(p, e);
    while (!p->s.failed && !scan_is(&p->s, "}%")) {
        e->len = (size_t)(p->s.last - e->text);
        e = new_event(p, &same);
        if (!e) {
            return;
        }
        scan_assert(p, e);
    }
    if (!p->s.failed) {
        e->len = (size_t)(p->s.last - e->text);
    }
}

static void check_packet(struct scan *s, const struct drill_event *e)
{
    const struct drill_when *w = &e->when;

    if (w->end >= 0 || (e->kind != DRILL_EXPECT && (w->until >= 0 || w->kind == DRILL_ANY_TIME))) {
        scan_fail(s, e->text,
                  w->end >= 0 ? "found a...b, expected one time: only calls last"
                              : "found a time that is open, expected one time: only outgoing "
                                "packets (>) can have a~b or *");
    }
}

static void scan_body(struct parser *p, struct drill_event *e)
{
    struct scan *s = &p->s;

    if (scan_is(s, "<")) {
        e->kind = DRILL_SEND;
        e->u.packet.in = true;
        if (scan_is(s, "icmp")) {
            e->kind = DRILL_ICMP;
            scan_icmp(s, &e->u.icmp);
        } else {
            scan_packet(s, &e->u.packet);
        }
    } else if (scan_is(s, ">")) {
        e->kind = DRILL_EXPECT;
        scan_packet(s, &e->u.packet);
    } else if (scan_is(s, "`")) {
        scan_command(s, e);
    } else if (scan_is(s, "%{")) {
        scan_code(p, e);
        return;
    } else {
        e->kind = DRILL_CALL;
        scan_call(s, &e->u.call);
    }
    if (e->kind != DRILL_CALL) {
        check_packet(s, e);
    } else if (e->when.until >= 0 || e->when.kind == DRILL_ANY_TIME) {
        scan_fail(s, e->text,
                  "found a time that is open, expected one time or a...b: only "
                  "outgoing packets (>) can have a~b or *");
    }
    if (!s->failed) {
        e->len = (size_t)(s->last - e->text);
    }
}

/// Settings ///

static void copy_value(struct scan *s, char to[DRILL_NAME])
{
    size_t len = 0;

    while (s->at + len < s->end && !strchr(" \t\r\n`", s->at[len])) {
        len++;
    }
    if (len == 0 || len >= DRILL_NAME || memchr(s->at, 0, len)) {
        scan_expected(s, "a setting's value, as in --set mss=1000");
        return;
    }
    memcpy(to, s->at, len);
    to[len] = 0;
    s->at += len;
    s->last = s->at;
}

static void scan_setting(struct parser *p)
{
    struct scan *s = &p->s;
    struct drill_script *script = p->script;
    struct drill_setting *all =
        realloc(script->setting, (script->settings + 1) * sizeof *script->setting);

    if (!all) {
        scan_fail(s, s->at, "found more than there is memory for, expected less");
        return;
    }
    script->setting = all;
    struct drill_setting *setting = &all[script->settings];
    memset(setting, 0, sizeof *setting);
    setting->line = scan_line(s, s->at);
    setting->column = scan_column(s, s->at);
    if (script->events > 0) {
        scan_fail(s, s->last - 2, "found a setting behind an event, expected it before the first");
    }
    scan_word(s, setting->name, "a setting, as --set name=value");
    if (strcmp(setting->name, "set") == 0 && !scan_next(s, "=")) {
        scan_word(s, setting->name, "a setting's name, as in --set mss=1000");
    }
    scan_need(s, "=");
    if (!s->failed) {
        copy_value(s, setting->value);
    }
    script->settings += !s->failed;
}

static void parse(struct parser *p)
{
    struct drill_when when;

    while (scan_more(&p->s)) {
        if (scan_is(&p->s, "--")) {
            scan_setting(p);
            continue;
        }
        scan_when(&p->s, &when);
        scan_more(&p->s);
        struct drill_event *e = new_event(p, &when);
        if (e) {
            scan_body(p, e);
        }
    }
    if (!p->s.failed && p->script->events == 0) {
        scan_expected(&p->s, "an event, as +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    }
}

bool drill_parse(struct drill_script *script, const char *name, const char *text, size_t len)
{
    struct parser p = {.script = script};

    memset(script, 0, sizeof *script);
    script->name = name;
    script->text = malloc(len + 1);
    if (!script->text) {
        snprintf(script->error, sizeof script->error, "%s: no memory", name);
        return false;
    }
    memcpy(script->text, text, len);
    script->text[len] = 0;
    p.s = (struct scan){name,         script->text, script->text, script->text + len,
                        script->text, false,        script->error};
    parse(&p);
    return !p.s.failed;
}

void drill_free(struct drill_script *script)
{
    free(script->text);
    free(script->event);
    free(script->setting);
}
