# reprise. `make help` lists the targets; user CFLAGS and LDFLAGS are appended; V=1 shows the commands.
BUILD  ?= build
PREFIX ?= /usr/local
ifeq ($(origin CC),default)
CC     := gcc
endif
SAN    ?=
T      ?= 60
Q      := $(if $(V),,@)
AGAIN   = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

PKGS    := libpcap libcurl libxml-2.0 zlib libfyaml libpcre2-8 libmicrohttpd libbrotlidec libzstd \
           libcrypto libssl libnghttp2 liburing libarchive libdeflate
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wformat=2 -Wvla -Wundef
HARDEN  := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -O2 -g -pthread -I. $(WARN) $(HARDEN) \
             $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
             $(PKG_CFLAGS) -MMD -MP $(CFLAGS)
ALL_LDFLAGS = -pthread -pie -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
# All of it: a name that two files define is an error, not a choice.
WHOLE     = -Wl,--whole-archive $(BUILD)/libreprise.a -Wl,--no-whole-archive
LIBS      := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm

ROOMS := base http har scenarios scenarios/correlate scenarios/foreign scenarios/export replay replay/native results web \
         capture capture/sniff capture/import
# The page: bundled from web/ui by npm's packages, unless a release tarball brings web/assets.c.
PAGE  := $(if $(wildcard web/assets.c),web,build/web)/assets.c
LIB   := $(patsubst %.c,$(BUILD)/%.o,$(sort $(filter-out web/assets.c,$(wildcard $(ROOMS:%=%/*.c)))))
CLI   := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard cli/*.c)))
UNIT  := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/unit/*.c)))
FUZZ  := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
SERVERS := $(patsubst tests/servers/%.c,$(BUILD)/servers/%,$(sort $(wildcard tests/servers/*.c)))
BENCH := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(sort $(wildcard tests/bench/*.c)))
VERSION := $(shell sed -n 's/.*REPRISE_VERSION "\(.*\)"/\1/p' base/version.h)

.PHONY: all deps demo test check lint format format-check asan tsan fuzz fuzz-build fuzz-bins bench bench-correlation cover man install dist fresh clean help

all: reprise                ## build ./reprise
reprise: $(BUILD)/reprise
	@ln -sf $< $@

$(BUILD)/reprise: $(BUILD)/web/assets.o $(CLI) $(BUILD)/libreprise.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter-out %/assets.o %.a,$^) $(WHOLE) $(LIBS)
$(BUILD)/unit: $(UNIT) $(filter-out %/main.o,$(CLI)) $(BUILD)/libreprise.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter-out %.a,$^) $(WHOLE) $(LIBS)
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(filter-out %/main.o,$(CLI)) $(BUILD)/libreprise.a
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $(filter-out %.a,$^) $(WHOLE) $(LIBS)
$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libreprise.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter-out %.a,$^) $(WHOLE) $(LIBS)
$(BUILD)/servers/%: $(BUILD)/tests/servers/%.o $(BUILD)/libreprise.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter-out %.a,$^) $(WHOLE) $(LIBS)
build/web/assets.c: $(shell find web/ui -type f -not -path '*/node_modules/*')
	$(if $(V),,@echo "  web/ui")
	$(Q)FETCH=$(FETCH) web/ui/build $@
$(BUILD)/web/assets.o: $(PAGE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
$(BUILD)/libreprise.a: $(BUILD)/web/assets.o $(LIB)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^
# Files that .incbin brings into the program.
$(BUILD)/results/page.o: results/page.html results/report.html results/compare.html
$(BUILD)/scenarios/correlate/beacons.o: scenarios/correlate/beacons.txt
$(BUILD)/scenarios/export/export_lib.o: scenarios/export/lib/locust.py scenarios/export/lib/k6.js
$(BUILD)/cli/demo_har.o: scenarios/examples/demo.har
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  $<")
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

deps:                       ## install what is missing (apt packages by name)
	@tests/deps
demo:                       ## the whole way once: import, replay, archive
	@tests/deps program
	@$(AGAIN) all FETCH=demo
	./reprise demo
test:                       ## everything that must hold
	@tests/deps test
	@$(AGAIN) all $(BUILD)/unit $(SERVERS)
	@BUILD=$(BUILD) tests/run
check: format-check lint test ## format, lint and tests
lint:                       ## room table, header homes, banned functions, sizes, warnings
	@tests/lint/lint
format:
	@clang-format -i $$(git ls-files '*.c' '*.h')
format-check:
	@clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
asan:                       ## the same tests under AddressSanitizer and UBSan
	@REPRISE_TEST_TIME_LIMIT=900 $(MAKE) --no-print-directory test BUILD=build/asan SAN=address,undefined
tsan:                       ## the same tests under ThreadSanitizer
	@REPRISE_TEST_TIME_LIMIT=900 $(MAKE) --no-print-directory test BUILD=build/tsan SAN=thread
fuzz:                       ## every fuzz target for T seconds
	@T=$(T) tests/fuzz/run
fuzz-build:
	@$(AGAIN) BUILD=build/fuzz CC=clang SAN=address,undefined,fuzzer-no-link fuzz-bins
fuzz-bins: $(FUZZ)
bench:                      ## CPU per request and the other figures; ONLY="native:http scale" runs parts
	@tests/deps all
	@$(AGAIN) all $(BENCH) $(SERVERS)
	@BUILD=$(BUILD) tests/bench/run $(ONLY)
bench-correlation:          ## precision and recall of the correlator, time and memory of import
	@$(MAKE) --no-print-directory reprise
	@REPRISE=$(BUILD)/reprise python3 tests/bench/bench_correlation.py
cover:                      ## lines covered by the tests, per file
	@$(MAKE) --no-print-directory test BUILD=build/cover CFLAGS="--coverage -O0" LDFLAGS=--coverage
	@tests/cover build/cover
man: reprise                ## the manual pages, into build/man
	@mkdir -p $(BUILD)/man && ./reprise help --man >$(BUILD)/man/reprise.1
	@for c in $$(./reprise help --words); do ./reprise help --man $$c >$(BUILD)/man/reprise-$$c.1; done
install: all man            ## into DESTDIR/PREFIX: program, manual pages, completions, examples
	install -Dm755 $(BUILD)/reprise $(DESTDIR)$(PREFIX)/bin/reprise
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(BUILD)/man/*.1
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/doc/reprise README.md CHANGELOG.md LICENSE
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/reprise/examples scenarios/examples/*
	install -Dm644 docs/completion/reprise.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/reprise
	install -Dm644 docs/completion/_reprise $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_reprise
	install -Dm644 docs/completion/reprise.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/reprise.fish
dist: $(PAGE)               ## build/reprise-VERSION.tar.gz of what is committed, with the page built: needs no node
	@mkdir -p build && git archive --prefix=reprise-$(VERSION)/web/ --add-file=$(PAGE) \
	    --prefix=reprise-$(VERSION)/ -o build/reprise-$(VERSION).tar.gz HEAD
	@ls -l build/reprise-$(VERSION).tar.gz
fresh:                      ## make demo and make test in a Debian 12 root of their own (root; debootstrap)
	@tests/fresh-root
.PRECIOUS: $(BUILD)/%.o
clean:
	rm -rf build reprise
help:                       ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

-include $(LIB:.o=.d) $(CLI:.o=.d) $(UNIT:.o=.d) $(BENCH:$(BUILD)/bench/%=$(BUILD)/tests/bench/%.d) \
         $(SERVERS:$(BUILD)/servers/%=$(BUILD)/tests/servers/%.d)
