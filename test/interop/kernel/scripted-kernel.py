"""The kernel's stack as scripts of the conformance cases drive it: one line of JSON asks, one answers.

Socket calls are made in the namespace of the first argument; frames come and go by VXLAN in that of the second.
"""
import ctypes, errno, json, os, select, socket, struct, sys, time

ours, theirs, asking, answering = sys.argv[1:5]


def enter(name):
    with open('/var/run/netns/' + name) as f:
        ctypes.CDLL(None).setns(f.fileno(), 0x40000000)


enter(theirs)
wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
wire.bind(('10.9.0.2', 4789))
enter(ours)
sockets, listeners, connecting, news, frames = {}, {}, set(), [], []


def tell(id, tag, **more):
    news.append({'id': id, '_tag': tag, **more})


def fail(id, error):
    tell(id, 'Failed', code=errno.errorcode.get(error, str(error)))
    sockets.pop(id).close()


def ready(id):
    s = sockets.get(id)
    if id in listeners:
        while True:
            try:
                other, who = s.accept()
            except BlockingIOError:
                return
            other.setblocking(False)
            new = listeners[id].pop(0)
            sockets[new] = other
            tell(new, 'Accepted', listener=id, port=who[1])
            ready(new)
    elif id in connecting:
        return
    elif s is not None:
        try:
            while data := s.recv(1 << 20):
                tell(id, 'Data', data=data.hex())
            if id not in ended:
                ended.add(id)
                tell(id, 'Ended')
        except BlockingIOError:
            pass
        except OSError as e:
            fail(id, e.errno)


ended = set()


def run(until):
    while not (frames or news):
        left = max(0, until - time.monotonic())
        read = {s: id for id, s in sockets.items() if id not in ended and id not in connecting}
        write = {sockets[id]: id for id in connecting}
        got, able, _ = select.select([wire, *read], list(write), [], left)
        for s in got:
            if s is wire:
                frames.append(wire.recv(65536)[8:].hex())
            else:
                ready(read[s])
        for s in able:
            id = write[s]
            connecting.discard(id)
            error = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                fail(id, error)
            else:
                tell(id, 'Opened', port=s.getsockname()[1])
        if left == 0:
            return


def call(c):
    id, what = c['id'], c['call']
    family = socket.AF_INET6 if ':' in c.get('to', '') or c.get('family') == 6 else socket.AF_INET
    if what in ('listen', 'connect'):
        s = sockets[id] = socket.socket(family)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setblocking(False)
    s = sockets.get(id)
    if what == 'listen':
        listeners[id] = c['ids']
        s.bind(('', c['port']))
        s.listen(c['backlog'])
    elif what == 'connect':
        if c.get('from'):
            s.bind(('', c['from']))
        connecting.add(id)
        s.connect_ex((c['to'], c['port']))
    elif s is None:
        return
    elif what == 'write':
        try:
            tell(id, 'Wrote', bytes=s.send(bytes.fromhex(c['data'])))
        except OSError as e:
            tell(id, 'SoftError', code=errno.errorcode[e.errno])
    elif what == 'shutdown':
        s.shutdown(1)
    elif what in ('close', 'abort'):
        if what == 'abort' or c.get('linger') == 0:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        connecting.discard(id)
        listeners.pop(id, None)
        sockets.pop(id).close()


with open(asking) as questions, open(answering, 'w') as answers:
    zero = time.monotonic()
    for line in questions:
        q = json.loads(line)
        if q['do'] == 'send':
            for frame in q['frames']:
                wire.sendto(bytes.fromhex('0800000000002a00' + frame), ('10.9.0.1', 4789))
        elif q['do'] == 'call':
            call(q['c'])
        elif q['do'] == 'zero':
            zero = time.monotonic()
        else:
            run(zero + q['until'] / 1000)
        print(json.dumps({'now': (time.monotonic() - zero) * 1000, 'frames': frames, 'news': news}), file=answers, flush=True)
        frames.clear()
        news.clear()
