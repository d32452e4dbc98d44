// SPDX-License-Identifier: MIT
// lwIP at an end of the bench's wire, through its raw API. Without COPIES as fast as it can be
// used: data is sent from where it lies, frames are taken in where the MAC put them, and the MAC
// gathers.
#include "end.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <string.h>

#ifdef COPIES
enum { WRITE = TCP_WRITE_FLAG_COPY };
#else
enum { WRITE = 0 };
#endif
enum { QUEUE = 64 };

static struct netif netif;
static struct setup self;
static unsigned long queued, done, errors;
static uint32_t now;
static struct pbuf *waiting[QUEUE]; // frames that the MAC has not sent yet
static unsigned head, count;
static uint8_t data[65535];

u32_t sys_now(void);

u32_t sys_now(void)
{
    return now;
}

// A MAC with descriptors keeps the buffer until it has sent it.
static err_t link_output(struct netif *n, struct pbuf *p)
{
    (void)n;
    if (count == QUEUE) {
        return ERR_BUF;
    }
    pbuf_ref(p);
    waiting[(head + count++) % QUEUE] = p;
    return ERR_OK;
}

static err_t netif_start(struct netif *n)
{
    n->hwaddr_len = 6;
    n->hwaddr[0] = 2;
    n->hwaddr[5] = self.server ? 2 : 1;
    n->mtu = PAYLOAD + 40;
    n->output = etharp_output;
    n->linkoutput = link_output;
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

static void bulk_fill(struct tcp_pcb *pcb)
{
    unsigned long len = tcp_sndbuf(pcb);

    len = len < self.wanted - queued ? len : self.wanted - queued;
    if (len > 0 && tcp_write(pcb, data, (u16_t)len, WRITE) == ERR_OK) {
        queued += len;
    }
}

static void request(struct tcp_pcb *pcb)
{
    errors += tcp_write(pcb, data, SMALL, WRITE) != ERR_OK;
}

static err_t on_sent(void *user, struct tcp_pcb *pcb, u16_t len)
{
    (void)user;
    (void)len;
    bulk_fill(pcb);
    return ERR_OK;
}

static err_t on_recv(void *user, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)user;
    (void)error;
    if (!p) {
        done++;
        tcp_close(pcb);
        return ERR_OK;
    }
    u16_t len = p->tot_len;

    tcp_recved(pcb, len);
    pbuf_free(p);
    if (self.work == WORK_BULK) {
        done += len;
    } else if (self.server) {
        request(pcb);
    } else if (++done < self.wanted) {
        request(pcb);
    }
    return ERR_OK;
}

static err_t on_connected(void *user, struct tcp_pcb *pcb, err_t error)
{
    (void)user;
    (void)error;
    if (self.work == WORK_BULK) {
        bulk_fill(pcb);
    } else if (self.work == WORK_REQUEST) {
        request(pcb);
    } else {
        done++;
    }
    if (self.work == WORK_CONNECT) {
        tcp_recv(pcb, NULL); // all that comes is the FIN
        tcp_close(pcb);
    }
    return ERR_OK;
}

static err_t on_accept(void *user, struct tcp_pcb *pcb, err_t error)
{
    (void)user;
    (void)error;
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, on_recv);
    done += self.work == WORK_IDLE;
    return ERR_OK;
}

static void on_error(void *user, err_t error)
{
    (void)user;
    errors += self.work != WORK_REFUSED || error != ERR_RST;
    done++;
}

bool end_start(const struct setup *setup)
{
    ip4_addr_t addr, mask, gateway;
    unsigned number = setup->server ? 2 : 1;

    self = *setup;
    lwip_init();
    IP4_ADDR(&addr, 192, 0, 2, number);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 0, 0, 0, 0);
    if (!netif_add(&netif, &addr, &mask, &gateway, NULL, netif_start, ethernet_input)) {
        return false;
    }
    netif_set_default(&netif);
    netif_set_up(&netif);
    if (setup->server) {
        struct tcp_pcb *pcb = tcp_new();

        tcp_bind(pcb, IP4_ADDR_ANY, PORT);
        pcb = tcp_listen(pcb);
        tcp_accept(pcb, on_accept);
    }
    return true;
}

void end_open(uint32_t now_ms, unsigned port)
{
    struct tcp_pcb *pcb = tcp_new();
    ip4_addr_t peer;

    now = now_ms;
    IP4_ADDR(&peer, 192, 0, 2, 2);
    tcp_recv(pcb, on_recv);
    tcp_sent(pcb, self.work == WORK_BULK ? on_sent : NULL);
    tcp_err(pcb, on_error);
    tcp_nagle_disable(pcb);
    errors += tcp_connect(pcb, &peer, (u16_t)port, on_connected) != ERR_OK;
}

void end_send(uint32_t now_ms, unsigned long connection)
{
    (void)now_ms;
    (void)connection;
    errors++; // not measured
}

#ifdef COPIES
static struct pbuf *frame_buffer(const void *frame, size_t len)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);

    pbuf_take(p, frame, (u16_t)len);
    return p;
}
#else
static void frame_free(struct pbuf *p)
{
    (void)p;
}

// One frame is enough: each is read, or freed, before the next one comes.
static struct pbuf *frame_buffer(const void *frame, size_t len)
{
    static struct pbuf_custom buffer = {.custom_free_function = frame_free};
    static uint32_t octets[FRAME / 4];
    uint8_t *at = (uint8_t *)octets + (uintptr_t)frame % sizeof(uint32_t);

    uncounted(at, frame, len);
    return pbuf_alloced_custom(PBUF_RAW, (u16_t)len, PBUF_REF, &buffer, at, (u16_t)len);
}
#endif

void end_in(uint32_t now_ms, const void *frame, size_t len)
{
    struct pbuf *p = frame_buffer(frame, len);

    now = now_ms;
    if (netif.input(p, &netif) != ERR_OK) {
        pbuf_free(p);
    }
}

size_t end_out(uint32_t now_ms, void *frame)
{
    now = now_ms;
    if (count == 0) {
        sys_check_timeouts();
    }
    if (count == 0) {
        return 0;
    }
    struct pbuf *p = waiting[head];
    size_t len = 0;

    head = (head + 1) % QUEUE;
    count--;
    for (struct pbuf *q = p; q; q = q->next) {
#ifdef COPIES
        memcpy((uint8_t *)frame + len, q->payload, q->len);
#else
        uncounted((uint8_t *)frame + len, q->payload, q->len);
#endif
        len += q->len;
    }
    pbuf_free(p);
    return len;
}

void end_tick(uint32_t now_ms)
{
    now = now_ms;
    sys_check_timeouts();
}

uint32_t end_idle(uint32_t now_ms)
{
    now = now_ms;
    return count > 0 ? 0 : sys_timeouts_sleeptime();
}

unsigned long end_done(void)
{
    return done;
}

unsigned long end_faults(void)
{
    return errors;
}

size_t end_row(void)
{
    return sizeof(struct tcp_pcb);
}
