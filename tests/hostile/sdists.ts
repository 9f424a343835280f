/** Sdists that nobody should publish, one row each. What is harmless is built, by a backend that lies in the sdist. */
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { harmless, type Made, type Outcome, type Row, refused } from './row.ts'
import { type Entry, long, octal, pax, tar, tarGz } from './tar.ts'
import { type Member, zeros, zip } from './zip.ts'

const BAD = refused('build/bad-sdist')
const PAYLOAD = 'raise SystemExit("the payload")\n'
const BACKEND = readFileSync(new URL('../index/python/tiny_backend.py', import.meta.url), 'utf8')

const row = (
  about: string,
  more: Entry[] | ((at: Made) => Entry[]),
  outcome: Outcome,
  rest: Partial<Row> = {},
): Row => ({
  about: `sdist: ${about}`,
  outcome,
  make: (at) => tarGz([...sound(at), ...(typeof more === 'function' ? more(at) : more)]),
  ...rest,
})
const bytes = (about: string, make: (whole: Entry[], at: Made) => Buffer, outcome: Outcome): Row => ({
  about: `sdist: ${about}`,
  outcome,
  make: (at) => make(sound(at), at),
})
const zipped = (about: string, more: Member[] | ((at: Made) => Member[]), outcome: Outcome): Row => ({
  about: `zip sdist: ${about}`,
  outcome,
  filename: (at) => `${at.stem}.zip`,
  make: (at) => {
    const members = sound(at).map(({ name, data }): Member => ({ name, data: data ?? '' }))
    return zip([...members, ...(typeof more === 'function' ? more(at) : more)])
  },
})
const file = (name: string | Buffer, more: Partial<Entry> = {}): Entry => ({ name, data: PAYLOAD, ...more })
const link = (name: string, target: string): Entry => ({ name, type: '2', link: target, mode: 0o777 })
const hard = (name: string, target: string): Entry => ({ name, type: '1', link: target })
const kind = (type: string) => (at: Made) => [{ name: `${at.stem}/special`, type }]

