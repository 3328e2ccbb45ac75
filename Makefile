# Countersign.  `make help` explains the targets; docker/packages lists what they install.
#   make V=1 shows the commands    make SAN=1: address and undefined sanitizers    make TSAN=1: threads
CC     := gcc
B      ?= build$(if $(SAN),/san)$(if $(TSAN),/tsan)$(if $(RELEASE),/release)
Q      := $(if $(V),,@)
comma  := ,
# Sanitizers replace the library's own checks: fortified calls hide from them.
HARDEN := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection
CFLAGS ?= $(if $(SAN)$(TSAN),-O1 -g -Wno-format-truncation,$(HARDEN))
WARN   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
          -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wcast-align
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer) \
          $(if $(TSAN),-fsanitize=thread)
ALL    := -std=c17 -D_GNU_SOURCE -fPIE -pthread $(CFLAGS) $(SANFLAGS) -MMD -MP $(if $(RELEASE),-DCS_RELEASE)
INC     = -iquote libs -iquote $B -iquote $(<D) -iquote $(<D)/..
LINK   := -pie -pthread -Wl,-z,relro,-z,now $(SANFLAGS)

LIBS     := $(notdir $(wildcard libs/*))
SERVICES := $(patsubst services/%/service.mk,%,$(wildcard services/*/service.mk))
PROTOS   := $(wildcard proto/*.proto)
objs      = $(patsubst %.c,$B/%.o,$(wildcard $(1)))
# Everything that the libraries $(1) need, themselves first, each once.
closure   = $(eval _seen :=)$(call _walk,$(1))$(_seen)
_walk     = $(foreach l,$(1),$(if $(filter $l,$(_seen)),,$(eval _seen += $l)$(call _walk,$($l_NEEDS))))
archives  = $(foreach l,$(call closure,$(1)),$B/libs/$l.a)
ldlibs    = $(foreach l,$(call closure,$(1)),$($l_LDLIBS))

all: $(SERVICES:%=$B/bin/%)

include $(wildcard libs/*/lib.mk)
include $(wildcard services/*/service.mk)

# A library says in lib.mk: NAME_NEEDS (libraries), NAME_LDLIBS, NAME_CPPFLAGS, NAME_FAKES (another's, for its tests).
define lib
$B/libs/$(1).a: $(call objs,libs/$(1)/*.c) $(if $($(1)_PROTO),$B/proto.a)
$B/libs/$(1)/%.o: CPPFLAGS += $($(1)_CPPFLAGS)
$(1)_TEST_BINS := $(patsubst %.c,$B/%,$(wildcard libs/$(1)/tests/test_*.c))
$(1)_IT_BINS   := $(patsubst %.c,$B/%,$(wildcard libs/$(1)/tests/it_*.c))
$(1)_BENCHES   := $(patsubst %.c,$B/%,$(wildcard libs/$(1)/tests/bench_*.c))
$$($(1)_TEST_BINS) $$($(1)_IT_BINS) $$($(1)_BENCHES): %: %.o $(call objs,libs/$(1)/tests/fake_*.c) $($(1)_FAKES:%.c=$B/%.o) $(call archives,$(1)) $B/proto.a
$$($(1)_TEST_BINS) $$($(1)_IT_BINS) $$($(1)_BENCHES): LDLIBS = $(call ldlibs,$(1)) -lprotobuf-c -lcmocka
TESTS += $$($(1)_TEST_BINS)
ITS   += $$($(1)_IT_BINS)
BENCHES += $$($(1)_BENCHES)
endef
$(foreach l,$(LIBS),$(eval $(call lib,$l)))

# A service says in service.mk: NAME_LIBS and, where needed, NAME_GEN (generated .c files below $B).
define service
$B/services/$(1).a: $(filter-out %/main.o,$(call objs,services/$(1)/*.c)) $($(1)_GEN:%.c=%.o)
$B/bin/$(1): $B/services/$(1)/main.o $B/services/$(1).a $(call archives,$($(1)_LIBS)) $B/proto.a
$B/bin/$(1): LDLIBS = $(call ldlibs,$($(1)_LIBS)) -lprotobuf-c
$(1)_TEST_BINS := $(patsubst %.c,$B/%,$(wildcard services/$(1)/tests/test_*.c))
$(1)_IT_BINS   := $(patsubst %.c,$B/%,$(wildcard services/$(1)/tests/it_*.c))
$(1)_BENCHES   := $(patsubst %.c,$B/%,$(wildcard services/$(1)/tests/bench_*.c))
$$($(1)_TEST_BINS) $$($(1)_BENCHES): %: %.o $(call objs,services/$(1)/tests/fake_*.c) $($(1)_FAKES:%.c=$B/%.o) $B/services/$(1).a $(call archives,$($(1)_LIBS)) $B/proto.a
$$($(1)_IT_BINS): %: %.o $B/services/$(1).a $(call archives,$($(1)_LIBS)) $B/proto.a
$$($(1)_TEST_BINS) $$($(1)_IT_BINS) $$($(1)_BENCHES): LDLIBS = $(call ldlibs,$($(1)_LIBS)) -lprotobuf-c -lcmocka
TESTS += $$($(1)_TEST_BINS)
ITS   += $$($(1)_IT_BINS)
BENCHES += $$($(1)_BENCHES)
endef
$(foreach s,$(SERVICES),$(eval $(call service,$s)))

$(SERVICES:%=$B/bin/%) $(TESTS) $(ITS) $(BENCHES):
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(SHOW),echo "  $@")
	$(Q)$(CC) $(LINK) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDLIBS)
$B/%.a:
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(SHOW),echo "  $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$B/proto/%.pb-c.c $B/proto/%.pb-c.h: proto/%.proto
	$(Q)mkdir -p $(@D)
	$(Q)protoc-c --proto_path=proto --c_out=$B/proto $<
$B/proto.a: $(PROTOS:%.proto=$B/%.pb-c.o)
$B/proto/%.pb-c.o: $B/proto/%.pb-c.c | $(PROTOS:%.proto=$B/%.pb-c.h)
	$(Q)$(CC) -I$B/proto $(ALL) -c -o $@ $<
$B/%.o: %.c | $(PROTOS:%.proto=$B/%.pb-c.h)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(INC) $(WARN) $(ALL) -c -o $@ $<
$B/%.o: $B/%.c
	$(Q)$(CC) $(CPPFLAGS) $(INC) $(WARN) $(ALL) -c -o $@ $<
.PRECIOUS: $B/proto/%.pb-c.c $B/proto/%.pb-c.h
.SECONDARY:

# ---- packages ----

PACKAGES = $(shell awk '/^($(1)) /{print $$2}' docker/packages)
MISSING  = $(shell dpkg-query -W -f='$${db:Status-Abbrev} $${Package}\n' $(1) 2>/dev/null | \
             awk -v want="$(1)" '$$1 == "ii" {have[$$2] = 1} END {n = split(want, w, " "); \
             for (i = 1; i <= n; i++) if (!(w[i] in have)) print w[i]}')
# Servers among them are for tests, which start their own: Debian's do not start as they are installed, unless the machine
# says itself what may.
POLICY := /usr/sbin/policy-rc.d
define install
	$(Q)missing="$(call MISSING,$(1))"; [ -z "$$missing" ] || { echo "installing: $$missing"; \
	    [ -e $(POLICY) ] || { trap 'rm -f $(POLICY)' 0; trap 'exit 1' 1 2 15; \
	        printf '#!/bin/sh\nexit 101\n' >$(POLICY) && chmod 755 $(POLICY) || exit 1; }; \
	    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; }
endef

packages: ## installs what building, testing and checking need (docker/packages), as far as it is missing
	$(call install,$(call PACKAGES,build|test|check))
build-packages:
	$(call install,$(call PACKAGES,build|test))

# The rest of this file needs what was installed: it starts make anew.
build: build-packages ## installs what is missing and builds every service into build/bin
	$(Q)echo "building ..."; $(MAKE) -s -j$$(nproc) --no-print-directory SHOW=1 all

# ---- running ----

demo: build ## issues two certificates, telling live what happens; everything runs on loopback
	$(Q)/usr/bin/python3 tests/demo.py
run: build ## keeps the whole system up until Ctrl-C, and says where it is
	$(Q)/usr/bin/python3 tests/demo.py --run

# ---- tests ----

test: packages ## all tests: unit, adapters against real servers, the whole system, short fuzzing
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all tests-built
	$(Q)$(MAKE) --no-print-directory unit it stack-test system-test fuzz-short
tests-built: $(TESTS) $(ITS) $(BENCHES)
# As many at once as there are processors; the first that fails ends it.
ALL_AT_ONCE := xargs -r -P $$(nproc) -n 1 sh -c
unit: $(TESTS) ## pure units and batches in memory: no servers, no network
	$(Q)printf '%s\n' $^ | $(ALL_AT_ONCE) '$(UNDER) $$0 >$$0.log 2>&1 || { cat $$0.log; echo "FAILED: $$0"; exit 255; }'
	$(Q)echo "unit: $(words $(TESTS)) programs passed"
# Each runs inside its folder's run-it.sh, which starts the server it needs; a store runs inside the database's.
# Those that take longest come first.
it: $(ITS) ## one adapter at a time against the real server it is for
	$(Q)printf '%s\n' $(filter %/it_svc %/it_probe,$^) $(filter-out %/it_svc %/it_probe,$^) | $(ALL_AT_ONCE) \
	    'src=$${0#$B/}; run=$$(dirname $$src)/run-it.sh; [ -x $$run ] || run=libs/db/tests/run-it.sh; \
	    $$run $(UNDER) $$0 >$$0.log 2>&1 || { cat $$0.log; echo "FAILED: $$0"; exit 255; }; echo "it: $$src passed"'
stack-test: ## the test stack itself
	$(Q)/usr/bin/python3 tests/stack/selftest.py
system-test: all $B/libs/gate/tests/test_tbs ## the whole system, from the outside
	$(Q)/usr/bin/python3 tests/run.py
test-san: packages ## units, adapters and the whole system with the address and undefined-behaviour sanitizers (SAN_WITHOUT="TEXT ...": not those in whose name it is)
	$(Q)$(MAKE) --no-print-directory SAN=1 -j$$(nproc) all tests-built
	$(Q)$(MAKE) --no-print-directory SAN=1 unit it
	$(Q)/usr/bin/python3 tests/run.py --bin build/san/bin --quick $(SAN_WITHOUT:%=--without %)
THREADED := libs/bus/tests/it_bus libs/svc/tests/it_svc
# The skeleton alone has threads, the same in all services: these tests bring every kind of event, question, command,
# clock and work, replicas, outages and deaths.
SYSTEM_TSAN := $(patsubst %,test_%.,issue replicas partitions crash children hostile_children status trust life people settings connectors door mailbox domain)
# 400 documents in one call take longer under it than the API waits for their answer.
NOT_TSAN := test_more_than_one_call_takes
test-tsan: packages ## what has threads (bus, skeleton) and much of the whole system with the thread sanitizer (TSAN_WITHOUT: as SAN_WITHOUT)
	$(Q)$(MAKE) --no-print-directory TSAN=1 -j$$(nproc) all $(THREADED:%=build/tsan/%) build/tsan/libs/gate/tests/test_tbs
	$(Q)export TSAN_OPTIONS=suppressions=$(CURDIR)/tests/tsan.supp; \
	    $(MAKE) --no-print-directory TSAN=1 ITS="$(THREADED:%=build/tsan/%)" it && \
	    /usr/bin/python3 tests/run.py --bin build/tsan/bin --quick $(SYSTEM_TSAN:%=--only %) $(NOT_TSAN:%=--without %) $(TSAN_WITHOUT:%=--without %)
VALGRIND := valgrind -q --error-exitcode=9 --leak-check=full --suppressions=tests/valgrind.supp
# Not there: it_bus and it_dns test limits of a second or two, which no program keeps under valgrind, and it_svc is
# many processes, started through /proc/self/exe, which is valgrind then, as it_token's are; test_confine forbids calls
# that valgrind makes.  They run under the other sanitizers.
NO_VALGRIND := libs/bus/tests/it_bus libs/dns/tests/it_dns libs/svc/tests/it_svc libs/pki/tests/it_token \
    libs/sandbox/tests/test_confine
test-valgrind: packages ## unit tests and adapters under valgrind (UNITS_ONLY=1: no adapters)
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) tests-built
	$(Q)$(MAKE) --no-print-directory UNDER="$(VALGRIND)" \
	    TESTS="$(filter-out $(NO_VALGRIND:%=$B/%),$(TESTS))" ITS="$(if $(UNITS_ONLY),,$(filter-out $(NO_VALGRIND:%=$B/%),$(ITS)))" unit it

# ---- fuzzing: clang's libFuzzer, each target of libs/*/tests/fuzz_*.c and services/*/tests/fuzz_*.c ----

FUZZ_SRC  := $(wildcard libs/*/tests/fuzz_*.c services/*/tests/fuzz_*.c)
FUZZERS   := $(FUZZ_SRC:%.c=build/fuzz/%)
TIME      ?= 60
fuzz-built:
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) B=build/fuzz CC=clang FUZZ=1 \
	    CFLAGS="-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" $(FUZZERS)
fuzz: packages fuzz-built ## every parser, TIME seconds each (60), from tests/corpus and what earlier runs found; FUZZ_SEED=N: again the same
	$(Q)/usr/bin/python3 tests/fuzz.py --seconds $(TIME) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED)) $(FUZZERS)
fuzz-short: fuzz-built ## every parser for 3 seconds, from tests/corpus and the same seed
	$(Q)/usr/bin/python3 tests/fuzz.py --seconds 3 --seed 1 $(FUZZERS)

ifdef FUZZ
fuzz_libs = $(if $(filter services/%,$(1)),$(B)/services/$(word 2,$(subst /, ,$(1))).a $(call archives,$($(word 2,$(subst /, ,$(1)))_LIBS)),$(call archives,$(word 2,$(subst /, ,$(1)))))
fuzz_ld   = $(if $(filter services/%,$(1)),$(call ldlibs,$($(word 2,$(subst /, ,$(1)))_LIBS)),$(call ldlibs,$(word 2,$(subst /, ,$(1)))))
# What stands for the world in unit tests may do so here too.
fuzz_fakes = $(if $(wildcard $(dir $(1))fake_*.c),$(B)/$(dir $(1))fakes.a)
$(foreach d,$(sort $(dir $(FUZZ_SRC))),$(eval $(B)/$(d)fakes.a: $(call objs,$(d)fake_*.c)))
define fuzzer
build/fuzz/$(1:.c=): build/fuzz/$(1:.c=.o) $(call fuzz_fakes,$(1)) $(call fuzz_libs,$(1)) $(B)/proto.a
	$(Q)clang -fsanitize=fuzzer,address,undefined -pthread -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(call fuzz_ld,$(1)) -lprotobuf-c -lcmocka
endef
$(foreach f,$(FUZZ_SRC),$(eval $(call fuzzer,$f)))
endif

# ---- checks ----

check: packages ## format, warnings of both compilers, static analysis, architecture rules, event compatibility (CHECK_NODES=N: states clang-tidy follows)
	$(Q)$(if $(CHECK_NODES),CHECK_NODES=$(CHECK_NODES) )tests/check/check.sh

# ---- measuring, images ----

bench: build ## workloads W1 to W3 on the whole system, C1 to C4 on the validators, OCSP answers, the signer, the skeleton; prints figures
	$(Q)/usr/bin/python3 tests/bench/bench.py
	$(Q)/usr/bin/python3 tests/bench/checks.py
	$(Q)/usr/bin/python3 tests/bench/status.py
	$(Q)/usr/bin/python3 tests/bench/signer.py
	$(Q)/usr/bin/python3 tests/bench/skeleton.py
images: ## one container image for each service, by podman, without a registry
	$(call install,$(call PACKAGES,image))
	$(Q)docker/build.sh $(SERVICES)

clean: ## removes everything that was built
	rm -rf build
help: ## this text
	@awk -F' ?## ?' '/^[a-z-]+:.*## / {split($$1, t, ":"); printf "  make %-16s %s\n", t[1], $$2}' Makefile

.PHONY: all packages build-packages build demo run test tests-built unit it stack-test system-test test-san test-tsan \
    test-valgrind fuzz fuzz-built fuzz-short check bench images clean help
-include $(shell find $B -name '*.d' 2>/dev/null)
