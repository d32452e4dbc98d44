// SPDX-License-Identifier: MIT
// lwIP as scripts/bench --peers builds it: raw API, no threads, no asserts, IPv4 and TCP alone.
// FEATURES 0: without a queue of out-of-order data; 1: with it; 2: and window scale, timestamps and
// SACKs that it sends. MANY: 64 connections. COPIES: data is copied in and out, as its examples do.
// ECHO: for flash and RAM.
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#ifndef FEATURES
#define FEATURES 1
#endif

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET          0
#define LWIP_NETCONN         0
#define LWIP_NOASSERT        1
#define LWIP_STATS           0
#define MEM_ALIGNMENT        __SIZEOF_POINTER__
#define LWIP_UDP             0
#define LWIP_RAW             0
#define IP_FRAG              0
#define IP_REASSEMBLY        0
#define LWIP_IPV6            0
#define LWIP_NETIF_API       0

#ifdef ECHO // what scripts/size has for aksu: 4 connections, rings of two segments
#define CONNECTIONS    4
#define TCP_WND        (2 * TCP_MSS)
#define TCP_SND_BUF    (2 * TCP_MSS)
#define PBUF_POOL_SIZE 8
#elif defined WINDOW_SEGMENTS // over a link that loses
#define CONNECTIONS    5
#define TCP_WND        (WINDOW_SEGMENTS * TCP_MSS)
#define TCP_SND_BUF    (WINDOW_SEGMENTS * TCP_MSS)
#define PBUF_POOL_SIZE 128
#elif defined MANY
#define CONNECTIONS    66
#define TCP_WND        (2 * TCP_MSS)
#define TCP_SND_BUF    (2 * TCP_MSS)
#define PBUF_POOL_SIZE 16
#else
#define CONNECTIONS    5
#define TCP_WND        (16 * TCP_MSS)
#define TCP_SND_BUF    (16 * TCP_MSS)
#define PBUF_POOL_SIZE 32
#endif
#define TCP_MSS                 1460
#define TCP_SND_QUEUELEN        200
#define MEMP_NUM_TCP_PCB        CONNECTIONS
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define MEMP_NUM_TCP_SEG        256
#define MEMP_NUM_PBUF           64
#define PBUF_POOL_BUFSIZE       1536
#define MEM_SIZE                200000

#define TCP_QUEUE_OOSEQ          (FEATURES >= 1)
#define LWIP_TCP_SACK_OUT        (FEATURES >= 2)
#define LWIP_TCP_TIMESTAMPS      (FEATURES >= 2)
#define LWIP_WND_SCALE           (FEATURES >= 2)
#define TCP_RCV_SCALE            1
#define LWIP_TCP_KEEPALIVE       0
#define LWIP_SUPPORT_CUSTOM_PBUF 1

#ifndef COPIES
#define TCP_OVERSIZE 0
#else
#define LWIP_CHECKSUM_ON_COPY 1
#endif
#ifdef OFFLOAD
#define CHECKSUM_GEN_IP    0
#define CHECKSUM_GEN_TCP   0
#define CHECKSUM_CHECK_IP  0
#define CHECKSUM_CHECK_TCP 0
#endif

#endif
