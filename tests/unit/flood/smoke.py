#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# tidegate-flood as a whole, without namespaces, NIC or hugepages: short runs whose JSON must add up.
# No speed is asserted.
#
#     smoke.py PROGRAM DAEMON

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM, DAEMON = sys.argv[1:3]
DIR = tempfile.TemporaryDirectory()
NUMBERS = itertools.count()


def check(what, holds):
    if not holds:
        sys.exit(f'FAIL: {what}')


def new_json():
    return os.path.join(DIR.name, f'{next(NUMBERS)}.json')


def run(*words, status=0, env=None):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120, env=env)
    check(f'{words}: status {done.returncode}: {done.stderr}', done.returncode == status)
    return done


def runs_of(*words):
    path = new_json()
    run(*words, '--no-huge', '--json', path)
    with open(path, encoding='utf-8') as f:
        out = json.load(f)
    for r in out['runs']:
        add_up(words, r)
    return out['runs'], out


# What must hold of every run.
def add_up(words, r):
    h, c = r.get('honest'), r.get('counters')
    check(f'{words}: seconds', 0 < r['seconds'] < 60)
    check(f'{words}: damaged answers', r['answers_damaged'] == 0)
    if h:
        failed = h['failed_syn'] + h['failed_data'] + h['failed_rst']
        check(f'{words}: clients', h['started'] == h['succeeded'] + failed + h['undecided'])
        check(f'{words}: first bytes', h['first_byte']['count'] ==
              h['succeeded'] + failed + h['skipped'])
        check(f'{words}: wrong frames', h['wrong'] == 0)
        t = h['first_byte']
        check(f'{words}: percentiles', t['p50_us'] <= t['p90_us'] <= t['p99_us'] <= t['max_us'])
    if c:
        drops = sum(v for k, v in c.items() if k.startswith('drop_'))
        check(f'{words}: dispositions', c['received'] ==
              c.get('delivered', 0) + c.get('answered', 0) + c.get('passed', 0) + drops)


# On a machine with other work a run of a second may be over before much was sent, and a client's
# second with it.
def enough(r):
    if r['flood_sent'] >= r['wanted_per_s'] * r['seconds'] / 2:
        return True
    print(f"only {r['flood_sent']} packets were sent: less is checked")
    return False


def direct():
    (r,), _ = runs_of('--self=direct', '-d', '0.5', '-r', '20k', '-H', '200', '--syncookies', 'always')
    check('direct: every SYN is answered', r['synacks'] >= r['flood_sent'] > 0)
    check('direct: the rate is kept', r['offered_per_s'] <= 20100)
    if enough(r):
        check('direct: all clients', r['honest']['succeeded'] > 0 and r['honest']['percent'] == 100)
        check('direct: cookies', r['counters']['SyncookiesSent'] >= r['flood_sent'])
        check('direct: cycles', all(r['cycles'][s]['median'] > 0 for s in (
            'rx', 'parse', 'lookup', 'prf', 'emit', 'tx', 'total', 'generator', 'loop')))


def mixed_ipv6_vlan():
    (r,), _ = runs_of('--self=direct', '-d', '0.5', '-r', '20k', '-H', '200', '-6', '--vlan', '7',
                      '-f', 'syn:2,ack,rst,bad', '-o', 'mixed', '--style', 'server')
    if enough(r):
        check('mixed: all clients', r['honest']['succeeded'] > 0 and r['honest']['percent'] == 100)
        for name in ('drop_tcp_csum', 'drop_tcp_header', 'drop_ip_header', 'drop_syn_flags',
                     'drop_sport_zero', 'drop_no_flags', 'drop_stray_rst'):
            check(f'mixed: {name}', r['drops'].get(name, 0) > 0)
        check('mixed: stray ACKs get RSTs', r['rsts'] > 0)


def ring():
    (r,), _ = runs_of('--self', '-d', '1', '-r', '4k', '-H', '100')
    if enough(r):
        check('ring: clients are served', r['honest']['succeeded'] > 0)
        check('ring: SYNs are answered', r['synacks'] > 0)


def sweep():
    runs, out = runs_of('--self=direct', '-d', '0.2', '--sweep', '1k,4k', '--repeat', '2', '-H', '0')
    check('sweep: runs', len(runs) == 4 and len(out['points']) == 2)
    check('sweep: medians', all(p['median_of'] == 2 for p in out['points']))


def plot():
    picture = os.path.join(DIR.name, 'curve.svg')
    words = ['--self=direct', '--no-huge', '-d', '0.2', '--sweep', '1k,4k', '--plot', picture]
    if shutil.which('gnuplot'):
        run(*words)
        with open(picture, encoding='utf-8') as f:
            check('plot: a picture', '<svg' in f.read())
    else:
        print('plot: gnuplot is not installed')
    done = run(*words, status=1, env={**os.environ, 'PATH': '/nowhere'})
    check('plot: says what is missing', 'gnuplot is not installed' in done.stderr)
    check('plot: the rest is there', 'tidegate' in done.stdout)


def memif():
    runs, out = runs_of('--memif', '-d', '1', '-r', '4k', '-H', '100', '--against', 'responder',
                        '--tidegate', DAEMON)
    check('memif: contenders', [r['contender'] for r in runs] == ['tidegate', 'responder'])
    if enough(runs[0]):
        check('memif: SYNs are answered', runs[0]['synacks'] > 0)
        check('memif: the daemon counts', runs[0]['counters']['received'] > 0)
        check('memif: clients are served', runs[0]['honest']['succeeded'] > 0)
    if enough(runs[1]):
        check('memif: the responder answers', runs[1]['synacks'] > 0)
        check('memif: ratio', out['points'][0]['synacks_ratio_to_responder'] >= 0)


def wrong_use():
    for words in ([], ['--self', '--rate', 'fast'], ['--port', '0000:00:1f.7']):
        done = run(*words, status=2)
        check(f'{words}: says how', '--help' in done.stderr and done.stdout == '')
    done = run('--help')
    check('help', '--i-own-this-network' in done.stdout)


# True once the program has its own handler for SIGINT.
def catches_sigint(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        caught = next(int(line.split()[1], 16) for line in f if line.startswith('SigCgt'))
    return caught >> (signal.SIGINT - 1) & 1


def interrupted():
    with subprocess.Popen([PROGRAM, '--self=direct', '--no-huge', '-d', '60', '-r', '1k', '-q',
                           '--json', new_json()], stdout=subprocess.DEVNULL) as p:
        while p.poll() is None and not catches_sigint(p.pid):
            time.sleep(0.01)
        p.send_signal(signal.SIGINT)
        check('interrupted: status', p.wait(timeout=50) == 0)


direct()
mixed_ipv6_vlan()
ring()
sweep()
plot()
memif()
wrong_use()
interrupted()
