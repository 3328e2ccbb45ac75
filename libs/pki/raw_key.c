/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/raw_key.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/id.h"
#include "base/span.h"
#include "pki/file.h"
#include "pki/hash.h"

#define PREFIX 16
#define PKCS8 (PREFIX + PKI_RAW_KEY)
#define BASE64 64 /* of 48 octets */
#define BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define END "\n-----END PRIVATE KEY-----\n"
#define PEM_LEN (sizeof(BEGIN) - 1 + BASE64 + sizeof(END) - 1)

/* RFC 8410 7: a PKCS#8 key is these octets and then its 32. */
static const struct {
	const char *name;
	uint8_t prefix[PREFIX];
} kinds[] = {
	[PKI_RAW_ED25519] = { "an Ed25519", { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03,
						0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 } },
	[PKI_RAW_X25519] = { "an X25519", { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03,
					      0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20 } },
};

/* One line of base64, 64 characters, holds the whole key; nothing but line ends may follow. */
static bool
octets_of(struct cs_span pem, enum pki_raw_kind kind, uint8_t ret_octets[static PKI_RAW_KEY])
{
	uint8_t der[PKCS8];

	while (pem.len > 0 && (pem.data[pem.len - 1] == '\n' || pem.data[pem.len - 1] == '\r'))
		pem.len--;
	if (pem.len != PEM_LEN - 1 || memcmp(pem.data, BEGIN, sizeof(BEGIN) - 1) != 0 ||
	    memcmp(pem.data + sizeof(BEGIN) - 1 + BASE64, END, sizeof(END) - 2) != 0)
		return false;
	bool good =
	    EVP_DecodeBlock(der, pem.data + sizeof(BEGIN) - 1, BASE64) == (int)sizeof(der) &&
	    memcmp(der, kinds[kind].prefix, PREFIX) == 0;
	if (good)
		memcpy(ret_octets, der + PREFIX, PKI_RAW_KEY);
	pki_wipe(der, sizeof(der));
	return good;
}

enum cs_code
pki_raw_key_load(const char *path, enum pki_raw_kind kind, uint8_t ret_octets[static PKI_RAW_KEY],
    struct cs_err *err)
{
	uint8_t file[1024];
	size_t len;

	enum cs_code code = pki_file_read(path, true, file, sizeof(file), &len, err);
	if (code != CS_OK)
		return code;
	const bool good = octets_of(cs_span_of(file, len), kind, ret_octets);

	pki_wipe(file, sizeof(file));
	return good ? CS_OK
		    : cs_fail(err, CS_MALFORMED, "%s is not %s key (PKCS#8, PEM)", path,
			  kinds[kind].name);
}

enum cs_code
pki_raw_key_generate(const char *path, enum pki_raw_kind kind, struct cs_err *err)
{
	uint8_t der[PKCS8];
	char pem[PEM_LEN + 1];

	memcpy(der, kinds[kind].prefix, PREFIX);
	cs_random(der + PREFIX, PKI_RAW_KEY);
	memcpy(pem, BEGIN, sizeof(BEGIN));
	EVP_EncodeBlock((unsigned char *)pem + sizeof(BEGIN) - 1, der, sizeof(der));
	memcpy(pem + sizeof(BEGIN) - 1 + BASE64, END, sizeof(END));
	enum cs_code code = pki_file_write_new(path, pem, PEM_LEN, err);
	pki_wipe(der, sizeof(der));
	pki_wipe(pem, sizeof(pem));
	return code;
}
