// SPDX-License-Identifier: MIT
// Every frame in every state, wherever it belongs: nothing crashes or hangs, at most one frame
// answers, of at most three times the octets that came, and afterwards the stack still serves. The
// frames are also aimed at the connection: at its ports, and as they are. With loss recovery in use
// and without.
#include "host.h"
#include <stdio.h>

enum { AFTERWARDS_MS = 400000, FRAMES_AFTERWARDS = 100 };

AKSU_STORAGE(store, ROWS, LISTENERS, RX, TX);

static struct host h;
static struct image start_image;

// Retransmissions, keep-alives and timeouts run out; then a client comes.
static const char *afterwards(void)
{
    h.frames = 0;
    pass(&h, AFTERWARDS_MS);
    if (h.wrong[0]) {
        return h.wrong;
    }
    if (h.frames > FRAMES_AFTERWARDS) {
        return "it does not come to rest";
    }
    return legal_session(&h, 60000) ? NULL : h.wrong[0] ? h.wrong : "a client is not served";
}

// How far the connection has sent. What a window that opens lets out is no answer.
static uint32_t sent(void)
{
    aksu_handle conn;
    const struct aksu_tcb *t = find(&h, PEER_PORT, &conn);

    return t ? t->snd_max : 0;
}

static const char *try(const uint8_t *frame, size_t len)
{
    restore(&h, &start_image);
    h.now += 7;
    drain(&h);
    h.frames = 0;
    h.octets = 0;
    uint32_t before = sent();
    feed(&h, frame, len);
    drain(&h);
    uint32_t own = h.frames > 0 && sent() != 0 ? sent() - before : 0;
    if (h.wrong[0]) {
        return h.wrong;
    }
    if (h.frames > 1) {
        return "more than one frame answers";
    }
    if (h.octets > 3 * len + own) {
        return "the answer is more than three times as long";
    }
    return afterwards();
}

// Puts our port of the state in, so that a frame made for another state meets the connection.
static bool aim(enum state state, uint8_t *frame, size_t frame_len)
{
    size_t len;
    uint8_t *t = inside(frame, frame_len, 6, &len);
    unsigned port = state == state_syn_sent ? ACTIVE_PORT : PORT;

    if (!t || (get16(t) == PEER_PORT && get16(t + 2) == port)) {
        return false;
    }
    bool right = sealed(frame, frame_len);
    put16(t, PEER_PORT);
    put16(t + 2, port);
    if (right) {
        seal(frame, frame_len);
    }
    return true;
}

static unsigned try_all(const struct aksu_profile *profile, enum state state, uint32_t iss,
                        uint32_t irs)
{
    unsigned failed = 0;

    build(&h, state, &store, profile, iss, irs);
    take_image(&h, &start_image);
    for (unsigned i = 0; i < hostile_count; i++) {
        const struct hostile_case *c = &hostile_cases[i];
        uint8_t frame[FRAME_MAX];
        memcpy(frame, c->frame, c->len);
        shift(frame, c->len, iss - ISS, irs - IRS);
        const char *wrong = try(frame, c->len);
        if (!wrong && aim(state, frame, c->len)) {
            wrong = try(frame, c->len);
        }
        if (wrong) {
            printf("FAIL %s in %s%s, ISS %08x, IRS %08x: %s\n", c->name, state_label(state),
                   profile->recovery ? ", recovery in use" : "", (unsigned)iss, (unsigned)irs,
                   wrong);
        }
        failed += wrong != NULL;
    }
    return failed;
}

int main(void)
{
    static const uint32_t bases[][2] = {{ISS, IRS}, {0xffffffffu, 0xffffffffu}, {0x7fffffffu, 0}};
    unsigned failed = 0, count = 0;

    for (int s = 0; s < STATES; s++) {
        for (unsigned b = 0; b < sizeof bases / sizeof bases[0]; b++) {
            failed += try_all(&aksu_standard, (enum state)s, bases[b][0], bases[b][1]);
            failed += try_all(&aksu_full, (enum state)s, bases[b][0], bases[b][1]);
            count += 2 * hostile_count;
        }
    }
    printf("%u passed, %u failed\n", count - failed, failed);
    return failed > 0;
}
