/* SPDX-License-Identifier: Apache-2.0 */
/* protocol.h: the texts of NATS and JetStream, read and checked.  Pure: no I/O, no client library. */
#ifndef BUS_PROTOCOL_H
#define BUS_PROTOCOL_H

#include "bus/bus.h"

#define PROTOCOL_NAME_MAX 64 /* octets of a stream's, a consumer's or a header's name */

/* What the reply subject of a delivered message tells (ADR-15: 9 tokens, or 11 and more). */
struct protocol_delivery {
	char stream[PROTOCOL_NAME_MAX + 1], durable[PROTOCOL_NAME_MAX + 1];
	uint32_t deliveries;
	uint64_t sequence, pending;
	int64_t stored_ms;
};

bool protocol_is_ack_subject(const char *subject);
/* False: not such a subject; *ret_delivery is then untouched. */
bool protocol_read_delivery(const char *subject, struct protocol_delivery *ret_delivery);

struct protocol_stored {
	bool stored, duplicate;
	uint64_t sequence;
	char error[120]; /* when it was not stored */
};

/* The answer to a publish.  What cannot be understood was not stored. */
struct protocol_stored protocol_read_stored(struct cs_span body);

/* Printable ASCII in tokens between dots; whole tokens may be * or > only when `wild`. */
bool protocol_subject_ok(const char *subject, bool wild);
/* A stream, a consumer or a client: letters, digits, '-' and '_', at most PROTOCOL_NAME_MAX. */
bool protocol_name_ok(const char *name);
/* A header that can be sent: a token for a name, a value without control characters. */
bool protocol_header_ok(const struct bus_header *header);

/*
 * The first value of a header in "NATS/1.0\r\nName: value\r\n...\r\n\r\n", without the blanks around
 * it.  False: absent, too long, or not such a block.
 */
bool protocol_find_header(struct cs_span block, const char *name, struct cs_span *ret_value);

/* The two lines of a seed file; the texts are copied into the caller's storage. */
#define PROTOCOL_SEED_LEN 58
#define PROTOCOL_KEY_LEN 56
struct protocol_seed {
	char seed[PROTOCOL_SEED_LEN + 1]; /* secret: wipe it */
	char key[PROTOCOL_KEY_LEN + 1];
};
bool protocol_read_seed(struct cs_span text, struct protocol_seed *ret_seed);

/* "<slot>-<generation>" in lower-case hexadecimal: the last token of our reply subjects. */
#define PROTOCOL_TOKEN_MAX 20
void
protocol_write_token(uint32_t slot, uint32_t generation, char ret_text[static PROTOCOL_TOKEN_MAX]);
bool protocol_read_token(const char *text, uint32_t *ret_slot, uint32_t *ret_generation);

/*
 * A question "ask.<a>.<b>" is answered at "<inbox><a>.<b>.<token>", so that the server's permissions can name who
 * answers what, and to whom: "_INBOX_<asker>.*.<a>.<b>.*".  (nats-server's own way, allow_responses, notes the reply
 * subject of every message that reaches such a client, events of consumers among them, and looks through the notes
 * of a minute with each.)
 */
#define PROTOCOL_REPLY_MAX 320
bool protocol_is_question(const char *subject);
/* `inbox` ends with a dot.  False: not "ask.<a>.<b>", or too long. */
bool protocol_answer_subject(const char *question, const char *inbox, const char *token,
    char ret_subject[static PROTOCOL_REPLY_MAX]);
/* Whether whoever serves `question` may be told to answer there: else it would write where the asker may not. */
bool protocol_answers(const char *question, const char *reply);

/* "<slot>-<generation>-<secret>": the last token of those, which only the asker and who was asked know. */
#define PROTOCOL_SECRET_TOKEN_MAX 40
void protocol_write_secret_token(uint32_t slot, uint32_t generation, uint64_t secret,
    char ret_text[static PROTOCOL_SECRET_TOKEN_MAX]);
bool protocol_read_secret_token(
    const char *text, uint32_t *ret_slot, uint32_t *ret_generation, uint64_t *ret_secret);

/* Answers of the JetStream API.  CS_NOT_FOUND: it says 404. */
enum cs_code
protocol_read_stream(struct cs_span body, struct bus_stream *ret_stream, struct cs_err *err);
enum cs_code
protocol_read_consumer(struct cs_span body, struct bus_consumer *ret_consumer, struct cs_err *err);
enum cs_code protocol_read_message(
    struct cs_span body, struct cs_arena *arena, struct bus_stored *ret_stored, struct cs_err *err);

#endif
