/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asks DPDK's telemetry socket one question and prints the answer, a line of JSON: where there is
 * no Python to run dpdk-telemetry.py with.
 *
 *     ask SOCKET COMMAND          ask /var/run/dpdk/rte/dpdk_telemetry.v2 /tidegate/counters,0
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	const struct timeval patience = {.tv_sec = 30};
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	static char text[1 << 18]; /* the greeting names the largest answer, 16 KiB in DPDK 22.11 */
	ssize_t n;
	int fd;

	if (argc != 3 || strlen(argv[1]) >= sizeof(at.sun_path)) {
		fprintf(stderr, "usage: ask SOCKET COMMAND\n");
		return 2;
	}
	strcpy(at.sun_path, argv[1]);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
		connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		recv(fd, text, sizeof(text), 0) <= 0 || /* the greeting */
		send(fd, argv[2], strlen(argv[2]), 0) < 0 ||
		(n = recv(fd, text, sizeof(text), 0)) <= 0) {
		perror("ask");
		return 1;
	}
	printf("%.*s\n", (int)n, text);
	close(fd);
	return 0;
}
