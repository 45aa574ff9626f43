# make install, uninstall, dist.  Included by the Makefile.  ZSH is the folder under PREFIX where zsh
# looks: packages for Debian say share/zsh/vendor-completions.
#
# What is installed is laid out under $(STAGE) first, so that the list of files is the truth: it is
# installed too, as share/vise/installed, and `make uninstall` removes what it names.

LUA_SHARE ?= $(PREFIX)/share/lua/5.4
LUA_LIB   ?= $(PREFIX)/lib/lua/5.4
ZSH       ?= share/zsh/site-functions
STRIP     ?= strip
STAGE     := $(B)/stage
DOC       := $(STAGE)/share/doc/vise

stage: $(B)/vise $(B)/libvise.so.0 $(B)/core.so
	@rm -rf $(STAGE) $(B)/docs
	@$(B)/vise docs $(B)/docs >/dev/null
	@umask 022; set -e; \
	install -D -m 755 $(B)/vise $(STAGE)/bin/vise; $(STRIP) $(STAGE)/bin/vise; \
	install -D -m 755 $(B)/libvise.so.0 $(STAGE)/lib/libvise.so.0; $(STRIP) --strip-unneeded $(STAGE)/lib/libvise.so.0; \
	ln -s libvise.so.0 $(STAGE)/lib/libvise.so; \
	install -D -m 644 lua/vise.h $(STAGE)/include/vise.h; \
	mkdir -p $(STAGE)/lib/pkgconfig $(STAGE)/share/vise $(DOC)/docs; \
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|; s|@LUA@|$(LUA)|' lua/vise.pc.in > $(STAGE)/lib/pkgconfig/vise.pc; \
	cp -R recipes $(B)/docs/schemas $(STAGE)/share/vise; \
	cp -R $(B)/docs/lua/. $(STAGE)/share/vise; \
	cp -R $(B)/docs/man $(STAGE)/share; \
	install -D -m 644 $(B)/docs/completions/bash/vise $(STAGE)/share/bash-completion/completions/vise; \
	install -D -m 644 $(B)/docs/completions/zsh/_vise $(STAGE)/$(ZSH)/_vise; \
	install -D -m 644 $(B)/docs/completions/fish/vise.fish $(STAGE)/share/fish/vendor_completions.d/vise.fish; \
	install -m 644 README.md CONTRIBUTING.md LICENSE $(DOC); \
	cp -R docs/. $(DOC)/docs; \
	chmod -R u=rwX,go=rX $(STAGE)

# The Lua sources lie beside each other in two folders: those that `make install-lua` fills.
LUA_FILES = find lua/vise -name '*.lua' | sed 's|^lua/||' | LC_ALL=C sort

install: stage               ## install under DESTDIR and PREFIX
	@umask 022; mkdir -p $(DESTDIR)$(PREFIX); cp -R $(STAGE)/. $(DESTDIR)$(PREFIX)
	@$(MAKE) --no-print-directory install-lua
	@umask 022; { cd $(STAGE) && find . ! -type d | sed 's|^\.|$(PREFIX)|'; cd - >/dev/null; \
	  $(LUA_FILES) | sed 's|^|$(LUA_SHARE)/|'; echo $(LUA_LIB)/vise/core.so; \
	  echo $(PREFIX)/share/vise/installed; } | LC_ALL=C sort > $(DESTDIR)$(PREFIX)/share/vise/installed
	@echo "vise $(VERSION) is in $(DESTDIR)$(PREFIX)"
install-lua: $(B)/core.so    ## install the Lua module alone
	@umask 022; for f in $$($(LUA_FILES)); do install -D -m 644 lua/$$f $(DESTDIR)$(LUA_SHARE)/$$f || exit 1; done
	@umask 022; install -D -m 755 $(B)/core.so $(DESTDIR)$(LUA_LIB)/vise/core.so; \
	$(STRIP) --strip-unneeded $(DESTDIR)$(LUA_LIB)/vise/core.so

# Folders of the system stay, even when they are empty; under DESTDIR nothing does.
uninstall:                   ## remove what was installed there
	@list=$(DESTDIR)$(PREFIX)/share/vise/installed; \
	test -f $$list || { echo "$$list: nothing was installed here"; exit 1; }; \
	sed 's|^|$(DESTDIR)|' $$list | { while IFS= read -r f; do rm -f "$$f"; echo "$${f%/*}"; done; } \
	| LC_ALL=C sort -ru | while IFS= read -r d; do \
	  while [ "$$d" != "$(DESTDIR)" ] && rmdir "$$d" 2>/dev/null; do d=$${d%/*}; \
	    test -n "$(DESTDIR)" || case $$d in */vise*) ;; *) break;; esac; done; done; true

# The same bytes from the same files: sorted, of nobody, at one time.
DIST := vise-$(VERSION)
dist:                        ## write build/vise-VERSION.tar.gz, reproducibly
	@mkdir -p $(BUILD)
	@{ git ls-files 2>/dev/null || find . -type f ! -path './build/*' ! -path './out/*' ! -path './runs/*' \
	  | sed 's|^\./||'; } | LC_ALL=C sort | tar --create --format=ustar --no-recursion --files-from=- --owner=0 --group=0 \
	  --numeric-owner --mode=u=rwX,go=rX --mtime=@$${SOURCE_DATE_EPOCH:-1767225600} --transform 's|^|$(DIST)/|' \
	  | gzip -n -9 > $(BUILD)/$(DIST).tar.gz
	@echo $(BUILD)/$(DIST).tar.gz

.PHONY: stage install install-lua uninstall dist
