// SPDX-License-Identifier: MIT
// Each case of hostile.json in each state that it is made for, for scripts/bench to count what one
// of these frames costs: take_in() holds it all, the handlers' copying of what was delivered
// included.
//
// usage: hostile lean|standard     (prints the frames, in their order, and what they took if the
// meter counts it)
#include "host.h"
#include "meter.h"
#include <stdio.h>

AKSU_STORAGE(store, ROWS, LISTENERS, RX, TX);

static struct host h;
static struct image reached;

// Noinline and visible, for callgrind to find by name.
__attribute__((noinline)) int take_in(const uint8_t *frame, size_t len);

int take_in(const uint8_t *frame, size_t len)
{
    return aksu_input(&h.net, h.now, frame, len);
}

static void try(const struct hostile_case *c, enum state state)
{
    restore(&h, &reached);
    h.now += 7;
    drain(&h);
    if (c->pre_len > 0) {
        feed(&h, c->pre, c->pre_len);
    }
    h.net.trace = NULL; // what the fixture looks at does not count
    meter_begin();
    (void)take_in(c->frame, c->len);
    unsigned long taken = meter_end();
    printf("%lu %s in %s, %u octets\n", taken, c->name, state_label(state), c->len);
}

static bool try_all(enum state state, const struct aksu_profile *profile)
{
    build(&h, state, &store, profile, ISS, IRS);
    if (h.wrong[0]) {
        fprintf(stderr, "%s: %s\n", state_label(state), h.wrong);
        return false;
    }
    take_image(&h, &reached);
    for (unsigned i = 0; i < hostile_count; i++) {
        enum state made_for = hostile_cases[i].state;
        if (made_for == state || made_for == state_any || made_for == state_closed) {
            try(&hostile_cases[i], state);
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    char *word = NULL;
    bool lean = meter_words(argc, argv, &word, 1) == 1 && strcmp(word, "lean") == 0;
    bool good = true;

    if (!meter_start()) {
        return 1;
    }

    for (int s = 0; s < STATES; s++) {
        enum state state = (enum state)s;
        if (lean && (state == state_established_sack || state == state_established_ts)) {
            continue; // it negotiates neither
        }
        good = try_all(state, lean ? &aksu_lean : &aksu_standard) && good;
    }
    printf("stack %lu\n", (unsigned long)meter_stack());
    return !good;
}
