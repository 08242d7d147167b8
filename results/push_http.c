/* Live results by HTTP POST through libcurl (proxies and TLS as everywhere). Called by the push thread only;
 * the one place of results that includes curl.h. An answer other than 2xx is an error of that message. */
#include "results/push.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/mem.h"

#define TIMEOUT_MS 5000L

struct http_way {
    struct push_way way; /* first */
    CURL *curl;
    struct curl_slist *headers;
    char *url;
};

static size_t ignore(char *p, size_t size, size_t n, void *arg)
{
    (void)p;
    (void)arg;
    return size * n;
}

static bool send_http(struct push_way *w, struct slice message, struct err *err)
{
    struct http_way *h = (struct http_way *)w;
    long status = 0;
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, message.p);
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message.n);
    CURLcode code = curl_easy_perform(h->curl);
    if (code != CURLE_OK)
        return err_set(err, ERR_INTERNAL, "%s: %s", h->url, curl_easy_strerror(code));
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    return status / 100 == 2 || err_set(err, ERR_INTERNAL, "%s: answered %ld", h->url, status);
}

static void close_http(struct push_way *w)
{
    struct http_way *h = (struct http_way *)w;
    curl_slist_free_all(h->headers);
    curl_easy_cleanup(h->curl);
    free(h->url);
    free(h);
}

struct push_way *push_http(const char *url, const char *content_type, struct err *err)
{
    struct http_way *h = mem_alloc(1, sizeof *h);
    struct buf header = BUF_INIT(200);
    h->way.send = send_http;
    h->way.close = close_http;
    h->url = mem_dup(url, slice_z(url).n);
    h->curl = curl_easy_init();
    buf_addf(&header, "Content-Type: %s", content_type);
    h->headers = curl_slist_append(NULL, buf_z(&header));
    buf_free(&header);
    if (!h->curl || !h->headers) {
        err_set(err, ERR_INTERNAL, "%s: libcurl cannot be used", url);
        close_http(&h->way);
        return NULL;
    }
    curl_easy_setopt(h->curl, CURLOPT_URL, h->url);
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
    curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, ignore);
    return &h->way;
}
