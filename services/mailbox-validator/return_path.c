/* SPDX-License-Identifier: Apache-2.0 */
#include "return_path.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pki/mac.h"

#define PLAIN 25 /* octets: request, check, mail */
#define MAC 12
#define OCTETS (PLAIN + MAC)
#define CHARACTERS 60 /* of base32: five bits each, the last one padded with zeros */
#define CHECK_PREFIX "mailbox-"

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 section 6 */
static const char label[] = "countersign/mailbox/return-path/v1";

static void
add_mac(struct cs_span key, enum mailbox_return_use use, uint8_t octets[static OCTETS])
{
	const uint8_t first = (uint8_t)use;
	const struct cs_span parts[] = { cs_span_of(&first, 1), cs_span_of(octets, PLAIN) };
	uint8_t mac[PKI_SHA256];

	pki_mac_parts(key, label, parts, 2, mac);
	memcpy(octets + PLAIN, mac, MAC);
}

struct mailbox_return
mailbox_return_of(
    enum mailbox_return_use use, struct cs_id request, const char *check_id, struct cs_id mail)
{
	struct mailbox_return path = { .use = use, .request = request };

	cs_assert(strncmp(check_id, CHECK_PREFIX, strlen(CHECK_PREFIX)) == 0);
	path.check = (uint8_t)strtoul(check_id + strlen(CHECK_PREFIX), NULL, 10);
	memcpy(path.mail, mail.octets + sizeof(mail.octets) - sizeof(path.mail), sizeof(path.mail));
	return path;
}

const char *
mailbox_return_write(struct cs_arena *arena, struct cs_span key, const struct mailbox_return *path,
    const char *domain)
{
	uint8_t octets[OCTETS + 1] = { 0 };
	char text[CHARACTERS + 1];

	memcpy(octets, path->request.octets, sizeof(path->request.octets));
	octets[sizeof(path->request.octets)] = path->check;
	memcpy(octets + PLAIN - MAILBOX_RETURN_MAIL, path->mail, MAILBOX_RETURN_MAIL);
	add_mac(key, path->use, octets);
	for (size_t i = 0; i < CHARACTERS; i++) {
		size_t bit = i * 5, at = bit / 8;
		unsigned two = (unsigned)octets[at] << 8 | (at < OCTETS ? octets[at + 1] : 0U);

		text[i] = alphabet[(two >> (11 - bit % 8)) & 31];
	}
	text[CHARACTERS] = '\0';
	return cs_arena_printf(arena, "%c%s@%s", (char)path->use, text, domain);
}

/* -1: no letter of ours. */
static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static bool
read_octets(const char *text, uint8_t octets[static OCTETS + 1])
{
	for (size_t i = 0; i < CHARACTERS; i++) {
		int value = value_of(text[i]);

		if (value < 0)
			return false;
		for (size_t b = 0; b < 5; b++)
			if (((unsigned)value >> (4 - b) & 1) != 0)
				octets[(i * 5 + b) / 8] |= (uint8_t)(0x80 >> (i * 5 + b) % 8);
	}
	return octets[OCTETS] == 0;
}

bool
mailbox_return_read(
    struct cs_span key, const char *address, const char *domain, struct mailbox_return *ret)
{
	const enum mailbox_return_use use =
	    address[0] == 'b' || address[0] == 'B' ? MAILBOX_BOUNCES : MAILBOX_REPLIES;
	uint8_t octets[OCTETS + 1] = { 0 }, good[OCTETS];

	if (strlen(address) != 1 + CHARACTERS + 1 + strlen(domain) ||
	    address[1 + CHARACTERS] != '@' || strcasecmp(address + CHARACTERS + 2, domain) != 0 ||
	    strchr("bBrR", address[0]) == NULL || !read_octets(address + 1, octets))
		return false;
	memcpy(good, octets, PLAIN);
	add_mac(key, use, good);
	if (!cs_equal_constant_time(good + PLAIN, octets + PLAIN, MAC))
		return false;
	*ret =
	    (struct mailbox_return){ .use = use, .check = octets[PLAIN - MAILBOX_RETURN_MAIL - 1] };
	memcpy(ret->request.octets, octets, sizeof(ret->request.octets));
	memcpy(ret->mail, octets + PLAIN - MAILBOX_RETURN_MAIL, MAILBOX_RETURN_MAIL);
	return true;
}

const char *
mailbox_return_check(struct cs_arena *arena, const struct mailbox_return *path)
{
	return cs_arena_printf(arena, CHECK_PREFIX "%u", (unsigned)path->check);
}

bool
mailbox_return_is(const struct mailbox_return *path, struct cs_id mail)
{
	return memcmp(path->mail, mail.octets + sizeof(mail.octets) - sizeof(path->mail),
		   sizeof(path->mail)) == 0;
}
