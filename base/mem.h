/* Allocation that ends the process when memory is out, with a message and exit code 4.
 *
 * Sizes that come from input are compared with a limit before they get here; what is left is a machine
 * without memory, for which no caller has a better answer. Size arithmetic is checked: an overflow is the
 * same end, never a short block. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mem_alloc(size_t count, size_t size);           /* zeroed; gives */
void *mem_resize(void *p, size_t count, size_t size); /* not zeroed; takes p, gives */
char *mem_dup(const char *p, size_t n);               /* n bytes and a NUL; gives */
/* Makes room for need elements in an array: *p and *cap are updated, capacity doubles. */
void mem_grow(void *p_to_array, size_t *cap, size_t need, size_t size);
bool size_add(size_t a, size_t b, size_t *out); /* false on overflow */
bool size_mul(size_t a, size_t b, size_t *out);

#endif
