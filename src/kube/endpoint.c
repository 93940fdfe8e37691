/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/endpoint.h"

#include "base/mem.h"

#include <curl/curl.h>

#include <string.h>

static void free_url(CURLU **url)
{
	curl_url_cleanup(*url);
}
#define AUTO_URL FC_CLEANUP(free_url)

static void free_part(char **part)
{
	curl_free(*part);
}
#define AUTO_PART FC_CLEANUP(free_part)

static int refuse(CURLUcode code, struct fc_error *err)
{
	if (code == CURLUE_OUT_OF_MEMORY)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory to read an address");
	return fc_error_set(err, FC_ERR_CONFIG, "is no address that can be used: %s", curl_url_strerror(code));
}

/* libcurl takes three slashes for two, as browsers do, and the first part of the path for the host. */
static int check_slashes(const char *text, struct fc_error *err)
{
	return strstr(text, ":///") ? fc_error_set(err, FC_ERR_CONFIG, "names no host behind the two slashes") : 0;
}

static bool has_part(CURLU *url, CURLUPart which)
{
	AUTO_PART char *part = NULL;

	return curl_url_get(url, which, &part, 0) == CURLUE_OK && part[0];
}

static bool scheme_is_one_of(CURLU *url, const char *const *schemes)
{
	AUTO_PART char *scheme = NULL;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return false;
	for (; *schemes; schemes++)
		if (strcmp(scheme, *schemes) == 0)
			return true;
	return false;
}

/* Query and fragment have no meaning for an API server (1.9). A user in the address would go past every rule for
 * credentials. */
static int check_server(CURLU *url, struct fc_error *err)
{
	static const char *const schemes[] = { "https", "http", NULL };

	if (!scheme_is_one_of(url, schemes))
		return fc_error_set(err, FC_ERR_CONFIG, "begins with neither https:// nor http://");
	if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
		return fc_error_set(err, FC_ERR_CONFIG, "holds a user name or password; give these in the user entry");
	curl_url_set(url, CURLUPART_QUERY, NULL, 0);
	curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
	return 0;
}

int fc_endpoint_server(const char *text, bool tls, char **out, struct fc_error *err)
{
	AUTO_URL CURLU *url = curl_url();
	AUTO_PART char *whole = NULL;
	FC_AUTO_FREE char *address = NULL;

	if (!url)
		return refuse(CURLUE_OUT_OF_MEMORY, err);
	if (check_slashes(text, err) < 0)
		return -1;
	address = fc_xasprintf("%s%s", strstr(text, "://") ? "" : tls ? "https://" : "http://", text);
	CURLUcode code = curl_url_set(url, CURLUPART_URL, address, CURLU_NON_SUPPORT_SCHEME);
	if (code != CURLUE_OK)
		return refuse(code, err);
	if (check_server(url, err) < 0)
		return -1;
	code = curl_url_get(url, CURLUPART_URL, &whole, 0);
	if (code != CURLUE_OK)
		return refuse(code, err);
	size_t len = strlen(whole);
	while (len > 0 && whole[len - 1] == '/')
		len--;
	*out = fc_xstrndup(whole, len);
	return 0;
}

int fc_endpoint_check_proxy(const char *text, struct fc_error *err)
{
	static const char *const schemes[] = { "http", "https", "socks5", NULL };
	AUTO_URL CURLU *url = curl_url();

	if (!url)
		return refuse(CURLUE_OUT_OF_MEMORY, err);
	if (check_slashes(text, err) < 0)
		return -1;
	CURLUcode code = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_BAD_SCHEME || (code == CURLUE_OK && !scheme_is_one_of(url, schemes)))
		return fc_error_set(err, FC_ERR_CONFIG, "begins with none of http://, https:// and socks5://");
	return code == CURLUE_OK ? 0 : refuse(code, err);
}

int fc_endpoint_check_tls_name(const char *text, struct fc_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	if (text[0] == '\0' || text[strspn(text, allowed)] != '\0')
		return fc_error_set(err, FC_ERR_CONFIG, "is no host name (letters, digits, '.', '-')");
	if (strlen(text) > 253)
		return fc_error_set(err, FC_ERR_CONFIG, "is longer than a host name may be (253 bytes)");
	return 0;
}
