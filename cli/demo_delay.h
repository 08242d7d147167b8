/* Answers of the demo target that take their time; see demo_delay.c. */
#ifndef CLI_DEMO_DELAY_H
#define CLI_DEMO_DELAY_H

#include <stdint.h>

#include "base/err.h"

struct demo_delay;
/* Pauses are log-normal around the median; resume is called on another thread. Gives. */
struct demo_delay *demo_delay_new(uint64_t median_ns, void (*resume)(void *what), struct err *err);
/* Resumes what after a pause. */
void demo_delay_hold(struct demo_delay *d, void *what);
/* Resumes everything; what is held from now on is resumed at once. Once, before demo_delay_free. */
void demo_delay_end(struct demo_delay *d);
void demo_delay_free(struct demo_delay *d);

#endif
