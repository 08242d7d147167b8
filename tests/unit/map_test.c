/* Unit tests of base/map. */
#include "base/map.h"

#include "base/arena.h"
#include "tests/unit/test.h"

TEST(map_keeps_every_key)
{
    struct map *m = map_new();
    struct arena *a = arena_new();
    const uintptr_t count = 5000;
    for (uintptr_t i = 0; i < count; i++)
        *map_at(m, arena_printf(a, "key%zu", (size_t)i)) = (void *)(i + 1);
    CHECK_U(map_count(m), count);
    for (uintptr_t i = 0; i < count; i++)
        CHECK_U((uintptr_t)map_get(m, arena_printf(a, "key%zu", (size_t)i)), i + 1);
    CHECK(!map_get(m, SL("key")) && !map_get(m, SL("key5000")));
    struct slice key;
    void *value;
    size_t i = 0, seen = 0;
    while (map_next(m, &i, &key, &value))
        CHECK_U((uintptr_t)value, ++seen); /* order of insertion */
    CHECK_U(seen, count);
    map_free(m);
    arena_free(a);
}

TEST(map_tells_keys_apart)
{
    struct map *m = map_new();
    int x, y;
    *map_at(m, SL("")) = &x;
    *map_at(m, (struct slice){ "\0", 1 }) = &y;
    CHECK(map_get(m, (struct slice){ 0 }) == &x && map_get(m, (struct slice){ "\0", 1 }) == &y);
    *map_at(m, SL("")) = &y;
    CHECK(map_get(m, SL("")) == &y);
    CHECK_U(map_count(m), 2);
    map_free(m);
    map_free(NULL);
}
