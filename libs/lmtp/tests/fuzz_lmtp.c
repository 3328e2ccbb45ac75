/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first octet says how large the pieces are; the rest is a mail's octets, and its first line a command.
 * Pieces do not matter; what is taken has no stray line ends, and stuffed again it is taken again.
 */
#include <string.h>

#include "base/arena.h"
#include "lmtp/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cs_span
feed(struct cs_arena *arena, struct lmtp_data *data, struct cs_span octets, size_t piece)
{
	struct cs_buf kept = cs_buf_new(arena);
	uint8_t *out = cs_arena_alloc(arena, piece + 2);
	size_t used = 0;

	*data = (struct lmtp_data){ .len = 0 };
	while (used < octets.len && data->state != LMTP_ENDED) {
		const size_t rest = octets.len - used;
		size_t len;

		used += lmtp_data_take(
		    data, octets.data + used, rest < piece ? rest : piece, out, &len);
		cs_assert(len <= piece + 2);
		cs_buf_add(&kept, out, len);
	}
	return cs_buf_span(&kept);
}

static struct cs_span
stuff(struct cs_arena *arena, struct cs_span mail)
{
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < mail.len; i++) {
		if (mail.data[i] == '.' && (i == 0 || mail.data[i - 1] == '\n'))
			cs_buf_add_str(&out, ".");
		cs_buf_add(&out, mail.data + i, 1);
	}
	cs_buf_add_str(&out, ".\r\n");
	return cs_buf_span(&out);
}

static void
check_mail(struct cs_arena *arena, struct cs_span mail)
{
	struct lmtp_data data;

	cs_assert(mail.len == 0 || memchr(mail.data, '\0', mail.len) == NULL);
	for (size_t i = 0; i < mail.len; i++)
		cs_assert((mail.data[i] == '\n') == (i > 0 && mail.data[i - 1] == '\r'));
	const struct cs_span again = feed(arena, &data, stuff(arena, mail), 100);

	cs_assert(data.state == LMTP_ENDED && data.bad == NULL && cs_span_equal(again, mail));
}

static void
check_command(struct cs_span octets)
{
	const uint8_t *end = memchr(octets.data, '\n', octets.len);
	struct lmtp_command command;

	lmtp_command_read(
	    cs_span_of(octets.data, end == NULL ? octets.len : (size_t)(end - octets.data)),
	    &command);
	cs_assert((command.verb == LMTP_WRONG) == (command.reply != NULL));
	cs_assert(strlen(command.address) <= LMTP_ADDRESS_MAX);
	cs_assert(strpbrk(command.address, " \r\n<>") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lmtp_data one, other;

	if (size < 2)
		return 0;
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span octets = { data + 1, size - 1 };
	const struct cs_span whole = feed(arena, &one, octets, octets.len);
	const struct cs_span pieces = feed(arena, &other, octets, 1 + data[0] % 16u);

	cs_assert(one.state == other.state && (one.bad == NULL) == (other.bad == NULL));
	cs_assert(one.bad != NULL || cs_span_equal(whole, pieces));
	if (one.state == LMTP_ENDED && one.bad == NULL)
		check_mail(arena, whole);
	check_command(octets);
	cs_arena_free(arena);
	return 0;
}
