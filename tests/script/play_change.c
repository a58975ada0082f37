/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lines that change what runs: settings of engine and listeners, keys.
 */
#include <string.h>

#include "die.h"
#include "player.h"

/* change KEY=N... [= RESULT]: tg_engine_reconfigure() */
void
play_change(struct player *p, struct client *c, const struct line *l)
{
	struct tg_engine_config cfg = p->rig.cfg;
	unsigned argc;
	int want = result_of(l, &argc), rc;

	(void)c;
	for (unsigned i = 0; i < argc; i++)
		if (!player_engine_key(&cfg, l->argv[i]))
			die("%s is no setting of an engine", l->argv[i]);
	rc = tg_engine_reconfigure(p->rig.e, &cfg);
	if (rc != want)
		die("expected: %s\n  got:      = %s", l->text, result_name(rc));
	if (rc == 0)
		p->rig.cfg = cfg;
	p->rig.shrunk = true;
	rig_turn(&p->rig);
}

/* relisten [NAME] KEY=N... [= RESULT]: tg_listener_reconfigure() */
void
play_relisten(struct player *p, struct client *c, const struct line *l)
{
	struct tg_listener_config cfg;
	struct named_listener *n;
	unsigned argc, i = 0;
	int want = result_of(l, &argc), rc;

	(void)c;
	n = player_listener(p, argc > 0 && strchr(l->argv[0], '=') == NULL ? l->argv[i++] : "");
	cfg = n->cfg;
	for (; i < argc; i++)
		if (!player_listener_key(&cfg, l->argv[i]))
			die("%s is no setting of a listener", l->argv[i]);
	rc = tg_listener_reconfigure(p->rig.e, n->l, &cfg);
	if (rc != want)
		die("expected: %s\n  got:      = %s", l->text, result_name(rc));
	if (rc == 0)
		n->cfg = cfg;
	p->rig.shrunk = true;
	rig_turn(&p->rig);
}

/* rotate HEX: a new Fast Open key; rotate seed=N: a new cookie secret */
void
play_rotate(struct player *p, struct client *c, const struct line *l)
{
	const char *seed = l->argc == 1 ? word_value(l->argv[0], "seed") : NULL;
	uint8_t key[32];

	(void)c;
	if (seed != NULL) {
		memset(key, (int)word_number(seed, 0, 255), sizeof(key));
		tg_engine_rotate(p->rig.e, key);
		return;
	}
	if (l->argc != 1 || word_hex(l->argv[0], key, 16) != 16)
		die("rotate KEY, 16 bytes in hex, or rotate seed=N");
	tg_engine_rotate_fastopen(p->rig.e, key);
}
