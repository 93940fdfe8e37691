/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "cli/version.h"

#include <curl/curl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <pcre2.h>
#include <string.h>
#include <yaml.h>

const char *fc_version(void)
{
	return FC_VERSION;
}

void fc_version_text(struct fc_buf *out)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	char pcre2[64] = "";

	fc_buf_printf(out, "fedcopy %s\n", fc_version());
	fc_buf_printf(out, "libcurl %s\n", curl->version);
	/* libcurl's TLS and HTTP/2 are other libraries; which ones decides what a cluster's server is offered. */
	fc_buf_printf(out, "libcurl-tls %s\n", curl->ssl_version ? curl->ssl_version : "none");
	fc_buf_printf(out, "nghttp2 %s\n", curl->nghttp2_version ? curl->nghttp2_version : "none");
	fc_buf_printf(out, "openssl %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
	fc_buf_printf(out, "jansson %s\n", jansson_version_str());
	fc_buf_printf(out, "libyaml %s\n", yaml_get_version_string());
	fc_buf_printf(out, "libmicrohttpd %s\n", MHD_get_version());
	pcre2_config(PCRE2_CONFIG_VERSION, pcre2); /* at most 24 characters, with the date */
	fc_buf_printf(out, "pcre2 %.*s\n", (int)strcspn(pcre2, " "), pcre2);
}
