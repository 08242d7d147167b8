/* What libcurl costs by itself: a bare multi-socket loop over epoll, nothing around it.
 *
 * `curl_loop URL CONNECTIONS REQUESTS [METHOD PATH BODY]...` keeps CONNECTIONS transfers under way over one multi handle, each
 * easy handle used again, each transfer the next of the steps (none: a GET of URL), and prints one JSON line: requests, failures,
 * seconds, CPU microseconds per request of this process. The measure that the curl engine is held to. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "base/clock.h"
#include "base/num.h"

struct bench {
    CURLM *multi;
    int epoll;
    long timeout_ms;
    uint64_t left, under_way, done, failed;
    const char *base;
    char **steps; /* three words each */
    size_t steps_n, next;
};

static size_t on_bytes(char *p, size_t size, size_t n, void *arg)
{
    (void)p;
    (void)arg;
    return size * n;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *data)
{
    struct bench *b = arg;
    struct epoll_event e = { .data.fd = fd };
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(b->epoll, EPOLL_CTL_DEL, fd, NULL);
        curl_multi_assign(b->multi, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN) e.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) e.events |= EPOLLOUT;
    epoll_ctl(b->epoll, data ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e);
    curl_multi_assign(b->multi, fd, b);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    (void)multi;
    ((struct bench *)arg)->timeout_ms = ms;
    return 0;
}

static void set_step(struct bench *b, CURL *easy)
{
    char url[512];
    char **step = b->steps + 3 * (b->next++ % b->steps_n);
    snprintf(url, sizeof url, "%s%s", b->base, step[1]);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    if (step[0][0] == 'P')
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, step[2]);
    else
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
}

static void start(struct bench *b, CURL *easy)
{
    if (b->steps_n) set_step(b, easy);
    b->left--;
    b->under_way++;
    curl_multi_add_handle(b->multi, easy);
}

static void take_results(struct bench *b)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(b->multi, &left))) {
        long status = 0;
        CURL *easy = m->easy_handle;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        b->failed += m->data.result != CURLE_OK || status / 100 != 2;
        b->done++;
        b->under_way--;
        curl_multi_remove_handle(b->multi, easy);
        if (b->left) start(b, easy);
    }
}

static void run(struct bench *b)
{
    struct epoll_event events[256];
    int running;
    while (b->under_way) {
        int n = epoll_wait(b->epoll, events, 256, (int)b->timeout_ms);
        if (n == 0 || b->timeout_ms == 0)
            curl_multi_socket_action(b->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        for (int i = 0; i < n; i++) {
            int what = (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (events[i].events & ~(unsigned)EPOLLOUT ? CURL_CSELECT_IN : 0);
            curl_multi_socket_action(b->multi, events[i].data.fd, what, &running);
        }
        take_results(b);
    }
}

static CURL *make_easy(const char *url, struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return easy;
}

static double cpu_us(void)
{
    return (double)clock_process_cpu_ns() / 1000;
}

int main(int argc, char **argv)
{
    uint64_t connections, requests;
    if (argc < 4 || argc % 3 != 1 || !num_u64(slice_z(argv[2]), 100000, &connections) ||
        !num_u64(slice_z(argv[3]), UINT64_MAX, &requests))
        return fprintf(stderr, "curl_loop URL CONNECTIONS REQUESTS [METHOD PATH BODY]...\n"), 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct bench b = { .multi = curl_multi_init(), .epoll = epoll_create1(0), .left = requests };
    b.base = argv[1];
    b.steps = argv + 4;
    b.steps_n = (size_t)(argc - 4) / 3;
    curl_multi_setopt(b.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(b.multi, CURLMOPT_SOCKETDATA, &b);
    curl_multi_setopt(b.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(b.multi, CURLMOPT_TIMERDATA, &b);
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: */*");
    headers = curl_slist_append(headers, "Authorization: Bearer 0123456789abcdef0123456789abcdef");
    double cpu = cpu_us();
    uint64_t began = clock_mono_ns();
    for (uint64_t i = 0; i < connections && b.left; i++)
        start(&b, make_easy(argv[1], headers));
    run(&b);
    printf("{\"requests\":%llu,\"failures\":%llu,\"seconds\":%.3f,\"cpu_us\":%.2f}\n",
           (unsigned long long)b.done, (unsigned long long)b.failed,
           (double)(clock_mono_ns() - began) / 1e9, (cpu_us() - cpu) / (double)b.done);
    return 0;
}
