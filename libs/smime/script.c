/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of what is allowed, not of what is known to be bad: a character in no row is refused, so
 * controls, bidirectional and zero-width characters, spaces, variation selectors, tags, private use
 * and compatibility forms need no list of their own.  One row is a run of one script (Unicode 15,
 * Scripts.txt, coarse: by blocks of modern use).
 */
#include "smime/script.h"

enum script {
	COMMON = 0, /* goes with every script */
	LATIN = 1 << 0,
	GREEK = 1 << 1,
	CYRILLIC = 1 << 2,
	ARMENIAN = 1 << 3,
	HEBREW = 1 << 4,
	ARABIC = 1 << 5,
	DEVANAGARI = 1 << 6,
	BENGALI = 1 << 7,
	GURMUKHI = 1 << 8,
	GUJARATI = 1 << 9,
	ORIYA = 1 << 10,
	TAMIL = 1 << 11,
	TELUGU = 1 << 12,
	KANNADA = 1 << 13,
	MALAYALAM = 1 << 14,
	SINHALA = 1 << 15,
	THAI = 1 << 16,
	LAO = 1 << 17,
	TIBETAN = 1 << 18,
	MYANMAR = 1 << 19,
	GEORGIAN = 1 << 20,
	ETHIOPIC = 1 << 21,
	KHMER = 1 << 22,
	HAN = 1 << 23,
	HIRAGANA = 1 << 24,
	KATAKANA = 1 << 25,
	BOPOMOFO = 1 << 26,
	HANGUL = 1 << 27,
};

/* Ordered; gaps are refused. */
static const struct range {
	uint32_t first, last;
	uint32_t script;
} ranges[] = {
	{ 0x0021, 0x0040, COMMON },
	{ 0x0041, 0x005a, LATIN },
	{ 0x005b, 0x0060, COMMON },
	{ 0x0061, 0x007a, LATIN },
	{ 0x007b, 0x007e, COMMON },
	{ 0x00c0, 0x00d6, LATIN },
	{ 0x00d8, 0x00f6, LATIN },
	{ 0x00f8, 0x02af, LATIN },
	{ 0x0300, 0x034e, COMMON }, /* combining marks, without the invisible joiner U+034F */
	{ 0x0350, 0x036f, COMMON },
	{ 0x0370, 0x0373, GREEK },
	{ 0x0376, 0x0377, GREEK },
	{ 0x037b, 0x037d, GREEK },
	{ 0x0386, 0x0386, GREEK },
	{ 0x0388, 0x03ff, GREEK },
	{ 0x0400, 0x0481, CYRILLIC },
	{ 0x048a, 0x052f, CYRILLIC },
	{ 0x0531, 0x0556, ARMENIAN },
	{ 0x0561, 0x0586, ARMENIAN },
	{ 0x05b0, 0x05bd, HEBREW },
	{ 0x05d0, 0x05ea, HEBREW },
	{ 0x05ef, 0x05f2, HEBREW },
	{ 0x0620, 0x063f, ARABIC },
	{ 0x0641, 0x0669, ARABIC }, /* without the stretcher U+0640 */
	{ 0x066e, 0x06d3, ARABIC },
	{ 0x06ee, 0x06fc, ARABIC },
	{ 0x0750, 0x077f, ARABIC },
	{ 0x0900, 0x0963, DEVANAGARI },
	{ 0x0966, 0x096f, DEVANAGARI },
	{ 0x0971, 0x097f, DEVANAGARI },
	{ 0x0980, 0x09f1, BENGALI },
	{ 0x0a01, 0x0a75, GURMUKHI },
	{ 0x0a81, 0x0aef, GUJARATI },
	{ 0x0b01, 0x0b6f, ORIYA },
	{ 0x0b82, 0x0bef, TAMIL },
	{ 0x0c00, 0x0c6f, TELUGU },
	{ 0x0c80, 0x0cf2, KANNADA },
	{ 0x0d00, 0x0d7f, MALAYALAM },
	{ 0x0d81, 0x0df3, SINHALA },
	{ 0x0e01, 0x0e3a, THAI },
	{ 0x0e40, 0x0e4e, THAI },
	{ 0x0e50, 0x0e59, THAI },
	{ 0x0e81, 0x0edf, LAO },
	{ 0x0f00, 0x0f00, TIBETAN },
	{ 0x0f20, 0x0f29, TIBETAN },
	{ 0x0f40, 0x0f84, TIBETAN },
	{ 0x0f90, 0x0fbc, TIBETAN },
	{ 0x1000, 0x1049, MYANMAR },
	{ 0x1050, 0x109d, MYANMAR },
	{ 0x10a0, 0x10c5, GEORGIAN },
	{ 0x10d0, 0x10fa, GEORGIAN },
	{ 0x10fd, 0x10ff, GEORGIAN },
	{ 0x1200, 0x135a, ETHIOPIC },
	{ 0x1380, 0x138f, ETHIOPIC },
	{ 0x1780, 0x17b3, KHMER }, /* without the invisible vowels U+17B4 and U+17B5 */
	{ 0x17b6, 0x17d3, KHMER },
	{ 0x17e0, 0x17e9, KHMER },
	{ 0x1e00, 0x1eff, LATIN },
	{ 0x1f00, 0x1ffc, GREEK },
	{ 0x3005, 0x3007, HAN },
	{ 0x3041, 0x3096, HIRAGANA },
	{ 0x309d, 0x309e, HIRAGANA },
	{ 0x30a1, 0x30fa, KATAKANA },
	{ 0x30fc, 0x30fc, HIRAGANA | KATAKANA },
	{ 0x30fd, 0x30fe, KATAKANA },
	{ 0x3105, 0x312f, BOPOMOFO },
	{ 0x3400, 0x4dbf, HAN },
	{ 0x4e00, 0x9fff, HAN },
	{ 0xac00, 0xd7a3, HANGUL },
	{ 0x20000, 0x323af, HAN },
};

