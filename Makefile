# reprise. `make help` lists the targets; user CFLAGS and LDFLAGS are appended; V=1 shows the commands.
BUILD  ?= build
PREFIX ?= /usr/local
CC     ?= gcc
SAN    ?=
T      ?= 60
Q      := $(if $(V),,@)

PKGS    := libpcap libcurl libxml-2.0 zlib libfyaml libpcre2-8 libmicrohttpd libbrotlidec libzstd \
           libcrypto libssl libnghttp2 liburing libarchive
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wformat=2 -Wvla -Wundef
HARDEN  := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -O2 -g -pthread -I. $(WARN) $(HARDEN) \
             $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
             $(PKG_CFLAGS) -MMD -MP $(CFLAGS)
ALL_LDFLAGS = -pthread -pie -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
LIBS      := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

ROOMS := base http har scenarios replay replay/native results web capture capture/sniff capture/import
LIB   := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard $(ROOMS:%=%/*.c))))
CLI   := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard cli/*.c)))
UNIT  := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/unit/*.c)))
FUZZ  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: all deps demo test unit e2e check lint format format-check asan tsan fuzz bench clean help

all: reprise                ## build ./reprise
reprise: $(BUILD)/reprise
	@ln -sf $< $@

$(BUILD)/reprise: $(CLI) $(BUILD)/libreprise.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/unit: $(UNIT) $(filter-out %/main.o,$(CLI)) $(BUILD)/libreprise.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
$(BUILD)/libreprise.a: $(LIB)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  $<")
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

deps:                       ## install what is missing (apt packages by name)
	@tests/deps
demo: deps                  ## the whole way once: import, replay, archive
	@$(MAKE) --no-print-directory all
	./reprise demo
test:                       ## everything that must hold
	@tests/deps test
	@$(MAKE) --no-print-directory all $(BUILD)/unit
	@BUILD=$(BUILD) tests/run
check: format-check lint test ## format, lint and tests
lint:                       ## room table, header homes, banned functions, sizes, warnings
	@tests/lint/lint
format:
	@clang-format -i $$(git ls-files '*.c' '*.h')
format-check:
	@clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
asan:                       ## the same tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory test BUILD=build/asan SAN=address,undefined
tsan:                       ## the same tests under ThreadSanitizer
	@$(MAKE) --no-print-directory test BUILD=build/tsan SAN=thread
fuzz:                       ## every fuzz target for T seconds
	@T=$(T) tests/fuzz/run
bench:                      ## CPU per request and the other figures of docs/notes
	@$(MAKE) --no-print-directory all
	@tests/bench/run
clean:
	rm -rf build reprise
help:                       ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

-include $(LIB:.o=.d) $(CLI:.o=.d) $(UNIT:.o=.d)
