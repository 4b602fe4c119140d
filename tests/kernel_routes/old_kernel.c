/* Makes a kernel look like one without next-hop objects: messages about them get a type that no kernel knows. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#define UNKNOWN 0x7f0

static int is_netlink(int fd) {
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

static void spoil(char *octets, size_t length) {
    size_t at = 0;
    while (length - at >= sizeof(struct nlmsghdr)) {
        struct nlmsghdr *header = (struct nlmsghdr *)(octets + at);
        if (header->nlmsg_len < sizeof *header || header->nlmsg_len > length - at) return;
        if (header->nlmsg_type >= RTM_NEWNEXTHOP && header->nlmsg_type <= RTM_GETNEXTHOP) header->nlmsg_type = UNKNOWN;
        size_t step = NLMSG_ALIGN(header->nlmsg_len);
        if (step > length - at) return;
        at += step;
    }
}

ssize_t sendto(int fd, const void *octets, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    if (!real) real = dlsym(RTLD_NEXT, "sendto");
    if (!is_netlink(fd)) return real(fd, octets, length, flags, to, size);
    char *copy = malloc(length);
    memcpy(copy, octets, length);
    spoil(copy, length);
    ssize_t sent = real(fd, copy, length, flags, to, size);
    free(copy);
    return sent;
}

ssize_t send(int fd, const void *octets, size_t length, int flags) { return sendto(fd, octets, length, flags, NULL, 0); }
