/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_APP_CONTROL_H
#define TIDEGATE_APP_CONTROL_H
/**
 * @file
 * How the main thread is asked for something: by signals, and by other threads that wait for its
 * answer. It does one thing at a time, so two changes never meet.
 */
#include "config.h"

/** What can be asked for. */
enum control_command {
	CONTROL_RELOAD,
	CONTROL_SET,
	CONTROL_LISTEN_ADD,
	CONTROL_LISTEN_DEL,
	CONTROL_ROTATE,
	CONTROL_DRAIN,
};

/** How it went. */
enum control_code {
	CONTROL_OK,
	CONTROL_CONFIG,  /**< what was given is wrong */
	CONTROL_REFUSED, /**< it is not, but cannot be done, or not without a restart */
	CONTROL_BUSY,    /**< not now: a shard does not answer, or the daemon starts or stops */
};

/** An answer. */
struct control_answer {
	enum control_code code;
	char text[CONFIG_ERROR_MAX]; /**< one line: what was done, or what is wrong */
};

/** A request as the main thread gets it. */
struct control_request {
	enum control_command command;
	const char *param; /**< "" when there was none */
	struct control_answer *answer;
};

/** Why control_wait() returned. */
enum control_event {
	CONTROL_NOTHING, /**< time is up */
	CONTROL_STOP,    /**< SIGINT or SIGTERM */
	CONTROL_HANGUP,  /**< SIGHUP */
	CONTROL_REQUEST,
};

/** What the daemon is doing. */
enum control_state {
	CONTROL_STARTING,
	CONTROL_READY,
	CONTROL_DRAINING,
};

/** What anybody may ask without waiting for the main thread. */
struct control_info {
	enum control_state state;
	uint32_t generation; /**< 1 at start, 1 more for each change */
	bool flood;          /**< between a line that a flood begins and the one that it ends */
	enum config_log_level log_level;
	uint64_t uptime_s;
	char config[4096]; /**< the file, as an absolute path */
};

/**
 * Blocks the signals, in this thread and those it makes from here on, and gets ready to be asked.
 * Once in a process, before EAL starts its threads.
 *
 * @param file  the configuration, as it shall be shown
 * @return 0 or a negative errno
 */
int control_open(const char *file);

/** From here on nobody waits for an answer: who still does is told that the daemon ends. */
void control_close(void);

/**
 * Asks the main thread, and waits for its answer. Any other thread, at any time.
 *
 * @param param  what the command needs; NULL is ""
 */
void control_ask(enum control_command command, const char *param, struct control_answer *answer);

/**
 * Waits for a signal or a request. Main thread.
 *
 * @param timeout_ms  at most so long
 * @param request     filled for CONTROL_REQUEST: call control_answered() when its answer is
 */
enum control_event control_wait(int timeout_ms, struct control_request *request);

/** The answer of the request at hand is filled in. Main thread. */
void control_answered(void);

/** Says what the daemon is doing. Main thread. */
void control_set_state(enum control_state state);

/** A change was applied. Main thread. @return the generation it made */
uint32_t control_count_change(void);

/** Says whether there is a flood. Main thread. */
void control_set_flood(bool flood);

/** Says which lines are logged. Main thread. */
void control_set_log_level(enum config_log_level level);

/** What there is to know. Any thread. */
void control_get_info(struct control_info *info);

#endif
