// SPDX-License-Identifier: MIT
// Sequence number arithmetic and the acceptability of segments. With 8 bits over the whole sequence
// space; with 32 bits over all combinations of numbers beside the powers of two.
#include "tcp.h"
#include <stdio.h>

static unsigned long tried, wrong;

static void expect(bool good, const char *what, unsigned long a, unsigned long b)
{
    tried++;
    if (!good && wrong++ < 5)
        printf("FAIL  %s: %lu, %lu\n", what, a, b);
}

// a < b: b is reached from a by going up less than half of the way around. At just half of it each
// is less than the other.
static void check_pair(aksu_seq a, aksu_seq b)
{
    const aksu_seq half = (aksu_seq)((aksu_seq)1 << (BITS - 1));
    aksu_seq up = (aksu_seq)(b - a), down = (aksu_seq)(a - b);
    bool lt = up != 0 && up <= half, gt = down != 0 && down <= half;
    aksu_seq raised = a;

    expect(aksu_seq_lt(a, b) == lt, "lt", a, b);
    expect(aksu_seq_leq(a, b) == (up == 0 || lt), "leq", a, b);
    expect(aksu_reached(a, b) == (up == 0 || !lt), "reached", a, b);
    if (up == half)
        return; // no order
    expect(lt + gt + (up == 0) == 1, "one of less, greater, equal", a, b);
    expect(aksu_seq_max(a, b) == (lt ? b : a), "max", a, b);
    expect(aksu_seq_min(a, b) == (lt ? a : b), "min", a, b);
    aksu_seq_raise(&raised, b);
    expect(raised == (lt ? b : a), "raise", a, b);
}

#if BITS == 8

// What sequence.c needs of the rest of the core.
void aksu_tcp_challenge(const struct aksu_step *c)
{
    c->t->owed |= AKSU_OWE_ACK;
}

void aksu_tcp_enter_time_wait(const struct aksu_step *c)
{
    (void)c;
}

static void check_arithmetic(void)
{
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            check_pair((aksu_seq)a, (aksu_seq)b);
}

// Table 6, by counting: whether any of the segment's numbers is one of the window's. Beyond it: the
// next number may always come; of a RST the first number decides; an empty ACK may be at the right
// edge.
static bool may_come(unsigned seq, unsigned len, unsigned flags, unsigned nxt, unsigned wnd)
{
    bool window[256] = {false};
    for (unsigned i = 0; i < wnd; i++)
        window[(nxt + i) % 256] = true;
    if (seq == nxt)
        return true;
    if ((flags & AKSU_RST) || len == 0)
        return window[seq] ||
               ((flags & (AKSU_RST | AKSU_ACK)) == AKSU_ACK && seq == (nxt + wnd) % 256);
    for (unsigned i = 0; i < len; i++)
        if (window[(seq + i) % 256])
            return true;
    return false;
}

static void check_segment(unsigned nxt, unsigned wnd, unsigned seq, unsigned len, unsigned flags)
{
    static const struct aksu_profile profile;
    unsigned control = (flags & (AKSU_SYN | AKSU_FIN)) != 0;
    if (control > len)
        return;
    struct aksu_segment s = {
        .seq = (aksu_seq)seq, .len = (uint8_t)(len - control), .flags = (uint8_t)flags};
    struct aksu_tcb t = {
        .state = AKSU_ESTABLISHED, .rcv_nxt = (aksu_seq)nxt, .rcv_adv = (aksu_seq)(nxt + wnd)};
    struct aksu_step c = {.p = &profile, .t = &t, .s = &s};
    bool want = may_come(seq, len, flags, nxt, wnd);

    expect(aksu_tcp_check_sequence(&c) == want, "acceptable", seq * 1000ul + len,
           nxt * 1000ul + wnd);
    bool answered = !want && !(flags & AKSU_RST);
    expect(((t.owed & AKSU_OWE_ACK) != 0) == answered, "answered", seq * 1000ul + len, flags);
}

// A window and a segment are together less than half of the space (RFC 9293 3.4).
static void check_acceptable(unsigned step)
{
    static const unsigned flags[] = {0, AKSU_ACK, AKSU_ACK | AKSU_FIN, AKSU_SYN, AKSU_RST};
    static const unsigned bases[] = {0, 77, 255};
    for (unsigned base = 0; base < 3; base++)
        for (unsigned wnd = 0; wnd < 128; wnd += step)
            for (unsigned len = 0; wnd + len < 128; len += step)
                for (unsigned seq = 0; seq < 256; seq++)
                    for (unsigned i = 0; i < 5; i++)
                        check_segment(bases[base], wnd, seq, len, flags[i]);
}

// The window that is offered: all that there is, once that is a step more; never less than before.
static void check_window(void)
{
    for (unsigned room = 0; room < 128; room++)
        for (unsigned offered = 0; offered < 128; offered++)
            for (unsigned buf = room; buf < 128; buf++) {
                struct aksu_tcb t = {.rcv_nxt = 250, .rcv_mss = 20};
                t.rcv_adv = (aksu_seq)(250 + offered);
                t.rcv_room = (uint8_t)room;
                t.rcv_buf = (uint8_t)buf;
                unsigned least = buf / 2 < 20 ? buf / 2 : 20;
                unsigned want = room >= offered + least ? room : offered;
                expect(aksu_tcp_window(&t) == want, "window", room * 1000ul + offered, buf);
            }
}

#else

static void check_arithmetic(void)
{
    static aksu_seq numbers[32 * 5];
    unsigned count = 0;
    for (unsigned bit = 0; bit < 32; bit++)
        for (int off = -2; off <= 2; off++)
            numbers[count++] = (1u << bit) + (aksu_seq)off;
    for (unsigned a = 0; a < count; a++)
        for (unsigned b = 0; b < count; b++) {
            check_pair(numbers[a], numbers[b]);
            check_pair(numbers[a], numbers[a] + numbers[b]);
        }
}

static void check_acceptable(unsigned step)
{
    (void)step;
}

static void check_window(void)
{
}

#endif

int main(int argc, char **argv)
{
    (void)argv;
    check_arithmetic();
    check_acceptable(argc > 1 ? 7 : 1);
    check_window();
    printf("%lu comparisons with %d bits, %lu wrong\n", tried, BITS, wrong);
    printf("%d passed, %d failed\n", wrong == 0, wrong != 0);
    return wrong != 0;
}
