/* SPDX-License-Identifier: Apache-2.0 */
/* sb_cron_schedule - is this the schedule of a CronJob?
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never: what is wrong is told.
 * Source:  crontab(5) as CronJobs know it: five fields, names of months and days, @hourly and its like, @every; the
 *          messages are kube-apiserver's, as recorded. */
#ifndef FC_SANDBOX_CRON_SCHEDULE_H
#define FC_SANDBOX_CRON_SCHEDULE_H

/* NULL: it is one. Else what is wrong, the caller's. */
char *sb_cron_schedule_fault(const char *text);

#endif
