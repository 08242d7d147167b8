/* Connections for the capture decoders' tests: bytes in, exchanges out, without packets. */
#ifndef TESTS_CAPTURE_LAB_H
#define TESTS_CAPTURE_LAB_H

#include "capture/sniff/txn.h"
#include "tests/unit/test.h"

#define LAB_EXCHANGES 64

/* What the sink was given, as text: "GET http://h/ 200 body". */
struct lab {
    struct sniff sniff;
    struct capture_report report;
    struct err err;
    struct flow flow;
    struct session *session; /* copies */
    int64_t ts_ns;
};

struct lab *lab_new(void);
void lab_free(struct lab *l); /* ends the connection if lab_end has not */
void lab_data(struct lab *l, int dir, struct slice data);
/* In pieces of n bytes. */
void lab_pieces(struct lab *l, int dir, struct slice data, size_t n);
void lab_gap(struct lab *l, int dir, uint64_t bytes);
void lab_fin(struct lab *l, int dir);
void lab_end(struct lab *l, enum flow_end how);
const struct exchange *lab_exchange(const struct lab *l,
                                    size_t i); /* fails the test if there is none */

#endif
