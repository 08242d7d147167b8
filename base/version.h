/* The version: in --version, archives, reports and the release's name (the Makefile reads it from here). */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define REPRISE_VERSION "0.1.0"

#endif
