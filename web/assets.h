/* The page's files as built from web/ui, compressed and inside the program. The array is generated
 * (build/web/assets.c); a release tarball brings it along. Private to web. */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include <stddef.h>

struct asset {
    const char *path, *type, *etag; /* etag with its quotes */
    const unsigned char *gzip;
    size_t gzip_bytes, plain_bytes;
};
extern const struct asset web_assets[]; /* ends with path NULL */

#endif
