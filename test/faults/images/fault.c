// SPDX-License-Identifier: MIT
// A program that fails, each build of it in the way that its definition names: see ../faults.py.
#include <aksu_baremetal.h>

int main(void);

// Where none of the machines has anything.
#define NOWHERE ((volatile const uint32_t *)0x70000000u)

#ifdef __riscv
#define MASK_INTERRUPTS "csrci mstatus, 8"
#define UNDEFINED       ".word 0"
#else
#define MASK_INTERRUPTS "cpsid i"
#define UNDEFINED       "udf #7"
#endif

#if defined(FAULT_READ)
int main(void)
{
    return (int)*NOWHERE;
}

#elif defined(FAULT_REGISTERS) // those that a Cortex-M does not push have values to find
int main(void)
{
    __asm__ volatile("movs r4, #44\n\t"
                     "movs r5, #88\n\t"
                     "mov r8, r5\n\t"
                     "movs r5, #99\n\t"
                     "mov r9, r5\n\t"
                     "movs r5, #110\n\t"
                     "mov r10, r5\n\t"
                     "movs r5, #111\n\t"
                     "mov r11, r5\n\t"
                     "movs r5, #55\n\t"
                     "movs r6, #66\n\t"
                     "udf #7" ::
                         : "r4", "r5", "r6", "r8", "r9", "r10", "r11");
    return 0;
}

#elif defined(FAULT_READ_MASKED) // as in what aksu_cpu_sleep() calls
int main(void)
{
    __asm__ volatile(MASK_INTERRUPTS ::: "memory");
    return (int)*NOWHERE;
}

#elif defined(FAULT_READ_TASK) // on a Cortex-M's process stack, as a task of an RTOS
int main(void)
{
    static uint64_t stack[32];

    __asm__ volatile("msr psp, %0\n\t"
                     "msr control, %1\n\t"
                     "isb" ::"r"(stack + 32),
                     "r"(2)
                     : "memory");
    return (int)*NOWHERE;
}

#elif defined(FAULT_UNDEFINED)
int main(void)
{
    __asm__ volatile(UNDEFINED);
    return 0;
}

#elif defined(FAULT_CALL_NULL)
static int (*volatile function)(void);

int main(void)
{
    return function() + 1;
}

#elif defined(FAULT_RECURSE)
// Not a tail call, and not without a stack frame.
static uint32_t recurse(volatile uint32_t *above)
{
    volatile uint32_t frame[8] = {*above};

    return recurse(frame) + frame[0];
}

int main(void)
{
    volatile uint32_t top = 1;

    return (int)recurse(&top);
}

#elif defined(FAULT_ASSERT)
// A congestion control that writes what it must not: the library, with AKSU_DEBUG, sees that no
// edge of the state diagram leads there.
static void ruin(const struct aksu_step *c)
{
    c->t->state = AKSU_LISTEN;
}

static void nothing(const struct aksu_step *c)
{
    (void)c;
}

static const struct aksu_congestion congestion = {.open = ruin, .idle = nothing};

static void step(struct aksu_tcb *tcb, unsigned kind, const struct aksu_segment *segment,
                 const struct aksu_open *open)
{
    const struct aksu_profile profile = {.congestion = &congestion,
                                         .rto_min_ms = 1000,
                                         .rto_max_ms = 60000,
                                         .user_timeout_s = 300,
                                         .syn_ack_tries = 5};
    const struct aksu_event event = {.kind = (uint8_t)kind, .segment = segment, .open = open};
    struct aksu_effects effects;

    aksu_tcp_step(&profile, tcb, NULL, &event, &effects);
}

int main(void)
{
    const struct aksu_open open = {.iss = 1, .rcv_buf = 1000, .mss = 1460};
    const struct aksu_segment answer = {
        .flags = AKSU_SYN | AKSU_ACK, .seq = 7, .ack = 2, .wnd = 1000};
    static struct aksu_tcb tcb;
    struct aksu_plan plan;

    step(&tcb, AKSU_EV_CONNECT, NULL, &open);
    (void)aksu_tcp_plan(&aksu_lean, &tcb, NULL, 0, &plan);
    step(&tcb, AKSU_EV_SENT, &plan.segment, NULL);
    step(&tcb, AKSU_EV_SEGMENT, &answer, NULL);
    return 0;
}

#elif defined(FAULT_PANIC)
int main(void)
{
    aksu_panic("a reason");
}

#elif defined(                                                                                     \
    FAULT_OWN_PRINT) // a board's own text, and semihosting's end: one replaces the other's
void aksu_print(const char *text)
{
    (void)text;
}

int main(void)
{
    aksu_panic("nobody reads this");
}

#elif defined(FAULT_RETURN)
int main(void)
{
    return 3;
}
#endif
