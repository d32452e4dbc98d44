// SPDX-License-Identifier: MIT
/// The names that scripts have from the headers of sockets, as DRILL_name. The numbers are Linux's,
/// but no system is asked: so scripts run the same where there are no such headers.
#ifndef DRILL_SYMBOLS_H
#define DRILL_SYMBOLS_H

#include <aksu/aksu.h>

// clang-format off
#define DRILL_SYMBOLS(X)                                                                           \
    X(AF_INET, 2) X(PF_INET, 2) X(SOCK_STREAM, 1) X(SOCK_NONBLOCK, 04000)                          \
    X(IPPROTO_IP, 0) X(IPPROTO_TCP, 6) X(SOL_TCP, 6) X(INADDR_ANY, 0)                              \
    X(SOL_SOCKET, 1) X(SO_REUSEADDR, 2) X(SO_ERROR, 4) X(SO_SNDBUF, 7) X(SO_RCVBUF, 8)             \
    X(SO_KEEPALIVE, 9) X(SO_LINGER, 13)                                                            \
    X(TCP_NODELAY, 1) X(TCP_MAXSEG, 2) X(TCP_KEEPIDLE, 4) X(TCP_KEEPINTVL, 5) X(TCP_KEEPCNT, 6)    \
    X(TCP_QUICKACK, 12) X(TCP_USER_TIMEOUT, 18)                                                    \
    X(F_GETFL, 3) X(F_SETFL, 4) X(O_RDWR, 2) X(O_NONBLOCK, 04000)                                  \
    X(MSG_OOB, 1) X(MSG_DONTWAIT, 0x40) X(MSG_NOSIGNAL, 0x4000)                                    \
    X(SHUT_RD, 0) X(SHUT_WR, 1) X(SHUT_RDWR, 2)                                                    \
    X(POLLIN, 1) X(POLLPRI, 2) X(POLLOUT, 4) X(POLLERR, 8) X(POLLHUP, 0x10) X(POLLRDHUP, 0x2000)   \
    X(TCP_ESTABLISHED, 1) X(TCP_SYN_SENT, 2) X(TCP_SYN_RECV, 3) X(TCP_FIN_WAIT1, 4)                \
    X(TCP_FIN_WAIT2, 5) X(TCP_TIME_WAIT, 6) X(TCP_CLOSE, 7) X(TCP_CLOSE_WAIT, 8)                   \
    X(TCP_LAST_ACK, 9) X(TCP_LISTEN, 10) X(TCP_CLOSING, 11)                                        \
    X(TCP_CA_Open, 0) X(TCP_CA_Disorder, 1) X(TCP_CA_Recovery, 3) X(TCP_CA_Loss, 4)

#define DRILL_ERRORS(X)                                                                            \
    X(EBADF, -AKSU_EBADF) X(EAGAIN, -AKSU_EAGAIN) X(EWOULDBLOCK, -AKSU_EAGAIN)                     \
    X(ENOMEM, -AKSU_ENOMEM) X(EINVAL, -AKSU_EINVAL) X(EPIPE, -AKSU_EPIPE) X(EDESTADDRREQ, 89)      \
    X(ENOPROTOOPT, 92) X(EOPNOTSUPP, 95) X(EADDRINUSE, -AKSU_EADDRINUSE)                           \
    X(EADDRNOTAVAIL, -AKSU_EADDRNOTAVAIL) X(ENETUNREACH, -AKSU_ENETUNREACH)                        \
    X(ECONNABORTED, -AKSU_ECONNABORTED) X(ECONNRESET, -AKSU_ECONNRESET) X(EISCONN, 106)            \
    X(ENOTCONN, -AKSU_ENOTCONN) X(ESHUTDOWN, 108) X(ETIMEDOUT, -AKSU_ETIMEDOUT)                    \
    X(ECONNREFUSED, -AKSU_ECONNREFUSED) X(EHOSTUNREACH, -AKSU_EHOSTUNREACH) X(EALREADY, 114)       \
    X(EINPROGRESS, 115)
// clang-format on

#define DRILL_CONSTANT(name, number) DRILL_##name = (number),
enum { DRILL_SYMBOLS(DRILL_CONSTANT) DRILL_ERRORS(DRILL_CONSTANT) };
#undef DRILL_CONSTANT

/// script.c: the name of an error.
const char *drill_error_name(int error);

#endif
