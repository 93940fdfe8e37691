/* SPDX-License-Identifier: Apache-2.0 */
#include "model/metric.h"

/* From half a millisecond, which a copy inside a rack takes at best, to the minute after which somebody calls; narrow
 * around the 3 ms and 10 ms that are promised for an idle server. */
static const double propagation_buckets[] = { 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1,
					      0.25,   0.5,   1,	    2.5,   5,	  10,	  30,	60,    -1 };

/* kube-client 11.2: 1e-8 times ten powers, as the dashboards of other controllers expect them. */
static const double workqueue_buckets[] = { 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, -1 };

/* Those that OpenTelemetry has by default, as dashboards of the original know them. */
static const double milliseconds_buckets[] = { 0,   5,	 10,   25,   50,   75,	 100,	250,
					       500, 750, 1000, 2500, 5000, 7500, 10000, -1 };

static const struct fc_metric rows[FC_METRICS] = {
	[FC_METRIC_RULES] = {
		.name = "fedcopy_rules",
		.help = "Rules that are in this state now.",
		.type = FC_METRIC_GAUGE,
		.labels = { "dialect", "state" },
	},
	[FC_METRIC_WRITES] = {
		.name = "fedcopy_writes_total",
		.help = "Write requests to the API server of a cluster, by what became of them.",
		.type = FC_METRIC_COUNTER,
		.labels = { "cluster", "dialect", "verb", "result" },
	},
	[FC_METRIC_PROPAGATION_SECONDS] = {
		.name = "fedcopy_propagation_seconds",
		.help = "Time from receiving a change of a source to the acknowledged write of its target.",
		.type = FC_METRIC_HISTOGRAM,
		.labels = { "dialect" },
		.buckets = propagation_buckets,
	},
	[FC_METRIC_WATCH_EVENTS] = {
		.name = "fedcopy_watch_events_total",
		.help = "Events that the watches of a resource delivered, by their type.",
		.type = FC_METRIC_COUNTER,
		.labels = { "cluster", "resource", "type" },
	},
	[FC_METRIC_WATCH_RESTARTS] = {
		.name = "fedcopy_watch_restarts_total",
		.help = "Watches that ended and were opened again, by why they ended.",
		.type = FC_METRIC_COUNTER,
		.labels = { "cluster", "resource", "reason" },
	},
	[FC_METRIC_WATCH_LAST_EVENT] = {
		.name = "fedcopy_watch_last_event_timestamp_seconds",
		.help = "When the watches of a resource delivered their latest event or bookmark, in seconds since "
			"1970.",
		.type = FC_METRIC_GAUGE,
		.labels = { "cluster", "resource" },
	},
	[FC_METRIC_CLUSTER_UP] = {
		.name = "fedcopy_cluster_up",
		.help = "1 while the API server of the cluster answers, 0 while it does not.",
		.type = FC_METRIC_GAUGE,
		.labels = { "cluster" },
	},
	[FC_METRIC_REQUESTS_IN_FLIGHT] = {
		.name = "fedcopy_requests_in_flight",
		.help = "Requests to the cluster that wait for their answer, watches not counted.",
		.type = FC_METRIC_GAUGE,
		.labels = { "cluster" },
	},
	[FC_METRIC_OBJECTS_SKIPPED] = {
		.name = "fedcopy_objects_skipped_total",
		.help = "Objects that could not be decoded and were taken as present and unchanged.",
		.type = FC_METRIC_COUNTER,
		.labels = { "cluster", "resource", "reason" },
	},
	[FC_METRIC_SET_RELOAD_OK] = {
		.name = "fedcopy_cluster_set_last_reload_successful",
		.help = "1 when the cluster set could be read, and taken over, the last time; 0 while an older one holds.",
		.type = FC_METRIC_GAUGE,
	},
	[FC_METRIC_SET_RELOAD_TIME] = {
		.name = "fedcopy_cluster_set_last_reload_success_timestamp_seconds",
		.help = "When the cluster set was read and taken over last, in seconds since 1970.",
		.type = FC_METRIC_GAUGE,
	},
	[FC_METRIC_REST_CLIENT_REQUESTS] = {
		.name = "rest_client_requests_total",
		.help = "HTTP requests to API servers, every attempt, by status code, or <error> where no answer came.",
		.type = FC_METRIC_COUNTER,
		.labels = { "code", "method", "host" },
	},
	[FC_METRIC_WORKQUEUE_DEPTH] = {
		.name = "workqueue_depth",
		.help = "Events that wait for the engine now.",
		.type = FC_METRIC_GAUGE,
		.labels = { "name" },
	},
	[FC_METRIC_WORKQUEUE_ADDS] = {
		.name = "workqueue_adds_total",
		.help = "Events that were given to the engine.",
		.type = FC_METRIC_COUNTER,
		.labels = { "name" },
	},
	[FC_METRIC_WORKQUEUE_RETRIES] = {
		.name = "workqueue_retries_total",
		.help = "Targets that are tried again after a delay, because a read or a write failed.",
		.type = FC_METRIC_COUNTER,
		.labels = { "name" },
	},
	[FC_METRIC_WORKQUEUE_QUEUE_SECONDS] = {
		.name = "workqueue_queue_duration_seconds",
		.help = "Seconds that an event waited for the engine.",
		.type = FC_METRIC_HISTOGRAM,
		.labels = { "name" },
		.buckets = workqueue_buckets,
	},
	[FC_METRIC_WORKQUEUE_WORK_SECONDS] = {
		.name = "workqueue_work_duration_seconds",
		.help = "Seconds that the engine took for an event.",
		.type = FC_METRIC_HISTOGRAM,
		.labels = { "name" },
		.buckets = workqueue_buckets,
	},
	[FC_METRIC_WORKQUEUE_UNFINISHED] = {
		.name = "workqueue_unfinished_work_seconds",
		.help = "Seconds that the event which the engine is working on has taken so far.",
		.type = FC_METRIC_GAUGE,
		.labels = { "name" },
	},
	[FC_METRIC_WORKQUEUE_LONGEST] = {
		.name = "workqueue_longest_running_processor_seconds",
		.help = "The same: the engine works on one event at a time.",
		.type = FC_METRIC_GAUGE,
		.labels = { "name" },
	},
	[FC_METRIC_RECONCILES] = {
		.name = "controller_runtime_reconcile_total",
		.help = "Drop-ins: objects of this kind that were looked at after an event of them; as error, reads and "
			"writes of them that failed.",
		.type = FC_METRIC_COUNTER,
		.labels = { "controller", "result" },
	},
	[FC_METRIC_RECONCILE_ERRORS] = {
		.name = "controller_runtime_reconcile_errors_total",
		.help = "Drop-ins: reads and writes of objects of this kind that failed.",
		.type = FC_METRIC_COUNTER,
		.labels = { "controller" },
	},
	[FC_METRIC_OBJECT_SYNCS] = {
		.name = "object_syncer_reconcile_count_total",
		.help = "Drop-in object-sync: ObjectSyncs that were looked at after an event of them.",
		.type = FC_METRIC_COUNTER,
	},
	[FC_METRIC_OBJECT_SYNC_ERRORS] = {
		.name = "object_syncer_reconcile_errors_total",
		.help = "Drop-in object-sync: reads and writes of ObjectSyncs that failed.",
		.type = FC_METRIC_COUNTER,
	},
	[FC_METRIC_OBJECT_SYNC_MS] = {
		.name = "object_syncer_reconcile_duration_ms_milliseconds",
		.help = "Drop-in object-sync: milliseconds that the engine took for an event of an ObjectSync.",
		.type = FC_METRIC_HISTOGRAM,
		.buckets = milliseconds_buckets,
	},
	[FC_METRIC_OBJECT_SYNC_RESOURCES] = {
		.name = "object_syncer_resource_reconcile_count_total",
		.help = "Drop-in object-sync: sources and copies that were looked at after an event of them.",
		.type = FC_METRIC_COUNTER,
		.labels = { "group", "version", "kind" },
	},
	[FC_METRIC_OBJECT_SYNC_RESOURCE_ERRORS] = {
		.name = "object_syncer_resource_reconcile_errors_total",
		.help = "Drop-in object-sync: reads and writes of sources and copies that failed.",
		.type = FC_METRIC_COUNTER,
		.labels = { "group", "version", "kind" },
	},
	[FC_METRIC_OBJECT_SYNC_RESOURCE_MS] = {
		.name = "object_syncer_resource_reconcile_duration_ms_milliseconds",
		.help = "Drop-in object-sync: milliseconds that the engine took for an event of a source or copy.",
		.type = FC_METRIC_HISTOGRAM,
		.labels = { "group", "version", "kind" },
		.buckets = milliseconds_buckets,
	},
	[FC_METRIC_LEADER] = {
		.name = "leader_election_master_status",
		.help = "1 while this process is the one that acts; always, where there is no election.",
		.type = FC_METRIC_GAUGE,
		.labels = { "name" },
	},
	[FC_METRIC_LEADER_SLOW_PATH] = {
		.name = "leader_election_slowpath_total",
		.help = "How often the leader had to look at its Lease, since a renewal by what it knew did not get through.",
		.type = FC_METRIC_COUNTER,
		.labels = { "name" },
	},
	[FC_METRIC_BUILD_INFO] = {
		.name = "fedcopy_build_info",
		.help = "Always 1; the label says which version runs.",
		.type = FC_METRIC_GAUGE,
		.labels = { "version" },
	},
	[FC_METRIC_PROCESS_CPU_SECONDS] = {
		.name = "process_cpu_seconds_total",
		.help = "User and system CPU time that the process has used, in seconds.",
		.type = FC_METRIC_COUNTER,
	},
	[FC_METRIC_PROCESS_RESIDENT_BYTES] = {
		.name = "process_resident_memory_bytes",
		.help = "Resident memory of the process in bytes.",
		.type = FC_METRIC_GAUGE,
	},
	[FC_METRIC_PROCESS_VIRTUAL_BYTES] = {
		.name = "process_virtual_memory_bytes",
		.help = "Virtual memory of the process in bytes.",
		.type = FC_METRIC_GAUGE,
	},
	[FC_METRIC_PROCESS_OPEN_FDS] = {
		.name = "process_open_fds",
		.help = "File descriptors that the process has open.",
		.type = FC_METRIC_GAUGE,
	},
	[FC_METRIC_PROCESS_MAX_FDS] = {
		.name = "process_max_fds",
		.help = "File descriptors that the process may have open at most.",
		.type = FC_METRIC_GAUGE,
	},
	[FC_METRIC_PROCESS_START_TIME] = {
		.name = "process_start_time_seconds",
		.help = "When the process was started, in seconds since 1970.",
		.type = FC_METRIC_GAUGE,
	},
};

const struct fc_metric *fc_metric_row(enum fc_metric_id id)
{
	return (unsigned)id < FC_METRICS ? &rows[id] : NULL;
}
