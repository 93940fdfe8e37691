/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/clean_text.h"

void fc_clean_text(struct fc_buf *out, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		/* U+0080 to U+009F are C2 80 to C2 9F. */
		if (*at == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0)
			fc_buf_printf(out, "\\u%04x", (unsigned)*++at);
		else if (*at < 0x20 || *at == 0x7F)
			fc_buf_printf(out, "\\u%04x", (unsigned)*at);
		else
			fc_buf_putc(out, (char)*at);
	}
}
