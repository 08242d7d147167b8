/* Allocation that cannot fail: out of memory writes one line and ends the process with exit code 4.
 *
 * Everybody allocates through here. No call of exit(): handlers and buffers may need memory themselves. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_NO_MEMORY 4

static void out_of_memory(void)
{
    static const char text[] = "reprise: out of memory\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(EXIT_NO_MEMORY);
    _exit(EXIT_NO_MEMORY);
}

bool size_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

bool size_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

void *mem_alloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1); /* calloc checks the product */
    if (!p) out_of_memory();
    return p;
}

void *mem_resize(void *p, size_t count, size_t size)
{
    size_t bytes;
    if (!size_mul(count, size, &bytes)) out_of_memory();
    void *q = realloc(p, bytes ? bytes : 1);
    if (!q) out_of_memory();
    return q;
}

char *mem_dup(const char *p, size_t n)
{
    size_t bytes;
    if (!size_add(n, 1, &bytes)) out_of_memory();
    char *q = mem_resize(NULL, bytes, 1);
    if (n) memcpy(q, p, n);
    q[n] = '\0';
    return q;
}

void mem_grow(void *p_to_array, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap) return;
    size_t n = *cap < 8 ? 8 : *cap;
    while (n < need)
        n = n > SIZE_MAX / 2 ? need : n * 2;
    void *p;
    memcpy(&p, p_to_array, sizeof p); /* the array's pointer has any object type */
    p = mem_resize(p, n, size);
    memcpy(p_to_array, &p, sizeof p);
    *cap = n;
}