export const SDISTS: Row[] = [
  row('nothing wrong', [], harmless('the control: it is a right sdist')),

  row('a path above', [file('../evil.py')], BAD),
  row('a path far above', [file(`${'../'.repeat(20)}tmp/evil.py`)], BAD),
  row('a path that goes in and out', (at) => [file(`${at.stem}/../../evil.py`)], BAD),
  row('a directory above', [{ name: '../evil/', type: '5' }], BAD),
  row(
    'an absolute path',
    (at) => [file(`/${at.stem}/src/b.py`)],
    harmless('the slash is cut, as by the data filter of Python', { 'b.py': PAYLOAD }),
  ),
  row('an absolute path of somebody else', (at) => [pax({ path: `${at.outside}/evil.py` }), file('x')], BAD),
  row(
    'backslashes',
    (at) => [file(`${at.stem}\\..\\..\\evil.py`)],
    harmless('a name like another; Windows is not verified'),
  ),
  row('a drive letter', [file('C:/evil.py')], BAD),
  row(
    'a NUL and a way out and in again',
    (at) => [pax({ path: `${at.stem}/src/b.py\0/../../evil.py` }), file('x')],
    harmless('it stays inside once .. is taken out of it'),
  ),
  row('a NUL in a name', (at) => [pax({ path: `${at.stem}/src/b\0.py` }), file('x')], BAD),
  row('. components', (at) => [file(`./${at.stem}/./src/./b.py`)], harmless('they say nothing', { 'b.py': PAYLOAD })),
  row(
    'a name that is no UTF-8',
    (at) => [file(Buffer.concat([Buffer.from(`${at.stem}/`), Buffer.from([255, 254])]))],
    harmless('bytes are a name; the backend leaves it out'),
  ),
  row('a component that is too long', (at) => [long('L', `${at.stem}/${'x'.repeat(300)}`), file('x')], BAD),
  row(
    'a path that is too long',
    (at) => [long('L', `${at.stem}/${`${'x'.repeat(200)}/`.repeat(30)}b`), file('x')],
    BAD,
  ),

  row('a link out of it', (at) => [link(`${at.stem}/link`, '../../..')], BAD),
  row('a link to an absolute path', (at) => [link(`${at.stem}/link`, '/etc/passwd')], BAD),
  row(
    'a link to a place inside',
    (at) => [link(`${at.stem}/src/b.py`, '../pyproject.toml')],
    harmless('it stays inside', { 'b.py': null }),
  ),
  row('a link and a file behind it', (at) => [link(`${at.stem}/d`, '../..'), file(`${at.stem}/d/evil.py`)], BAD),
  row(
    'a link to inside and a file behind it',
    (at) => [link(`${at.stem}/d`, 'src'), file(`${at.stem}/d/evil.py`)],
    BAD,
  ),
  row(
    'a chain of links that leads out',
    (at) => [link(`${at.stem}/a`, 'src'), link(`${at.stem}/src/b`, '..'), link(`${at.stem}/c`, 'a/b/../../..')],
    BAD,
  ),
  row(
    'a chain whose parts stay inside',
    (at) => [
      { name: `${at.stem}/p/q/`, type: '5' },
      link(`${at.stem}/z`, 'p/q'),
      link(`${at.stem}/zz`, 'z/../../../..'),
    ],
    BAD,
  ),
  row(
    'links in a circle',
    (at) => [link(`${at.stem}/a`, 'b'), link(`${at.stem}/b`, 'a')],
    harmless('nobody follows them'),
  ),
  row('a link to itself', (at) => [link(`${at.stem}/a`, 'a')], harmless('nobody follows it')),
  row('a link that dangles', (at) => [link(`${at.stem}/a`, 'nowhere')], harmless('it leads nowhere')),
  row('a link in place of the top', (at) => [link(at.stem, '..')], BAD),
  row(
    'a link and then a file of its name',
    (at) => [link(`${at.stem}/src/b.py`, '../pyproject.toml'), file(`${at.stem}/src/b.py`)],
    harmless('the last one counts, and is written in place of the link', { 'b.py': PAYLOAD }),
  ),
  row('a hard link out of it', (at) => [hard(`${at.stem}/hard`, '../evil')], BAD),
  row('a hard link to an absolute path', (at) => [hard(`${at.stem}/hard`, '/etc/passwd')], BAD),
  row(
    'a hard link to what somebody else has',
    (at) => [pax({ linkpath: `${at.outside}/kept.txt` }), hard(`${at.stem}/hard`, 'x')],
    BAD,
  ),
  row(
    'a hard link to a link',
    (at) => [link(`${at.stem}/l`, 'src'), hard(`${at.stem}/deeper/hard`, `${at.stem}/l`)],
    harmless('the link is made again, and stays inside'),
  ),
  row(
    'a hard link to a link that leads out from there',
    (at) => [link(`${at.stem}/p/q/l`, '../..'), hard(`${at.stem}/hard`, `${at.stem}/p/q/l`)],
    BAD,
  ),
  row('a hard link to itself', (at) => [hard(`${at.stem}/hard`, `${at.stem}/hard`)], BAD),
  row(
    'a hard link to a directory',
    (at) => [{ name: `${at.stem}/p/`, type: '5' }, hard(`${at.stem}/hard`, `${at.stem}/p`)],
    BAD,
  ),
  row(
    'a hard link to what comes later',
    (at) => [hard(`${at.stem}/hard`, `${at.stem}/later`), file(`${at.stem}/later`)],
    BAD,
  ),

  row('a pipe', kind('6'), BAD),
  row('a character device', kind('3'), BAD),
  row('a block device', kind('4'), BAD),
  row('an unknown kind', kind('Z'), BAD),
  row('a volume header', kind('V'), BAD),
  row('a part of another volume', kind('M'), BAD),
  row(
    'setuid and setgid',
    (at) => [file(`${at.stem}/src/b.py`, { mode: 0o6755 })],
    harmless('only one bit of the mode is believed', { 'b.py': PAYLOAD }),
  ),
  row(
    'mode 000',
    (at) => [{ name: `${at.stem}/p/`, type: '5', mode: 0 }, file(`${at.stem}/src/b.py`, { mode: 0 })],
    harmless('only one bit of the mode is believed', { 'b.py': PAYLOAD }),
  ),

  row(
    'a file twice',
    (at) => [file(`${at.stem}/src/b.py`, { data: '1' }), file(`${at.stem}/src/b.py`)],
    harmless('the last one counts, as with every unpacker', { 'b.py': PAYLOAD }),
  ),
  row('a directory in place of a file', (at) => [file(`${at.stem}/p`), { name: `${at.stem}/p/`, type: '5' }], BAD),
  row('a file in place of a directory', (at) => [{ name: `${at.stem}/p/q/`, type: '5' }, file(`${at.stem}/p`)], BAD),
  row('a file below a file', (at) => [file(`${at.stem}/p`), file(`${at.stem}/p/q`)], BAD),
  row(
    'names that differ in case',
    (at) => [file(`${at.stem}/src/P.py`, { data: '1\n' }), file(`${at.stem}/src/p.py`, { data: '2\n' })],
    harmless('two files where case counts', { 'P.py': '1\n', 'p.py': '2\n' }),
  ),

  row('a pax path above', (at) => [pax({ path: '../evil.py' }), file(`${at.stem}/x`)], BAD),
  row(
    'a pax path for all',
    (at) => [pax({ path: '../evil.py' }, 'g'), file(`${at.stem}/src/b.py`)],
    harmless('a path for all files makes no sense and is not read', { 'b.py': PAYLOAD }),
  ),
  row('a pax link path out of it', (at) => [pax({ linkpath: '../../evil' }), link(`${at.stem}/link`, 'src')], BAD),
  row('a pax size that is larger', (at) => [pax({ size: '1000000000000' }), file(`${at.stem}/src/b.py`)], BAD),
  row(
    'a pax size that is smaller',
    (at) => [pax({ size: '3' }), file(`${at.stem}/src/b.py`, { data: 'x'.repeat(2000) })],
    BAD,
  ),
  row(
    'a pax size that is no number',
    (at) => [pax({ size: '-1' }), file(`${at.stem}/src/b.py`)],
    harmless('what is no number is not read', { 'b.py': PAYLOAD }),
  ),
  row(
    'a pax header that is no list',
    (at) => [{ name: 'pax', type: 'x', data: 'nonsense' }, file(`${at.stem}/src/b.py`)],
    harmless('what is no record is not read', { 'b.py': PAYLOAD }),
  ),
  row(
    'a pax header with a lying length',
    (at) => [{ name: 'pax', type: 'x', data: '99999 path=../evil\n' }, file(`${at.stem}/src/b.py`)],
    harmless('what is no record is not read', { 'b.py': PAYLOAD }),
  ),
  row('a pax header of 2 MB', (at) => [pax({ comment: 'x'.repeat(2 << 20) }), file(`${at.stem}/src/b.py`)], BAD),
  row('a pax header for nothing', [pax({ path: 'x' })], BAD),
  row('a long name above', (at) => [long('L', '../evil.py'), file(`${at.stem}/x`)], BAD),
  row('a long link out of it', (at) => [long('K', '../../evil'), link(`${at.stem}/link`, 'src')], BAD),
  row('a long name of 2 MB', (at) => [long('L', 'x'.repeat(2 << 20)), file(`${at.stem}/x`)], BAD),
  row(
    'two long names for one file',
    (at) => [long('L', `${at.stem}/a`), long('L', '../evil'), file(`${at.stem}/x`)],
    BAD,
  ),
  row('a sparse file of 8 TB', (at) => [sparse(`${at.stem}/src/b.bin`, 8 * 2 ** 40)], BAD),

  row('a wrong checksum', (at) => [file(`${at.stem}/x`, { checksum: 1 })], BAD),
  row('a negative size', (at) => [file(`${at.stem}/x`, { size: Buffer.alloc(12, 255) })], BAD),
  row('a size of 2^63', (at) => [file(`${at.stem}/x`, { size: Buffer.from('800000007fffffffffffffff', 'hex') })], BAD),
  row('a size that is no number', (at) => [file(`${at.stem}/x`, { size: Buffer.from('99999999999\0') })], BAD),
  row('a size behind the end', (at) => [file(`${at.stem}/x`, { size: 0o7777777 })], BAD),
  row(
    'a header of zeros and more behind it',
    (at) => [{ name: '', over: [{ at: 0, bytes: Buffer.alloc(512) }], checksum: 0 }, file(`${at.stem}/x`)],
    BAD,
  ),
  bytes('half of it', (whole) => half(tarGz(whole)), BAD),
  bytes('no end', (whole) => tarGz(whole, { open: true }), harmless('many archives have none')),
  bytes('half a tar file', (whole) => gzipSync(tar(whole).subarray(0, 5000)), BAD),
  bytes('a flipped bit', (whole) => flipped(tarGz(whole), 300), BAD),
  bytes(
    'a wrong gzip checksum',
    (whole) => flipped(tarGz(whole), -6),
    harmless('the digest of the whole file was compared'),
  ),
  bytes('no gzip', (whole) => tar(whole), refused('resolve/bad-metadata')),
  bytes(
    'bytes behind the gzip',
    (whole) => Buffer.concat([tarGz(whole), Buffer.from('behind')]),
    harmless('nobody reads behind the end, and the digest was compared'),
  ),
  bytes('two gzip members', (whole) => twoMembers(tar(whole)), harmless('one stream in two members')),
  bytes('an empty file', () => Buffer.alloc(0), refused('resolve/bad-metadata')),
  bytes('an empty archive', () => tarGz([]), BAD),
  bytes('no project', (_, at) => tarGz([file(`${at.stem}/x`)]), refused('build/not-a-project')),
  row('a second directory at the top', [file('other/pyproject.toml')], BAD),
  row(
    'a path that no system takes',
    (at) => [long('L', `${at.stem}/${'d/'.repeat(5000)}x`), file(`${at.stem}/x`)],
    BAD,
  ),
  row('a link to a place that no system takes', (at) => [long('K', 'd/'.repeat(5000)), link(`${at.stem}/l`, 'd')], BAD),
  row('a bomb of one file', (at) => [{ name: `${at.stem}/zeros`, data: Buffer.alloc(300 << 20) }], BAD),
  bytes(
    'PKG-INFO of another project',
    (whole) => tarGz(changed(whole, 'PKG-INFO', 'Metadata-Version: 2.2\nName: other\nVersion: 1.0\n')),
    refused('build/bad-answer'),
  ),
  bytes(
    'a wheel of another project',
    (whole) => tarGz(changed(whole, 'pyproject.toml', manifest('other', '1.0'))),
    refused('build/bad-answer'),
  ),
  bytes(
    'a wheel of another version',
    (whole, at) => tarGz(changed(whole, 'pyproject.toml', manifest(at.name, '99'))),
    refused('build/bad-answer'),
  ),
  bytes(
    'a backend path above',
    (whole, at) =>
      tarGz(changed(whole, 'pyproject.toml', manifest(at.name, '1.0').replace('["build"]', '["../../build"]'))),
    refused('build/bad-backend'),
  ),

  backend('a path above', 'return "../evil-1.0-py3-none-any.whl"', refused('build/bad-answer')),
  backend('an absolute path', 'return made(wheel_directory)', refused('build/bad-answer')),
  backend('nothing', 'made(wheel_directory)', refused('build/bad-answer')),
  backend('a number', 'return 7', refused('build/bad-answer')),
  backend('a wheel that it did not make', 'return WHEEL', refused('build/bad-answer')),
  backend(
    'a link',
    'os.symlink(made("."), os.path.join(wheel_directory, WHEEL)); return WHEEL',
    refused('build/bad-answer'),
  ),
  backend('a pipe', 'os.mkfifo(os.path.join(wheel_directory, WHEEL)); return WHEEL', refused('build/bad-answer')),
  backend('a directory', 'os.mkdir(os.path.join(wheel_directory, WHEEL)); return WHEEL', refused('build/bad-answer')),
  backend(
    'half a wheel',
    'open(os.path.join(wheel_directory, WHEEL), "w").write("PK"); return WHEEL',
    refused('install/broken-wheel'),
  ),
  backend(
    'a wheel that leads out',
    'made(wheel_directory, "../evil.py"); return WHEEL',
    refused('install/path-traversal'),
  ),
  backend(
    'a wheel that replaces the interpreter',
    'made(wheel_directory, STEM + ".data/scripts/python"); return WHEEL',
    refused('install/reserved-script'),
  ),
  backend('an exit', 'os._exit(0)', refused('build/failed')),
  backend('a signal', 'os.kill(os.getpid(), 9)', refused('build/failed')),
  backend('escape codes', 'raise SystemExit("\\x1b]0;title\\x07\\x1b[2J")', refused('build/failed')),
  backend('a question', 'input("password: "); return WHEEL', refused('build/failed')),
  backend(
    'ten megabytes of text',
    'made(wheel_directory); print("x" * (10 << 20)); return WHEEL',
    harmless('text goes to a log'),
  ),
  backend(
    'bytes that are no text',
    'made(wheel_directory); os.write(1, b"\\xff" * 1000); return WHEEL',
    harmless('text goes to a log'),
  ),
  backend(
    'a process that stays',
    'made(wheel_directory); subprocess.Popen(["sleep", "90"]); return WHEEL',
    harmless('nobody waits for it'),
  ),

  zipped('nothing wrong', [], harmless('the control: it is a right sdist')),
  zipped('a path above', [{ name: '../evil.py', data: PAYLOAD }], BAD),
  zipped('an absolute path', (at) => [{ name: `${at.outside}/evil.py`, data: PAYLOAD }], BAD),
  zipped('a backslash', (at) => [{ name: `${at.stem}\\..\\..\\evil.py`, data: PAYLOAD }], BAD),
  zipped('a link out of it', (at) => [{ name: `${at.stem}/link`, data: '../../..', mode: 0o120777 }], BAD),
  zipped(
    'a link and a file behind it',
    (at) => [
      { name: `${at.stem}/d`, data: '../..', mode: 0o120777 },
      { name: `${at.stem}/d/evil.py`, data: PAYLOAD },
    ],
    BAD,
  ),
  zipped('a pipe', (at) => [{ name: `${at.stem}/pipe`, mode: 0o010644 }], BAD),
  zipped('encrypted', (at) => [{ name: `${at.stem}/x`, data: PAYLOAD, both: { flags: 1 } }], BAD),
  zipped('a wrong checksum', (at) => [{ name: `${at.stem}/x`, data: PAYLOAD, both: { crc: 1 } }], BAD),
  zipped('a bomb', (at) => [{ name: `${at.stem}/zeros`, raw: zeros(300) }], BAD),
  zipped('a bomb whose size is hidden', (at) => [{ name: `${at.stem}/zeros`, raw: { ...zeros(300), size: 5 } }], BAD),
]

