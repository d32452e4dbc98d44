// SPDX-License-Identifier: MIT
// Fetches a file of the pattern (examples.h) and checks it.
#include "../firmware.h"

#ifndef BOARD_PATH
#define BOARD_PATH "/pattern"
#endif

AKSU_STORAGE(memory, 1, 1, BOARD_RING, 0);
static struct http_request request;
static uint32_t wrong;
static int outcome = -1; // the exit status, once it is over

const struct aksu_storage *app_storage(void)
{
    return &memory;
}

static void on_body(struct http_request *r, const void *data, size_t len)
{
    wrong += (uint32_t)example_differ((uint32_t)r->body, data, len);
}

static void on_done(struct http_request *r, int status, int error)
{
    aksu_print("status ");
    print_number((uint32_t)status);
    aksu_print(", ");
    print_number((uint32_t)r->body);
    aksu_print(" octets, ");
    print_number(wrong);
    aksu_print(" wrong: ");
    aksu_print(aksu_error_name(error));
    aksu_print("\n");
    outcome = !(status == 200 && error == AKSU_OK && wrong == 0);
}

int app_start(struct aksu *net)
{
    struct aksu_endpoint peer = {BOARD_PEER, 80};

    request.host = "aksu";
    request.path = BOARD_PATH;
    request.on_body = on_body;
    request.on_done = on_done;
    return http_get(net, &peer, &request);
}

bool app_done(int *status)
{
    *status = outcome;
    return outcome >= 0;
}
