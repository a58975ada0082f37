#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""tidegatectl against a server that plays recorded answers, and hostile ones.

    fake_server.py TIDEGATECTL
"""
import fcntl
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

PROGRAM = os.path.abspath(sys.argv[1])
DIR = tempfile.TemporaryDirectory()
PATH = os.path.join(DIR.name, 'dpdk_telemetry.v2')
GREETING = {'version': 'DPDK 22.11.11', 'pid': os.getpid(), 'max_output_len': 16384}
ESCAPES = '\x1b[2J\x1b]0;owned\x07\u009b31m'

LISTENER = {
    'local': '0.0.0.0:80', 'state': 'LISTEN', 'dual_stack': 0, 'recv_q': 3, 'send_q': 4,
    'syn_queue': 2, 'syn_young': 1, 'syn_acked': 0, 'syn_bound': 8, 'passive_opens': 7,
    'overflows': 1, 'drops': 2, 'cookies_sent': 5, 'cookies_recv': 4, 'cookies_failed': 3,
    'cookies_on': 1, 'defer_accept': 0, 'defer_mode': 'off', 'fastopen': 'off'}
CONN = {
    'state': 'ESTAB', 'local': '192.0.2.1:80', 'peer': '198.51.100.7:4711', 'shard': 0,
    'recv_q': 10, 'send_q': 20, 'accepted': 1, 'cookie': 1, 'retries': 0, 'mss': 1448,
    'timestamps': 1, 'sack': 1, 'srtt_us': 1500, 'rto_ms': 201}
SHARD = {
    'shard': 0, 'lcore': 1, 'cpu': 1, 'turns': 5, 'rx': 100, 'tx': 50, 'rx_foreign': 0,
    'tx_dropped': 0, 'busy_cycles': 10, 'idle_cycles': 90, 'tsc_hz': 10**9, 'turn_age_ms': 0}
PORT = {
    'port': 0, 'name': 'net_ring0', 'driver': 'net_ring', 'mac': '02:00:00:00:00:01', 'link': 'up',
    'speed_mbps': 10000, 'mtu': 1500, 'queues': 2, 'rx_checksum': 'software',
    'tx_checksum': 'software', 'ipackets': 100, 'imissed': 0, 'queue_rx': [60, 40]}


def rows(name, *some):
    return {name: {str(i): r for i, r in enumerate(some)}}


RECORDED = {
    '/tidegate/counters': {'shards': 1, 'received': 100, 'delivered': 60, 'answered': 30,
                           'passed': 0, 'drop_tcp_csum': 10, 'InSegs': 100, 'PassiveOpens': 20},
    '/tidegate/usage': {'conns': 5, 'max_conns': 10, 'half_open': 1, 'max_half_open': 4},
    '/tidegate/listeners': rows('listeners', LISTENER,
                                dict(LISTENER, local='[::]:7', dual_stack=1, recv_q=0)),
    '/tidegate/conns': rows('conns', CONN, dict(CONN, state='TIME-WAIT', peer='[2001:db8::7]:9',
                                                local='[2001:db8::1]:80'),
                            dict(CONN, state='SYN-RECV', peer='198.51.100.8:4712')),
    '/tidegate/shards': {'shards': [SHARD]},
    '/tidegate/ports': {'ports': [PORT]},
    '/tidegate/info': {'version': '0.1.0', 'pid': 1, 'config': '/etc/x.yaml', 'uptime_s': 90061,
                       'state': 'ready', 'generation': 1, 'flood': 0, 'log_level': 'info'},
    '/tidegate/set': {'ok': 1, 'applied': 'engine.syncookies: 1 -> 2'},
    '/tidegate/listen_add': {'ok': 1, 'applied': 'listener added'},
    '/tidegate/listen_del': {'ok': 1, 'applied': 'listener closed'},
    '/tidegate/cookie_rotate': {'ok': 1, 'applied': 'new secret'},
    '/tidegate/reload': {'error': 'x.yaml:3: shards: needs a restart', 'code': 'config'},
}


class Server:
    """Answers from a table; what is bytes goes out as it is. Remembers the questions."""

    def __init__(self, answers, greeting=GREETING):
        self.answers, self.greeting, self.asked = answers, greeting, []
        if os.path.exists(PATH):
            os.unlink(PATH)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.bind(PATH)
        self.sock.listen(8)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        try:
            if self.greeting is None:
                conn.recv(1)  # says nothing
                return
            conn.send(self.greeting if isinstance(self.greeting, bytes)
                      else json.dumps(self.greeting).encode())
            while True:
                question = conn.recv(2048).decode()
                if not question:
                    break
                self.asked.append(question)
                if not self.answer(conn, question):
                    break
        except OSError:
            pass  # the program has had enough
        finally:
            conn.close()

    def answer(self, conn, question):
        command = question.split(',')[0]
        if callable(self.answers):
            said = self.answers(question)
        else:
            said = {command: self.answers.get(question, self.answers.get(command))}
        if said is None:
            return False
        conn.send(said if isinstance(said, bytes) else json.dumps(said).encode())
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # before its number is another socket's, the thread must have left accept()
        self.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.sock.close()


def check(what, holds):
    if not holds:
        sys.exit(f'FAIL: {what}')


def run(*words, status=0, env=None):
    done = subprocess.run([PROGRAM, *words], capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, XDG_RUNTIME_DIR=DIR.name, LC_ALL='C', **(env or {})))
    out, err = done.stdout.decode(), done.stderr.decode()
    check(f'{words}: status {done.returncode}, not {status}: {out}{err}',
          done.returncode in (status if isinstance(status, tuple) else (status,)))
    for text in (out, err):
        check(f'{words}: control characters reach the terminal: {text!r}',
              all(c in '\n\t' or ' ' <= c < '\x7f' or c > '\x9f' for c in text))
    return out, err


def ask(*words, status=0):
    return run('--socket', PATH, *words, status=status)


COMMANDS = run('--commands')[0].split()


def helps():
    out, _ = run('--help')
    for command in COMMANDS:
        check(f'{command} in --help', f'  {command} ' in out)
        text, _ = run(command, '--help')
        check(f'{command} --help: usage', text.startswith(f'usage: tidegatectl {command}'))
        check(f'{command} --help: exit status', 'Exit status: 0' in text)
        check(f'{command} -h', run(command, '-h')[0] == text)
    check('--version', run('--version')[0].startswith('tidegatectl '))


# Over the table of commands: whatever is wrong, usage is on stderr, nothing on stdout, the status is 2.
def wrong_use():
    always = [('--no-such-option',), ('-Q',), ('--json=x',), ('--file-prefix',), ('-f', ''),
              ('-f', 'a/b'), ('--timeout', 'soon'), ('--timeout', '0'), ('--timeout',), ('--socket',)]
    special = {
        'ss': [('state', 'open'), ('sport', 'http'), ('nonsense',), ('(', 'sport', '1')],
        'nstat': [('-d', 'x'), ('-d', '0'), ('--interval',), ('--count', '0'), ('--count', '3')],
        'drops': [('x',), ('-d', '-1'), ('-n', '0'), ('-n', '3')],
        'top': [('x',), ('-d', '0.01'), ('-n', 'x'), ()],  # the last: no terminal here
        'capture': [(), ('-w',), ('-w', 'f', 'x'), ('-w', 'f', '-d', 'nonsense'), ('-w', 'f', '-d', ''),
                    ('-w', 'f', '-c', '0'), ('-w', 'f', '-s', '13'), ('-w', 'f', '-t', '3601'),
                    ('-w', '-', '--json')],
        'usage': [('x',), ('-c', 'x')], 'info': [('x',)], 'ports': [('x',)],
        'shards': [('x',), ('-d', 'x')], 'diagnose': [('x',), ('-d', '0.1')],
        'listen': [(), ('open',), ('add',), ('add', '192.0.2.1:80'), ('add', 'x', 'echo'),
                   ('add', '192.0.2.1:80', 'echo', 'backlog'), ('del',), ('del', 'x'),
                   ('del', '192.0.2.1:80', 'more')],
        'set': [(), ('x',), ('a', 'b=c'), ('192.0.2.1:80', 'x'), ('a=b', 'c=d', 'e=f')],
        'cookie': [(), ('eat',), ('rotate', 'x')], 'reload': [('x',)],
        'drain': [('x',), ('--wait', 'x'), ('--wait',)],
    }
    check(f'commands of the table: {set(COMMANDS) ^ set(special)}', set(COMMANDS) == set(special))
    with Server(RECORDED) as server:
        for command in COMMANDS:
            for words in always + special.get(command, []):
                out, err = ask(command, *words, status=2)
                check(f'{command} {words}: stdout {out!r}', out == '')
                check(f'{command} {words}: {err!r}', f'usage: tidegatectl {command}' in err)
        check(f'wrong use reached the daemon: {server.asked}', server.asked == [])
    for words in ((), ('no-such-command',), ('--no-such-option',), ('-f',)):
        out, err = run(*words, status=2)
        check(f'{words}: {err!r}', out == '' and 'usage: tidegatectl' in err)


def recorded():
    with Server(RECORDED) as server:
        out, _ = ask('ss', '-lnt')
        check(f'ss -l: {out}', out.splitlines()[1].split() == [
            'LISTEN', '3', '4', '2', '1', '0', '8', 'on', '0.0.0.0:80'] and '*:7' in out)
        out, _ = ask('ss', '-nt')
        check(f'ss: {out}', out.count('\n') == 2 and 'ESTAB' in out and '198.51.100.7:4711' in out)
        check('ss -a', ask('ss', '-a')[0].count('\n') == 8)
        check('ss -c', ask('ss', '-lc')[0].splitlines()[1].split()[-1] == '0')
        out, _ = ask('ss', '-nti', 'dport', '=', ':4711')
        check(f'ss -i: {out}', 'rto:201 rtt:1.500' in out and ' ts sack cookie' in out)
        check('ss: IPv6', 'TIME-WAIT' in ask('ss', 'state', 'time-wait', 'dst', '2001:db8::/32')[0])
        check('ss: nothing', ask('ss', 'sport', '81')[0].count('\n') == 1)
        out = json.loads(ask('ss', '-a', '--json')[0])
        check(f'ss --json: {out}', out['listeners'][0] == LISTENER and out['connections'][0] == CONN)
        out, _ = ask('drops')
        check(f'drops: {out}', '10  10.00%  drop_tcp_csum  TCP checksum wrong' in out)
        out = json.loads(ask('drops', '-d', '0.05', '-z', '--json')[0])
        check(f'drops --json: {out}', out['received'] == 0 and len(out['drops']) > 30)
        check('usage', '50.0%' in ask('usage')[0])
        check('info', 'up for         1d 01:01:01' in ask('info')[0])
        check('shards', ask('shards', '-d', '0.01')[0].splitlines()[1].split()[0] == '0')
        check('ports', 'packets of each: 60 40' in ask('ports')[0])
        for command in ('usage', 'info', 'shards', 'ports'):
            check(command, json.loads(ask(command, '--json')[0]) == RECORDED['/tidegate/' + command])
        out, _ = ask('top', '-b', '-n', '2', '-d', '0.1')
        check(f'top: {out}', out.count('SYN/s') == 2 and '0.0.0.0:80' in out)
        out, _ = ask('top', '-n', '1', '-d', '0.1', '--json')
        check(f'top --json: {out}', json.loads(out)['rates']['received_per_s'] == 0)
        check('diagnose', 'worker_stalled' in ask('diagnose', '-d', '0.5', status=1)[0])
        check('set', 'syncookies: 1 -> 2' in ask('set', 'engine.syncookies=2')[0])
        check('asked', server.asked[-1] == '/tidegate/set,engine.syncookies=2')
        ask('set', '[2001:db8::1]:80', 'backlog=5')
        check('asked', server.asked[-1] == '/tidegate/set,[2001:db8::1]:80 backlog=5')
        ask('listen', 'add', '192.0.2.1:81', 'echo', 'backlog=9')
        check(server.asked[-1], server.asked[-1] == '/tidegate/listen_add,'
              '{address: "192.0.2.1", port: 81, service: "echo", backlog: "9"}')
        ask('listen', 'del', '192.0.2.1:81')
        check('asked', server.asked[-1] == '/tidegate/listen_del,192.0.2.1:81')
        ask('cookie', 'rotate')
        check('refused', 'needs a restart' in ask('reload', status=1)[1])
        out, err = ask('reload', '--json', status=1)
        check('refused, JSON', json.loads(out)['code'] == 'config')
        check('not there', 'does not have it' in ask('drain', status=1)[1])


def deltas():
    counters = dict(RECORDED['/tidegate/counters'])
    table = dict(RECORDED, **{'/tidegate/counters': counters})
    with Server(table):
        check('first', 'PassiveOpens                              20' in ask('nstat')[0])
        check('nothing new', ask('nstat')[0].count('\n') == 1)
        counters.update(PassiveOpens=25, InSegs=200)
        out, _ = ask('nstat', '-s', 'passive*')
        check(f'delta: {out}', out.count('\n') == 2 and ' 5 ' in out)
        out = json.loads(ask('nstat', '--json')[0])
        check(f'-s keeps: {out}', out['counters'] == {'PassiveOpens': 5, 'InSegs': 100})
        check('-a', ' 25' in ask('nstat', '-a', 'PassiveOpens')[0])
        check('-z', 'drop_tcp_csum' in ask('nstat', '-z')[0])
        check('-n', ask('nstat', '-n')[0] == '')
        check('-r', ' 25' in ask('nstat', '-r', 'PassiveOpens')[0])
        counters.update(PassiveOpens=3)  # counts that went back are of a new daemon
        check('restart', '  3 ' in ask('nstat', 'PassiveOpens')[0])
        out, _ = ask('nstat', '-d', '0.1', '--count', '1', '-z', '--explain', 'PassiveOpens')
        check(f'-d: {out}', 'connections completed from a handshake' in out)


def pages():
    def answer(question):
        command, _, param = question.partition(',')
        if command != '/tidegate/conns':
            return {command: RECORDED.get(command)}
        at = int(param or 0)
        page = rows('conns', *(dict(CONN, peer=f'198.51.100.7:{at + i}') for i in range(1, 11)))
        if at < 90:
            page['next'] = at + 10
        return {command: page}
    with Server(answer):
        check('ten pages', ask('ss')[0].count('ESTAB') == 100)
    with Server(lambda q: {'/tidegate/conns': dict(rows('conns', CONN), next=5)}):
        check('a circle', 'circle' in ask('ss', status=3)[1])


# DPDK 22.11 has no room for more than 127 bytes in one value.
def long_texts():
    said = {'error': 'a' * 127, 'error_2': 'b' * 127, 'error_3': 'c', 'error_5': 'd', 'code': 'config'}
    with Server(lambda q: {q.split(',')[0]: said}):
        whole = 'a' * 127 + 'b' * 127 + 'c'
        check('joined', whole + '\n' in ask('reload', status=1)[1])
        check('joined, JSON', json.loads(ask('reload', '--json', status=1)[0])['error'] == whole)
    # the daemon's longest, with all keys that need a restart
    parts = {'error' + (f'_{i}' if i > 1 else ''): chr(64 + i) * 127 for i in range(1, 13)}
    with Server(lambda q: {q.split(',')[0]: dict(parts, code='refused')}):
        check('whole', ''.join(parts.values()) + '\n' in ask('reload', status=1)[1])
        check('whole, JSON', json.loads(ask('reload', '--json', status=1)[0])['error'] == ''.join(parts.values()))
    parts = {k.replace('error', 'applied'): v for k, v in parts.items()}
    with Server(lambda q: {q.split(',')[0]: dict(parts, ok=1)}):
        check('whole, applied', ask('reload')[0] == ''.join(parts.values()) + '\n')
    with Server({'/tidegate/info': {'config': '/a/', 'config_2': 'b', 'x_2': 'y', 'pid': 1, 'pid_2': 'z'}}):
        out = json.loads(ask('info', '--json')[0])
        check(f'info: {out}', out == {'config': '/a/b', 'x_2': 'y', 'pid': 1, 'pid_2': 'z'})


# Nothing that a server says may crash the program, hang it, or reach the terminal.
def hostile():
    looks = [('ss', '-lnti'), ('ss', '-ai'), ('ss', '-lc'), ('nstat', '-a'), ('drops',), ('usage',),
             ('info',), ('shards', '-d', '0.01'), ('ports',), ('top', '-b', '-n', '1', '-d', '0.1'),
             ('diagnose', '-d', '0.5'), ('ss', '--json'), ('reload',), ('set', 'a=b'),
             ('drain',)]
    whole = json.dumps({'/tidegate/usage': RECORDED['/tidegate/usage']}).encode()
    for said in (b'{', b'[]', b'7', b'\0\0\0', b'\xff\xfe', whole[:-5], b'{"/tidegate/usage": {"a":1e999}}',
                 b'[' * 5000, b'{"/tidegate/usage": {"conns": 99999999999999999999}}'):
        with Server(lambda q, said=said: said):
            for words in looks:
                status = subprocess.run([PROGRAM, '--socket', PATH, *words], capture_output=True,
                                        timeout=30, check=False).returncode
                check(f'{said[:20]} {words}: {status}', status in (1, 3))
    with Server(lambda q: {q.split(',')[0]: None}):
        for words in looks:
            ask(*words, status=1)
    with Server(lambda q: whole + b' ' * 20000):
        check('huge', 'more than' in ask('usage', status=3)[1])
    with Server(lambda q: None):
        check('closed', 'closed the connection' in ask('usage', status=3)[1])
    with Server(lambda q: {'/tidegate/other': {}}):
        ask('usage', status=1)

    def missing(value):
        keys = ('listeners', 'conns', 'shards', 'ports')
        return lambda q: {q.split(',')[0]: {k: value for k in keys}}
    for value in ({}, [], 5, 'x', None, {'0': None}, [[]], {'0': {'local': ESCAPES, 'peer': ESCAPES}},
                  {'0': dict(LISTENER, local='0.0.0.0:80', state=ESCAPES, defer_mode=ESCAPES,
                             fastopen='x' * 2000, link=ESCAPES, name=ESCAPES, mac=[], queue_rx={})}):
        with Server(missing(value)):
            for words in looks:
                ask(*words, status=(0, 1) if words[0] == 'diagnose' else 0)
    error = {'error': 'x' * 9000 + ESCAPES, 'code': ESCAPES}
    with Server(lambda q: {q.split(',')[0]: error}):
        ask('usage', status=1)
        check('error as JSON', json.loads(ask('reload', '--json', status=1)[0])['ok'] == 0)
    with Server(lambda q: {q.split(',')[0]: {'error': ESCAPES}}):
        check('error', '?[2J' in ask('usage', status=1)[1])
    with Server(lambda q: {q.split(',')[0]: {'state': ESCAPES, 'config': ESCAPES, 'applied': ESCAPES}}):
        check('info', '?[2J' in ask('info')[0])
        check('applied', '?[2J' in ask('set', 'a=b')[0])
        json.loads(ask('info', '--json')[0])
    with Server({'/tidegate/counters': {ESCAPES: 5, 'received': 'x', 'PassiveOpens': -5}}):
        check('names', '?[2J' in ask('nstat', '-a')[0])


def unreachable():
    check('nobody', 'no daemon there' in run('--socket', DIR.name + '/none', 'usage', status=3)[1])
    # no headings above nothing
    for args in (['ss'], ['ss', '-l'], ['ss', '-a'], ['shards'], ['ports'], ['nstat', '-a'], ['drops']):
        check(f'{args}', run('--socket', DIR.name + '/none', *args, status=3)[0] == '')
    check('prefix', 'no daemon there' in run('-f', 'tgctl-none', 'usage', status=3)[1])
    run('--socket', '/' + 'x' * 300, 'usage', status=3)
    for greeting in (b'{', b'{}', b'x' * 900, {'max_output_len': -1}, {'max_output_len': 10**12}):
        with Server(RECORDED, greeting):
            check('greeting', "not DPDK's telemetry" in ask('usage', status=3)[1])
    with Server(RECORDED, b'x' * 2000):
        ask('usage', status=3)
    with Server(RECORDED, None):
        check('silence', 'did not answer' in ask('--timeout', '0.2', 'usage', status=3)[1])


def pipes():
    many = rows('conns', *(dict(CONN) for _ in range(30)))

    def endless(question):
        at = int((question.split(',') + ['0'])[1])
        return {'/tidegate/conns': dict(many, next=at + 1)}
    with Server(endless):
        with subprocess.Popen([PROGRAM, '--socket', PATH, 'ss'], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as p:
            p.stdout.readline()
            p.stdout.close()
            check('a reader that leaves ends it', p.wait(30) == -signal.SIGPIPE)
            check('quietly', p.stderr.read() == b'')
    with Server(RECORDED), open('/dev/full', 'w', encoding='ascii') as full:
        check('what cannot be written is no success', subprocess.run(
            [PROGRAM, '--socket', PATH, 'usage'], stdout=full, check=False).returncode == 1)


# Packets come faster than they are fetched: Ctrl-C ends it all the same, and the daemon is told.
def endless_capture():
    said = {'start': {'id': 5}, 'read': '00' * 100, 'status': {'over': 0},
            'stop': {'written': 7, 'missed': 8, 'over': 0}}
    path = DIR.name + '/endless.pcapng'
    with Server(lambda q: {q.split(',')[0]: said[q.split(',')[0].split('_')[1]]}) as server:
        with subprocess.Popen([PROGRAM, '--socket', PATH, 'capture', '-t', '3600', '-w', path],
                              stdout=subprocess.PIPE) as p:
            while not os.path.exists(path) or os.path.getsize(path) == 0:
                time.sleep(0.01)
            p.send_signal(signal.SIGINT)
            try:
                out, _ = p.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                p.kill()
                sys.exit('FAIL: capture: goes on after SIGINT')
        check(f'capture: {p.returncode} {out}', p.returncode == 0 and out.startswith(b'7 packets'))
        check(f'stopped: {server.asked[-1]}', server.asked[-1] == '/tidegate/capture_stop,5')
    os.unlink(path)


def completion():
    def complete(*words):
        return run('--complete', '--', '--socket', PATH, *words)[0].split()
    with Server(RECORDED):
        check('commands', complete('') == COMMANDS)
        check('options', '--listening' in complete('ss', '--') and '--json' in complete('ss', '--'))
        check('listeners', complete('listen', 'del', '0') == ['0.0.0.0:80'])
        check('of set', '[::]:7' in complete('set', ''))
        check('keys', 'engine.syncookies=' in complete('set', 'engine.syn'))
        check('of a listener', complete('set', '0.0.0.0:80', 'backl') == ['backlog='])
        check('services', 'hold' in complete('listen', 'add', ':80', ''))
        check('states', complete('ss', 'state', 'est') == ['established'])
        check('counters', complete('nstat', 'ListenO') == ['ListenOverflows'])
        check('values', complete('ss', '-f', '') == [])
        check('dispositions', complete('capture', '-d', 'synq') == ['synq_full'])
        check('several', complete('capture', '--drops', 'tcp_csum,synq') == ['tcp_csum,synq_full'])
        check('any', complete('capture', '-d', 'an') == ['answered', 'any'])
        check('of capture', '--snaplen' in complete('capture', '--') and complete('capture', '-w', '') == [])
    check('no daemon', complete('listen', 'del', '') == [])


# What bash makes of it: words split at ':' and '=' come back without what stands before.
def in_bash():
    script = os.path.join(os.path.dirname(__file__), '../../../config/completions/tidegatectl')

    def complete(line):
        text = ('compopt() { :; }; . "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _tidegatectl; '
                'printf "%s\\n" "${COMPREPLY[@]}"')
        path = os.path.dirname(PROGRAM) + ':' + os.environ['PATH']
        done = subprocess.run(['bash', '-c', text, '-', script, f'tidegatectl --socket {PATH} {line}'],
                              capture_output=True, text=True, check=True, timeout=30,
                              env=dict(os.environ, PATH=path))
        return done.stdout.split()
    with Server(RECORDED):
        check('a command', complete('diag') == ['diagnose'])
        check('a listener', complete('listen del 0.0.0.0:8') == ['80'])
        check('in brackets', complete('listen del [') == ['[::]:7'])
        check('a key', complete('set engine.syncookies_sta') == ['engine.syncookies_start='])
        check('nothing', complete('reload ') == [])


# top on a terminal of 80x24, made larger while it runs.
def live():
    def size(rows, columns):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def until(text, seconds=20):
        nonlocal said
        end = time.monotonic() + seconds
        while text not in said:
            left = end - time.monotonic()
            check(f'top: no {text} in {said!r}', left > 0)
            if select.select([fd], [], [], left)[0]:
                said += os.read(fd, 65536)
        said = b''

    with Server(RECORDED):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(PROGRAM, [PROGRAM, '--socket', PATH, 'top', '-d', '0.2'],
                      dict(os.environ, TERM='xterm', LC_ALL='C.UTF-8'))
        said = b''
        size(24, 80)
        os.kill(pid, signal.SIGWINCH)
        until(b'0.0.0.0:80')
        os.write(fd, b'p')
        until(b'PAUSED')
        os.write(fd, b's')
        until(b'SynQ')
        size(40, 200)
        os.kill(pid, signal.SIGWINCH)
        until(b'SYN/s')
        os.write(fd, b'q')
        try:
            while os.read(fd, 65536):
                pass
        except OSError:
            pass  # how a terminal ends
        _, status = os.waitpid(pid, 0)
        check(f'top: status {status}', status == 0)


# A terminal that goes away ends it, also where SIGHUP is ignored.
def hang_up():
    with Server(RECORDED):
        pid, fd = pty.fork()
        if pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.execve(PROGRAM, [PROGRAM, '--socket', PATH, 'top'], dict(os.environ, TERM='xterm', LC_ALL='C'))
        said = b''
        while b'0.0.0.0:80' not in said:
            said += os.read(fd, 65536)
        os.close(fd)
        end = time.monotonic() + 20
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                sys.exit('FAIL: top: goes on without a terminal')
            time.sleep(0.05)


for test in (helps, wrong_use, recorded, deltas, pages, long_texts, hostile, unreachable, pipes, endless_capture,
             completion, in_bash, live, hang_up):
    test()
    print('ok', test.__name__)