function sound(at: Made): Entry[] {
  return [
    { name: `${at.stem}/PKG-INFO`, data: `Metadata-Version: 2.2\nName: ${at.name}\nVersion: 1.0\n` },
    { name: `${at.stem}/pyproject.toml`, data: manifest(at.name, '1.0') },
    { name: `${at.stem}/build/tiny_backend.py`, data: BACKEND },
    { name: `${at.stem}/src/${at.escaped}.py`, data: 'x = 1\n' },
  ]
}

/** What a build hook does and answers, as Python. `made` writes a right wheel, with one more file of that name. */
function backend(about: string, body: string, outcome: Outcome): Row {
  const code = (at: Made) => `import os, subprocess, zipfile
STEM = "${at.stem}"
WHEEL = STEM + "-py3-none-any.whl"
INFO = STEM + ".dist-info/"

def made(directory, more=None):
    path = os.path.abspath(os.path.join(directory, WHEEL))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(INFO + "METADATA", "Metadata-Version: 2.1\\nName: ${at.name}\\nVersion: 1.0\\n")
        archive.writestr(INFO + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n")
        archive.writestr(INFO + "RECORD", "")
        if more:
            archive.writestr(more, "raise SystemExit\\n")
    return path

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    ${body}
`
  return {
    about: `sdist: a backend that answers ${about}`,
    outcome,
    make: (at) => tarGz(changed(sound(at), 'tiny_backend.py', code(at))),
  }
}