/* The scripts of one character as bits; -1: it is in no row. */
static int64_t
script_of(uint32_t c)
{
	size_t low = 0, high = sizeof(ranges) / sizeof(ranges[0]);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c < ranges[mid].first)
			high = mid;
		else if (c > ranges[mid].last)
			low = mid + 1;
		else
			return ranges[mid].script;
	}
	return -1;
}

/* The character at `*at` of valid UTF-8, and past it. */
static uint32_t
next_character(struct cs_span text, size_t *at)
{
	const uint8_t lead = text.data[(*at)++];
	uint32_t c = lead;
	unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;

	if (more > 0)
		c = lead & (0x3fu >> more);
	for (; more > 0; more--)
		c = (c << 6) | (text.data[(*at)++] & 0x3fu);
	return c;
}

/* What people write together; Latin goes with the scripts of East Asia. */
static bool
written_together(uint32_t scripts)
{
	static const uint32_t sets[] = { LATIN | HAN | HIRAGANA | KATAKANA, LATIN | HAN | BOPOMOFO,
		LATIN | HAN | HANGUL };

	if ((scripts & (scripts - 1)) == 0)
		return true;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if ((scripts & ~sets[i]) == 0)
			return true;
	return false;
}

static bool
is_mark(uint32_t c)
{
	return c >= 0x0300 && c <= 0x036f;
}

const char *
smime_script_fault(struct cs_span text)
{
	uint32_t scripts = 0, before = '.';

	for (size_t at = 0; at < text.len;) {
		uint32_t c = next_character(text, &at);
		int64_t script = script_of(c);

		if (script < 0)
			return "a character that is invisible, changes the direction of the text, or is of no "
			       "script in use";
		if (is_mark(c) && before < 0x80 && script_of(before) == COMMON)
			return "an accent that stands on no letter";
		/* The long vowel mark counts for whichever of its two scripts is there. */
		if (c != 0x30fc)
			scripts |= (uint32_t)script;
		before = c;
	}
	return written_together(scripts) ? NULL : "letters of different scripts, which look alike";
}
