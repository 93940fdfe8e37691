/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

#include "json/merge_patch.h"
#include "json/server_patch.h"

struct api_answer api_patch_json(json_t **doc, const json_t *patch)
{
	size_t i;
	json_t *step;

	if (!json_is_array(patch))
		return api_bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
	json_array_foreach(patch, i, step)
		if (!json_is_object(step))
			return api_bad_request("json: cannot unmarshal into Go value of type jsonpatch.Operation");
	if (fc_server_patch(patch, *doc, NULL) < 0)
		return api_refuse(422, "Invalid", json_object(),
				  "the server rejected our request due to an error in our request");
	return (struct api_answer){ .status = 0 };
}

struct api_answer api_patch_merge(json_t **doc, const json_t *patch)
{
	if (!json_is_object(patch))
		return api_invalid_patch("couldn't get version/kind; json parse error");
	*doc = fc_merge_patch(*doc, patch);
	return (struct api_answer){ .status = 0 };
}