function manifest(name: string, version: string): string {
  const system = '[build-system]\nrequires = []\nbackend-path = ["build"]\nbuild-backend = "tiny_backend"\n'
  return `${system}\n[project]\nname = "${name}"\nversion = "${version}"\n`
}

function changed(whole: Entry[], suffix: string, data: string): Entry[] {
  return whole.map((entry) => (String(entry.name).endsWith(suffix) ? { ...entry, data } : entry))
}

/** An old GNU sparse file: one byte of data, and a size. */
function sparse(name: string, size: number): Entry {
  const number = (value: number) => Buffer.from(`${octal(value, 11)}\0`)
  const base256 = Buffer.alloc(12)
  base256.writeUInt8(0x80)
  base256.writeBigUInt64BE(BigInt(size), 4)
  const last = Buffer.alloc(12)
  last.writeUInt8(0x80)
  last.writeBigUInt64BE(BigInt(size - 1), 4)
  const over = [
    { at: 257, bytes: Buffer.from('ustar  \0') },
    { at: 386, bytes: Buffer.concat([last, number(1)]) },
    { at: 483, bytes: base256 },
  ]
  return { name, type: 'S', data: 'x', over }
}

function twoMembers(whole: Buffer): Buffer {
  return Buffer.concat([gzipSync(whole.subarray(0, 700)), gzipSync(whole.subarray(700))])
}

function half(whole: Buffer): Buffer {
  return whole.subarray(0, whole.length >> 1)
}

function flipped(whole: Buffer, at: number): Buffer {
  const copy = Buffer.from(whole)
  const place = at < 0 ? copy.length + at : at
  copy[place] = (copy[place] ?? 0) ^ 1
  return copy
}
