/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TIDEGATE_CTL_H
#define TIDEGATE_CTL_H
/**
 * @file
 * tidegatectl: what its commands share. One thread, no signals but SIGINT, nothing global but what
 * getopt keeps.
 *
 * A command is a row of ctl_commands[] (commands.c). Its run function reads options with
 * ctl_getopt(), asks the daemon with ctl_ask() or ctl_rows(), prints, and returns an exit status.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "client.h"

/** Exit statuses of every command. */
enum ctl_status {
	CTL_OK = 0,
	CTL_NO = 1,          /**< the daemon refused, or something was found */
	CTL_USAGE = 2,       /**< wrong use: usage went to stderr */
	CTL_UNREACHABLE = 3, /**< no daemon, no answer in time, or none that can be read */
};

struct ctl_command;

/** One run of tidegatectl. */
struct ctl {
	const struct ctl_command *command;
	const char *prefix;   /**< --file-prefix of the daemon's EAL */
	const char *socket;   /**< path given by --socket, or NULL: found by the prefix */
	bool json;            /**< --json */
	bool muted;           /**< ctl_error() says nothing: the terminal is a picture now */
	unsigned timeout_ms;  /**< longest wait for one answer */
	bool timeout_given;   /**< by --timeout */
	struct client client; /**< opened by the first question */
};

/** One command. All texts are static. */
struct ctl_command {
	const char *name;
	const char *synopsis; /**< what follows the name: "[-z] [PATTERN...]" */
	const char *summary;  /**< one line, no full stop: for the list of commands */
	const char *help;     /**< whole lines: options, one a line as "  -z, --zeros   text", and
				   whatever else has to be known */
	const char *words;    /**< what its first word can be, for completion: "add del"; or NULL */
	/** Runs it; argv[0] is the command's name. @return enum ctl_status */
	int (*run)(struct ctl *c, int argc, char *argv[]);
};

/** All commands; NULL ends them. */
extern const struct ctl_command *const ctl_commands[];

/** A command by its name, NULL when there is none. */
const struct ctl_command *ctl_find(const char *name);

/** The part of every command's help that is the same. */
extern const char ctl_common_help[];

/**
 * The next option of a command, as getopt_long() gives it; options that every command has are taken
 * here. Options and other words may be mixed. When it returns -1, argv[optind...] are the words.
 *
 * @param shorts  as for getopt(), without leading characters; may be ""
 * @param longs   ends with a row of zeros; values other than short options begin at 1000
 * @return an option; -1 at the end; '?' for wrong use, which has been said: return CTL_USAGE
 */
int ctl_getopt(
	struct ctl *c, int argc, char *argv[], const char *shorts, const struct option longs[]);

/**
 * Options of a command that has none of its own. Words are the caller's to look at.
 *
 * @return CTL_OK; CTL_USAGE for wrong use, which has been said
 */
int ctl_no_options(struct ctl *c, int argc, char *argv[]);

/** No word may be left behind the options. @return CTL_OK; CTL_USAGE for wrong use, which has been
 * said */
int ctl_no_words(const struct ctl *c, int argc, char *argv[]);

/** Says what is wrong with the command line, and the usage. @return CTL_USAGE */
int ctl_wrong(const struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Says on stderr what went wrong otherwise; control characters in it are not passed on. */
void ctl_error(const struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Prints a command's whole help on stdout. */
void ctl_help(const struct ctl_command *cmd);

/**
 * Asks the daemon; what goes wrong has been said on stderr.
 *
 * @param command  "/tidegate/usage" or with parameters "/tidegate/usage,0"
 * @param answer   what stands under the command's name, the caller's to json_decref(); NULL unless
 *                 CTL_OK
 * @return CTL_OK; CTL_NO (the daemon answered with an error, or does not know the command);
 *         CTL_UNREACHABLE
 */
int ctl_ask(struct ctl *c, const char *command, json_t **answer);

/**
 * Asks the daemon and shows the answer: with --json as it is, else by `print`, which borrows it.
 *
 * @return as ctl_ask()
 */
int ctl_show(struct ctl *c, const char *command, void (*print)(const json_t *answer));

/**
 * Asks for all pages of a list, and calls `row` for each of its rows.
 *
 * @param command  without parameters
 * @param key      name of the list in the answer
 * @param tail     parameters after the page's ("3": shard 3), or NULL
 * @param row      returns CTL_OK to go on; the row is borrowed
 * @return as ctl_ask(), or what `row` returned
 */
int ctl_rows(struct ctl *c, const char *command, const char *key, const char *tail,
	int (*row)(void *ctx, const json_t *row), void *ctx);

/** Prints a value as --json does: ASCII, one line. Takes the reference. @return CTL_OK */
int ctl_print_json(json_t *value);

#endif
