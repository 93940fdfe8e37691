/* SPDX-License-Identifier: Apache-2.0 */
#include "kind_cases.h"

int main(void)
{
	return kind_cases_run("config_map", NULL);
}
