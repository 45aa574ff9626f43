# make help lists the targets.  Each flavour builds in its own folder, so switching flags
# never needs a clean.

FLAVOUR ?= release
BUILD   ?= build
B       := $(BUILD)/$(FLAVOUR)
PREFIX  ?= /usr/local
LUA     ?= lua5.4
PACKAGES := $(LUA) openblas lapacke libcjson libxxhash zlib

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Werror
CPPFLAGS += -I. -MMD -MP -D_GNU_SOURCE $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpthread -lm
# No -ffast-math anywhere: NaN checks and bit-exact codes depend on real IEEE arithmetic.
CFLAGS   := -std=c11 -ffp-contract=off -g $(WARN)

CFLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_debug   := -O0
CFLAGS_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan    := -O1 -fsanitize=thread
ifeq ($(CFLAGS_$(FLAVOUR)),)
$(error FLAVOUR is '$(FLAVOUR)', expected release, debug, asan or tsan)
endif
CFLAGS  += $(CFLAGS_$(FLAVOUR))
LDFLAGS += $(filter -fsanitize%,$(CFLAGS))

SRC := $(sort $(shell find engine backends lua -name '*.c' ! -path lua/embed.c))
HDR := $(sort $(shell find engine backends lua -name '*.h'))
MODULES := $(sort $(shell find lua/vise -name '*.lua'))
OBJ := $(SRC:%.c=$(B)/%.o) $(B)/embedded.o

all: $(B)/vise               ## build the program

$(B)/vise: $(OBJ)
	@echo "  LD $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Only these files may use wider instructions; everything else stays portable.
$(B)/backends/avx2%.o: CFLAGS += -mavx2 -mfma -mf16c
$(B)/backends/avx512%.o: CFLAGS += -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma -mf16c

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
	@$(CC) -I. -std=c11 -O1 -c -o $@ $<

check: $(B)/vise             ## run the tests
	$(B)/vise tests/run.lua tests
fmt:                         ## format the C files
	clang-format -i $(SRC) $(HDR) lua/embed.c
lint:                        ## static checks: clang-format, luacheck
	clang-format --dry-run -Werror $(SRC) $(HDR) lua/embed.c
	luacheck --quiet lua tests bench recipes
clean:                       ## remove build/
	rm -rf $(BUILD)
help:                        ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

.PHONY: all check fmt lint clean help
$(OBJ): Makefile
-include $(OBJ:.o=.d)
