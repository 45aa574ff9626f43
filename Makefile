# make help lists the targets.  Each flavour builds in its own folder, so switching flags
# never needs a clean.

FLAVOUR ?= release
BUILD   ?= build
B       := $(BUILD)/$(FLAVOUR)
PREFIX  ?= /usr/local
LUA     ?= lua5.4
PACKAGES := $(LUA) openblas lapacke libcjson libxxhash libcrypto zlib

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Werror
CPPFLAGS += -I. -MMD -MP -D_GNU_SOURCE $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpthread -lm
# No -ffast-math anywhere: NaN checks and bit-exact codes depend on real IEEE arithmetic.
# One set of objects for the program and the libraries, which show nothing but what vise.h names.
CFLAGS   := -std=c11 -ffp-contract=off -fPIC -fvisibility=hidden -g $(WARN)

CFLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_debug   := -Og
CFLAGS_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan    := -O1 -fsanitize=thread
ifeq ($(CFLAGS_$(FLAVOUR)),)
$(error FLAVOUR is '$(FLAVOUR)', expected release, debug, asan or tsan)
endif
CFLAGS  += $(CFLAGS_$(FLAVOUR))
LDFLAGS += $(filter -fsanitize%,$(CFLAGS))

SRC := $(sort $(shell find engine backends lua -name '*.c' ! -path lua/embed.c))
HDR := $(sort $(shell find engine backends lua -name '*.h'))
VERSION := $(shell sed -n 's/^return "\(.*\)"$$/\1/p' lua/vise/version.lua)
MODULES := $(sort $(shell find lua/vise -name '*.lua'))
OBJ := $(SRC:%.c=$(B)/%.o) $(B)/embedded.o
CORE := $(filter-out $(patsubst %,$(B)/lua/%.o,library main module modules signals) $(B)/embedded.o,$(OBJ))

all: $(B)/vise               ## build the program

$(B)/vise: $(filter-out $(B)/lua/library.o $(B)/lua/module.o,$(OBJ))
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Lua itself is that of the program which loads them.
$(B)/libvise.so.0: $(CORE) $(B)/lua/library.o $(B)/lua/modules.o $(B)/embedded.o
	@echo "  LD $@"
	@$(CC) -shared -Wl,-soname,libvise.so.0 $(LDFLAGS) -o $@ $^ $(filter-out -l$(LUA),$(LDLIBS))
$(B)/core.so: $(CORE) $(B)/lua/module.o
	@echo "  LD $@"
	@$(CC) -shared $(LDFLAGS) -o $@ $^ $(filter-out -l$(LUA),$(LDLIBS))
library: $(B)/libvise.so.0   ## build the library for programs that have Lua
lua-module: $(B)/core.so     ## build the module for a Lua 5.4 of its own

# Only these files may use wider instructions; everything else stays portable.
$(B)/backends/avx2%.o: CFLAGS += -mavx2 -mfma -mf16c
$(B)/backends/avxvnni%.o: CFLAGS += -mavxvnni -mavx2 -mfma -mf16c
$(B)/backends/avx512%.o: CFLAGS += -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma -mf16c
$(B)/backends/avx512bf16%.o: CFLAGS += -mavx512bf16

$(B)/%.o: %.c
	@mkdir -p $(@D); echo "  CC $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(B)/embed: lua/embed.c
	@mkdir -p $(@D)
	@$(CC) -std=c11 $(WARN) -o $@ $<
$(B)/embedded.c: $(B)/embed $(MODULES) lua/vise
	@$(B)/embed $(MODULES) > $@
$(B)/embedded.o: $(B)/embedded.c lua/embedded.h
	@echo "  CC $(MODULES:lua/%=%)" | cut -c1-60
	@$(CC) -I. -std=c11 -O1 -fPIC -fvisibility=hidden -c -o $@ $<

# --- The two commands of a newcomer.  make reads pkg-config before anything is installed, so
# they install what is missing first and then call make again.

BUILD_PACKAGES := gcc libc6-dev pkg-config liblua5.4-dev libopenblas-pthread-dev liblapacke-dev \
                  libcjson-dev libxxhash-dev libssl-dev zlib1g-dev
CHECK_PACKAGES := lua-busted
LINT_PACKAGES  := lua-check clang-format

quickstart:                  ## set up, build, run the main job on the embedded models
	@$(MAKE) --no-print-directory setup NEED="$(BUILD_PACKAGES)"
	@$(MAKE) --no-print-directory -j$$(nproc) all
	$(B)/vise run recipes/quickstart --out out/quickstart
	@echo 'next: export PATH=$(abspath $(B)):$$PATH, then `vise` says what there is'
check:                       ## set up, build, run the tests
	@$(MAKE) --no-print-directory setup NEED="$(BUILD_PACKAGES) $(CHECK_PACKAGES)"
	@$(MAKE) --no-print-directory -j$$(nproc) all
	$(B)/vise tests/run.lua tests

NEED ?= $(BUILD_PACKAGES) $(CHECK_PACKAGES) $(LINT_PACKAGES)
setup:                       ## install the Debian packages that are missing
	@command -v dpkg-query >/dev/null || { echo "not Debian: taking for granted $(NEED)"; exit 0; }; \
	missing=; for p in $(NEED); do \
	  case "$$(dpkg-query -W -f='$${Status}' $$p 2>/dev/null)" in \
	    *"ok installed") ;; *) missing="$$missing $$p";; esac; done; \
	test -n "$$missing" || exit 0; \
	if [ "$$(id -u)" = 0 ]; then as=; elif command -v sudo >/dev/null; then as=sudo; \
	else echo "missing packages; run this as root, then try again:"; \
	  echo "  apt-get install -y --no-install-recommends$$missing"; exit 1; fi; \
	echo "installing:$$missing"; \
	$$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  $$as apt-get install -y -qq --no-install-recommends $$missing >/dev/null

asan tsan:                   ## run the tests under the sanitizers
	@$(MAKE) --no-print-directory FLAVOUR=$@ sanitized
sanitized: $(B)/vise
	ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 TSAN_OPTIONS=halt_on_error=1 \
	  $(B)/vise tests/run.lua tests

reference: $(B)/vise         ## write docs/reference/ from the descriptions
	@$(B)/vise docs $(B)/docs
	@mkdir -p docs/reference
	@rm -f docs/reference/*.md
	cp $(B)/docs/reference/*.md docs/reference
screenshots: $(B)/vise       ## make the pictures of docs/img; needs chromium and tmux
	@$(abspath $(B)/vise) docs/screenshots/make.lua
fmt:                         ## format the C files
	clang-format -i $(SRC) $(HDR) lua/embed.c
lint:                        ## static checks: clang-format, luacheck
	@clang-format --dry-run -Werror $(SRC) $(HDR) lua/embed.c
	@luacheck --quiet lua tests bench recipes docs
include install.mk
clean:                       ## remove build/
	rm -rf $(BUILD)
help:                        ## this list
	@sed -n 's/^\([a-z -]*\):.*## /  make \1\t/p' Makefile install.mk | expand -t 24

.PHONY: all quickstart check library lua-module setup asan tsan sanitized reference screenshots fmt lint clean help
$(OBJ): Makefile
-include $(OBJ:.o=.d)
