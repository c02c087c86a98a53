/** `<os>/<arch>` of this host in the words of native nodes, for the records of controllers (`docs/protocol/vl2.md` §7.1). */
export const systemName = (platform: string = process.platform, arch: string = process.arch): string =>
  `${SYSTEMS.get(platform) ?? UNKNOWN}/${ARCHITECTURES.get(arch) ?? UNKNOWN}`

const UNKNOWN = 'unknown'
const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['aix', 'aix'],
  ['android', 'android'],
  ['darwin', 'macos'],
  ['freebsd', 'bsd'],
  ['linux', 'linux'],
  ['netbsd', 'bsd'],
  ['openbsd', 'bsd'],
  ['sunos', 'solaris'],
  ['win32', 'windows'],
])
const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ['arm', 'arm'],
  ['arm64', 'arm64'],
  ['ia32', 'x86'],
  ['loong64', 'loongarch'],
  ['mips', 'mips'],
  ['mipsel', 'mips'],
  ['ppc', 'powerpc'],
  ['ppc64', 'powerpc'],
  ['riscv64', 'riscv'],
  ['s390', 's390'],
  ['s390x', 's390'],
  ['x64', 'x86_64'],
])
