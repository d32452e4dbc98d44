// SPDX-License-Identifier: MIT
// The echo server of test/size/echo.c with lwIP: what of it the linker keeps is compared. Driver
// and clock are the same stand-ins.
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

size_t mac_receive(void *to, size_t size);
void mac_send(const void *from, size_t len);
void mac_wait(uint32_t ms);
uint32_t clock_ms(void);
u32_t sys_now(void);
int main(void);

static struct netif netif;
static uint8_t frame[1514];

u32_t sys_now(void)
{
    return clock_ms();
}

static err_t link_output(struct netif *n, struct pbuf *p)
{
    (void)n;
    pbuf_copy_partial(p, frame, sizeof frame, 0);
    mac_send(frame, p->tot_len);
    return ERR_OK;
}

static err_t netif_start(struct netif *n)
{
    n->hwaddr_len = 6;
    n->hwaddr[0] = 2;
    n->mtu = 1500;
    n->output = etharp_output;
    n->linkoutput = link_output;
    n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

static err_t on_recv(void *user, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)user;
    (void)error;
    if (!p) {
        return tcp_close(pcb);
    }
    for (struct pbuf *q = p; q; q = q->next) {
        if (tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY) != ERR_OK) {
            return ERR_MEM; // it comes again
        }
    }
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static err_t on_accept(void *user, struct tcp_pcb *pcb, err_t error)
{
    (void)user;
    (void)error;
    tcp_recv(pcb, on_recv);
    return ERR_OK;
}

int main(void)
{
    ip4_addr_t addr, mask, gateway;
    size_t len;

    lwip_init();
    IP4_ADDR(&addr, 192, 0, 2, 1);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 0, 0, 0, 0);
    netif_add(&netif, &addr, &mask, &gateway, NULL, netif_start, ethernet_input);
    netif_set_default(&netif);
    netif_set_up(&netif);
    struct tcp_pcb *pcb = tcp_new();

    tcp_bind(pcb, IP4_ADDR_ANY, 7);
    pcb = tcp_listen(pcb);
    tcp_accept(pcb, on_accept);
    for (;;) {
        while ((len = mac_receive(frame, sizeof frame)) > 0) {
            struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);

            if (p) {
                pbuf_take(p, frame, (u16_t)len);
                if (netif.input(p, &netif) != ERR_OK) {
                    pbuf_free(p);
                }
            }
        }
        sys_check_timeouts();
        mac_wait(sys_timeouts_sleeptime());
    }
}
