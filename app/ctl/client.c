/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "text.h"

/* Below it are the files of DPDK's processes that root started. */
#define ROOT_RUN "/var/run"
/* Longest greeting; DPDK's has about 70 bytes. */
#define GREETING_MAX 1024
/* What a greeting may say of the longest answer; DPDK 22.11 says 16384. */
#define ROOM_MIN 1024
#define ROOM_MAX (1u << 20)

__attribute__((format(printf, 2, 3))) static enum client_result
lost(struct client *cl, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cl->error, sizeof(cl->error), fmt, ap);
	va_end(ap);
	client_close(cl);
	return CLIENT_LOST;
}

static int
path_below(const char *run, const char *prefix, char *path, size_t size)
{
	int n = snprintf(path, size, "%s/dpdk/%s/dpdk_telemetry.v2", run, prefix);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int
client_path(const char *prefix, char *path, size_t size)
{
	const char *given = getenv("RUNTIME_DIRECTORY"), *run = getenv("XDG_RUNTIME_DIR");
	int rc;

	if (*prefix == '\0' || strchr(prefix, '/') != NULL)
		return -EINVAL;
	if (given != NULL || geteuid() == 0)
		return path_below(given != NULL ? given : ROOT_RUN, prefix, path, size);
	/* A daemon that root started and that became our user since (process.user) is there. */
	rc = path_below(ROOT_RUN, prefix, path, size);
	if (rc == 0 && access(path, F_OK) == 0)
		return 0;
	return path_below(run != NULL ? run : "/tmp", prefix, path, size);
}

/* The state of a process as in /proc/PID/stat ('T': stopped), '?' when it cannot be told. */
static char
process_state(pid_t pid)
{
	char path[64], line[512], *p;
	char state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return state;
	/* the name, in parentheses, may hold anything */
	if (fgets(line, sizeof(line), f) != NULL && (p = strrchr(line, ')')) != NULL && p[1] == ' ')
		state = p[2];
	fclose(f);
	return state;
}

/* Nobody answered: says why, as far as it can be seen. */
static enum client_result
silent(struct client *cl)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	char state;

	getsockopt(cl->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	state = process_state(peer.pid);
	if (state == 'T' || state == 't')
		return lost(cl,
			"the daemon, process %ld, is stopped by a signal or a debugger (state %c): "
			"no packet is handled; kill -CONT %ld wakes it",
			(long)peer.pid, state, (long)peer.pid);
	return lost(cl, "the daemon, process %ld, did not answer for %u ms", (long)peer.pid,
		cl->timeout_ms);
}

/* One message, as text with a zero behind it. Returns its length or -1, with the connection lost.
 */
static ssize_t
receive(struct client *cl, char *text, size_t room)
{
	struct pollfd p = {.fd = cl->fd, .events = POLLIN};
	ssize_t n;
	int ready;

	do
		ready = poll(&p, 1, (int)cl->timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready == 0) {
		silent(cl);
		return -1;
	}
	n = recv(cl->fd, text, room, MSG_TRUNC | MSG_DONTWAIT);
	if (n < 0) {
		lost(cl, "no answer: %s", strerror(errno));
	} else if (n == 0) {
		lost(cl, "the daemon closed the connection: it is ending, or has too many clients");
	} else if ((size_t)n > room) {
		lost(cl, "the answer has %zd bytes, more than the %zu agreed on", n, room);
	} else {
		text[n] = '\0';
		return n;
	}
	return -1;
}

static enum client_result
greet(struct client *cl)
{
	char text[GREETING_MAX + 1];
	json_t *greeting;
	json_int_t room;

	if (receive(cl, text, GREETING_MAX) < 0)
		return CLIENT_LOST;
	greeting = json_loads(text, 0, NULL);
	room = json_integer_value(json_object_get(greeting, "max_output_len"));
	cl->pid = (pid_t)json_integer_value(json_object_get(greeting, "pid"));
	json_decref(greeting);
	if (room < ROOM_MIN || room > ROOM_MAX)
		return lost(cl, "what answers there is not DPDK's telemetry");
	cl->room = (size_t)room;
	cl->answer = malloc(cl->room + 1);
	if (cl->answer == NULL)
		return lost(cl, "no memory");
	return CLIENT_OK;
}

enum client_result
client_open(struct client *cl, const char *path, unsigned timeout_ms)
{
	struct timeval wait = {
		.tv_sec = timeout_ms / 1000, .tv_usec = (long)(timeout_ms % 1000) * 1000};
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	*cl = (struct client){.fd = -1, .timeout_ms = timeout_ms};
	if (strlen(path) >= sizeof(to.sun_path))
		return lost(cl, "%s: a socket's path has at most %zu characters", path,
			sizeof(to.sun_path) - 1);
	strcpy(to.sun_path, path);
	cl->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (cl->fd < 0)
		return lost(cl, "no socket: %s", strerror(errno));
	/* connect() waits while the daemon's queue of clients is full */
	setsockopt(cl->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(cl->fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
		if (errno == EAGAIN)
			return lost(cl, "%s: the daemon takes no client", path);
		if (errno == ENOENT || errno == ECONNREFUSED)
			return lost(cl,
				"%s: no daemon there (%s); --file-prefix or --socket say where",
				path, strerror(errno));
		return lost(cl, "%s: %s", path, strerror(errno));
	}
	return greet(cl);
}

void
client_close(struct client *cl)
{
	if (cl->fd >= 0)
		close(cl->fd);
	free(cl->answer);
	cl->fd = -1;
	cl->answer = NULL;
}

/* Puts a text together that goes on in key_2, key_3 ...: DPDK 22.11 has room for 127 bytes in one.
 */
static bool
join(json_t *body, const char *key)
{
	char *text = strdup(json_string_value(json_object_get(body, key)));

	for (unsigned i = 2; text != NULL; i++) {
		char more[128], *longer = NULL;
		const char *part;

		snprintf(more, sizeof(more), "%s_%u", key, i);
		part = json_string_value(json_object_get(body, more));
		if (part == NULL)
			break;
		if (asprintf(&longer, "%s%s", text, part) < 0)
			longer = NULL;
		free(text);
		text = longer;
		json_object_del(body, more);
	}
	if (text == NULL || json_object_set_new(body, key, json_string(text)) != 0) {
		free(text);
		return false;
	}
	free(text);
	return true;
}

/* Joins one text of an answer, if there is one to be joined. */
static bool
join_one(json_t *body)
{
	const char *key;
	json_t *v;

	json_object_foreach(body, key, v)
	{
		size_t len = strlen(key);
		char whole[101];

		if (len < 3 || len > 100 || strcmp(key + len - 2, "_2") != 0 || !json_is_string(v))
			continue;
		snprintf(whole, sizeof(whole), "%.*s", (int)len - 2, key);
		if (json_is_string(json_object_get(body, whole)))
			return join(body, whole);
	}
	return false;
}

/* What stands under the command's name in a parsed answer. Takes `whole`. */
static enum client_result
take(struct client *cl, const char *question, json_t *whole, json_t **answer)
{
	int len = (int)strcspn(question, ",");
	json_t *body, *error;
	char name[CLIENT_QUESTION_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", len, question);
	body = json_object_get(whole, name);
	while (json_is_object(body) && join_one(body))
		;
	error = json_object_get(body, "error");
	if (body == NULL || json_is_null(body)) {
		snprintf(cl->error, sizeof(cl->error),
			body == NULL ? "%.200s: the answer is to something else"
				     : "%.200s: this daemon does not have it",
			name);
		json_decref(whole);
		return CLIENT_UNKNOWN;
	}
	if (error != NULL) {
		const char *code = json_string_value(json_object_get(body, "code"));

		text_clean(json_is_string(error) ? json_string_value(error) : "refused", cl->error,
			sizeof(cl->error));
		text_clean(code != NULL ? code : "", cl->code, sizeof(cl->code));
		json_decref(whole);
		return CLIENT_REFUSED;
	}
	*answer = json_incref(body);
	json_decref(whole);
	return CLIENT_OK;
}

enum client_result
client_ask(struct client *cl, const char *question, json_t **answer)
{
	size_t len = strlen(question);
	json_error_t wrong;
	json_t *whole;
	ssize_t n;

	*answer = NULL;
	if (cl->fd < 0)
		return lost(cl, "not connected");
	if (len > CLIENT_QUESTION_MAX) {
		snprintf(cl->error, sizeof(cl->error), "longer than %d bytes", CLIENT_QUESTION_MAX);
		return CLIENT_REFUSED;
	}
	if (send(cl->fd, question, len, MSG_NOSIGNAL) < 0)
		return lost(cl, "the connection ended: %s", strerror(errno));
	n = receive(cl, cl->answer, cl->room);
	if (n < 0)
		return CLIENT_LOST;
	whole = json_loadb(cl->answer, (size_t)n, JSON_REJECT_DUPLICATES, &wrong);
	if (whole == NULL)
		return lost(cl, "%.*s: an answer of %zd bytes that is not JSON: %s", 200, question,
			n, wrong.text);
	return take(cl, question, whole, answer);
}
