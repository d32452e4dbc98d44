// SPDX-License-Identifier: MIT
// The core alone: an image that calls the pure functions and nothing of the stack. PROFILE: its
// name.
#include <aksu/tcb.h>
#include <stddef.h>

extern const struct aksu_profile PROFILE;

int main(void);

static struct aksu_tcb tcb;
static volatile uint32_t now_ms;

int main(void)
{
    struct aksu_event event = {0};
    struct aksu_effects effects;
    struct aksu_plan plan;
    struct aksu_segment answer;

    for (;;) {
        event.kind = (uint8_t)now_ms;
        aksu_tcp_step(&PROFILE, &tcb, NULL, &event, &effects);
        if (aksu_tcp_plan(&PROFILE, &tcb, NULL, now_ms, &plan) == AKSU_NEXT_SEGMENT &&
            aksu_tcp_reply(&plan.segment, &answer)) {
            now_ms = answer.len + aksu_tcp_offset(&tcb, &plan.segment);
        }
    }
}
