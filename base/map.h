/* A hash map from slices to pointers, for import-time tables. Keys are borrowed: keep them in an arena.
 *
 * Open addressing over a seeded hash, so that hostile keys cost no more than others. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/slice.h"

struct map;

struct map *map_new(void); /* gives */
void map_free(struct map *m);
void *map_get(const struct map *m, struct slice key); /* NULL if absent */
/* The place of key's value, made (as NULL) if absent; valid until the next map_at. */
void **map_at(struct map *m, struct slice key);
size_t map_count(const struct map *m);
/* Walks in order of insertion: *i starts at 0. */
bool map_next(const struct map *m, size_t *i, struct slice *key, void **value);

#endif
