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
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer) \
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

# A library says in lib.mk: NAME_NEEDS (libraries), NAME_LDLIBS, NAME_CPPFLAGS.
define lib
$B/libs/$(1).a: $(call objs,libs/$(1)/*.c) $(if $($(1)_PROTO),$B/proto.a)
$B/libs/$(1)/%.o: CPPFLAGS += $($(1)_CPPFLAGS)
$(1)_TEST_BINS := $(patsubst %.c,$B/%,$(wildcard libs/$(1)/tests/test_*.c))
$(1)_IT_BINS   := $(patsubst %.c,$B/%,$(wildcard libs/$(1)/tests/it_*.c))
$$($(1)_TEST_BINS) $$($(1)_IT_BINS): %: %.o $(call objs,libs/$(1)/tests/fake_*.c) $(call archives,$(1)) $B/proto.a
$$($(1)_TEST_BINS) $$($(1)_IT_BINS): LDLIBS = $(call ldlibs,$(1)) -lprotobuf-c -lcmocka
TESTS += $$($(1)_TEST_BINS)
ITS   += $$($(1)_IT_BINS)
endef
$(foreach l,$(LIBS),$(eval $(call lib,$l)))

# A service says in service.mk: NAME_LIBS and, where needed, NAME_GEN (generated .c files below $B).
define service
$B/services/$(1).a: $(filter-out %/main.o,$(call objs,services/$(1)/*.c)) $($(1)_GEN:%.c=%.o)
$B/bin/$(1): $B/services/$(1)/main.o $B/services/$(1).a $(call archives,$($(1)_LIBS)) $B/proto.a
$B/bin/$(1): LDLIBS = $(call ldlibs,$($(1)_LIBS)) -lprotobuf-c
$(1)_TEST_BINS := $(patsubst %.c,$B/%,$(wildcard services/$(1)/tests/test_*.c))
$(1)_IT_BINS   := $(patsubst %.c,$B/%,$(wildcard services/$(1)/tests/it_*.c))
$$($(1)_TEST_BINS): %: %.o $(call objs,services/$(1)/tests/fake_*.c) $B/services/$(1).a $(call archives,$($(1)_LIBS)) $B/proto.a
$$($(1)_IT_BINS): %: %.o $B/services/$(1).a $(call archives,$($(1)_LIBS)) $B/proto.a
$$($(1)_TEST_BINS) $$($(1)_IT_BINS): LDLIBS = $(call ldlibs,$($(1)_LIBS)) -lprotobuf-c -lcmocka
TESTS += $$($(1)_TEST_BINS)
ITS   += $$($(1)_IT_BINS)
endef
$(foreach s,$(SERVICES),$(eval $(call service,$s)))

$(SERVICES:%=$B/bin/%) $(TESTS) $(ITS):
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDLIBS)
$B/%.a:
	$(Q)mkdir -p $(@D)
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

unit: $(TESTS) ## unit tests: no servers, no network
	$(Q)for t in $^; do $$t || exit 1; done
clean: ## removes everything that was built
	rm -rf build
.PHONY: all unit clean
-include $(shell find $B -name '*.d' 2>/dev/null)
