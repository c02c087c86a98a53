/** Programs in Python for what Node has no call for. They run on the kernel's side and print what they found. */

/** What the kernel says was agreed on: timestamps 1, SACK 2, window scaling 4. */
export const AGREED = `import socket
s = socket.socket()
s.connect(('10.77.0.2', 9))
print(s.getsockopt(6, 11, 104)[5])`

/**
 * A megabyte echoed by each of the ports 1000 to 1014; to port 1000 + n with a window that the kernel scales by 14 − n.
 * Prints for each what the kernel scales the other side's windows by, its own, and whether the bytes were the same.
 */
export const SCALES = `import socket, threading
for n in range(15):
    s = socket.socket()
    s.setsockopt(6, 10, 1 << (15 + 14 - n))
    s.connect(('10.77.0.2', 1000 + n))
    sent = bytes(range(256)) * 4096
    got = []
    def send():
        s.sendall(sent)
        s.shutdown(1)
    t = threading.Thread(target=send)
    t.start()
    while True:
        b = s.recv(65536)
        if not b: break
        got.append(b)
    t.join()
    scales = s.getsockopt(6, 11, 104)[6]
    print(scales & 15, scales >> 4, b''.join(got) == sent)
    s.close()`

/** The median of the times, in µs, in which 64 bytes come back: 5000 of them after as many to warm up. */
export const roundTrips = (host: string, port: number): string => `import socket, time
s = socket.socket()
s.setsockopt(6, 1, 1)
s.connect(('${host}', ${port}))
question = bytes(64)
times = []
for n in range(10000):
    began = time.perf_counter()
    s.sendall(question)
    left = 64
    while left > 0: left -= len(s.recv(left))
    times.append(time.perf_counter() - began)
print(sorted(times[5000:])[2500] * 1e6)`

/** A probe for an address as one sends it before taking it (RFC 5227); prints who answered within a second. */
export const arpProbe = (target: string): string => `import socket, struct, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
s.bind(('vx0', 0))
own = s.getsockname()[4]
target = socket.inet_aton('${target}')
s.send(b'\\xff' * 6 + own + b'\\x08\\x06' + struct.pack('!HHBBH', 1, 0x0800, 6, 4, 1) + own + bytes(4) + bytes(6) + target)
s.settimeout(1)
found = []
try:
    while True:
        b = s.recv(100)
        if b[6:12] != own and b[20:22] == b'\\x00\\x02' and b[28:32] == target: found.append(b[22:28].hex(':'))
except TimeoutError: pass
print(' '.join(found))`
