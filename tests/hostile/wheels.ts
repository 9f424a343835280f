/** Wheels that nobody should publish, one row each. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { python } from '../cli/harness/sandbox.ts'
import { harmless, type Made, type Outcome, type Row, refused } from './row.ts'
import { type Ends, extra, type Member, u16, u32, u64, zeros, zip } from './zip.ts'

const TRAVERSAL = refused('install/path-traversal')
const BROKEN = refused('install/broken-wheel')
const RECORD = refused('install/bad-record')
/** The index states the digest of the wheel, so that its author's mistakes in RECORD are copied, not argued about. */
const STATED = harmless('the digest of the whole wheel was compared', { 'a.py': 'x = 1\n' })
const SCRIPT = refused('install/reserved-script')
const LIBRARY = `lib/python${python().version.split('.').slice(0, 2).join('.')}/site-packages`
const PAYLOAD = 'raise SystemExit("the payload")\n'

interface Parts {
  /** Beside the module and `.dist-info`. */
  add?: Member[]
  change?: (members: Member[]) => Member[]
  metadata?: string | Buffer
  wheel?: string
  points?: string
  /** In place of the right one; `null`: none. */
  record?: (rows: string) => string | Buffer | null
  ends?: Ends
}

const row = (about: string, parts: Parts | ((at: Made) => Parts), outcome: Outcome, more: Partial<Row> = {}): Row => ({
  about,
  outcome,
  make: (at) => wheel(at, typeof parts === 'function' ? parts(at) : parts),
  ...more,
})
const bytes = (about: string, make: (whole: Buffer, at: Made) => Buffer, outcome: Outcome): Row => ({
  about,
  outcome,
  make: (at) => make(wheel(at, {}), at),
})
const named = (name: string | Buffer, more: Partial<Member> = {}): Parts => ({
  add: [{ name, data: PAYLOAD, ...more }],
})
const victim = (more: Partial<Member>): Parts => ({ add: [{ name: 'b.py', data: 'y = 22222222222222\n', ...more }] })
const point = (line: string): Parts => ({ points: `[console_scripts]\n${line}\n` })
/** With bytecode asked for. */
const compiled = (about: string, files: Record<string, string | Buffer>): Row =>
  row(
    `to be compiled: ${about}`,
    { add: Object.entries(files).map(([name, data]) => ({ name, data })) },
    harmless('what cannot be compiled is left as it is', { 'a.py': 'x = 1\n' }),
    { args: ['--compile-bytecode'] },
  )
const script = (path: string) => (at: Made) => named(`${at.stem}.data/${path}`, { data: '#!python\nprint(1)\n' })

export const WHEELS: Row[] = [
  row('nothing wrong', {}, harmless('the control: it is a right wheel', { 'a.py': 'x = 1\n' })),

  row('a path above', named('../evil.py'), TRAVERSAL),
  row('a path far above', named(`${'../'.repeat(40)}tmp/evil.py`), TRAVERSAL),
  row('a path that goes in and out', named('a/../../evil.py'), TRAVERSAL),
  row('a path that is only ..', named('..'), TRAVERSAL),
  row('a directory above', named('../evil/', { data: '', mode: 0o040755 }), TRAVERSAL),
  row('an absolute path', (at) => named(`${at.outside}/evil.py`), TRAVERSAL),
  row('two slashes at the start', (at) => named(`/${at.outside}/evil.py`), TRAVERSAL),
  row('backslashes', named('..\\..\\evil.py'), TRAVERSAL),
  row('slashes and backslashes', named('a/..\\..\\evil.py'), TRAVERSAL),
  row('a drive letter', named('C:/evil.py'), TRAVERSAL),
  row('a drive letter without a root', named('c:evil.py'), TRAVERSAL),
  row('a UNC path', named('\\\\host\\share\\evil.py'), TRAVERSAL),
  row('a device path', named('\\\\?\\C:\\evil.py'), TRAVERSAL),
  row('a NUL in the middle', named('a/ok.py\0/../../evil.py'), TRAVERSAL),
  row('a NUL before the suffix', named('evil.sh\0.py'), TRAVERSAL),
  row('a . component at the start', named('./b.py'), TRAVERSAL),
  row('a . component in the middle', named('a/./b.py'), TRAVERSAL),
  row('an empty component', named('a//b.py'), TRAVERSAL),
  row('an overlong slash', named(Buffer.from('..\xc0\xafevil.py', 'latin1')), TRAVERSAL),
  row('overlong dots', named(Buffer.from('\xc0\xae\xc0\xae/evil.py', 'latin1')), TRAVERSAL),
  row('a lone surrogate', named(Buffer.from('\xed\xa0\x80.py', 'latin1')), TRAVERSAL),
  row('a name in code page 437', named(Buffer.from('\x81.py', 'latin1')), TRAVERSAL),
  row(
    'percent-encoded dots',
    named('%2e%2e/%2e%2e/b.py'),
    harmless('nobody decodes a path', { '%2e%2e/%2e%2e/b.py': null }),
  ),
  row('full-width dots', named('\uff0e\uff0e/b.py'), harmless('these are letters', { '\uff0e\uff0e/b.py': null })),
  row('a division slash', named('..\u2215b.py'), harmless('this is a letter', { '..\u2215b.py': null })),
  row('a dot at the end', named('a./b.py'), harmless('a name like another; Windows refuses it', { 'a./b.py': null })),
  row('a space at the end', named('a /b.py'), harmless('a name like another; Windows refuses it', { 'a /b.py': null })),
  row('three dots', named('.../b.py'), harmless('a name like another; Windows refuses it', { '.../b.py': null })),
  row(
    'a device of Windows',
    named('con/aux.py'),
    harmless('a name like another; Windows refuses it', { 'con/aux.py': null }),
  ),
  row(
    'an alternate stream',
    named('a.py:evil'),
    harmless('a name like another; Windows refuses it', { 'a.py:evil': null }),
  ),
  row('a line feed in a name', named('a\nb.py'), harmless('quoted in RECORD', { 'a\nb.py': null })),
  row('a comma and a quote in a name', named('a,"b.py'), harmless('quoted in RECORD', { 'a,"b.py': null })),
  row('an option as a name', named('-rf'), harmless('no name is given to a shell', { '-rf': null })),
  row('a component that is too long', named(`${'x'.repeat(300)}.py`), TRAVERSAL),
  row('a path that is too long', named(`${'x'.repeat(100)}/`.repeat(60)), TRAVERSAL),
  row('a path that is too deep', named(`${'x/'.repeat(300)}b.py`), TRAVERSAL),

  row('a symbolic link', named('link', { data: '../../../../../..', mode: 0o120777 }), TRAVERSAL),
  row('a symbolic link to a place inside', named('link.py', { data: 'a.py', mode: 0o120777 }), TRAVERSAL),
  row(
    'a link and a file behind it',
    (at) => ({
      add: [
        { name: 'd', data: at.outside, mode: 0o120777 },
        { name: 'd/evil.py', data: PAYLOAD },
      ],
    }),
    TRAVERSAL,
  ),
  row('a link as a directory', named('link/', { data: '', mode: 0o120777 }), TRAVERSAL),
  row('a pipe', named('pipe', { mode: 0o010644 }), TRAVERSAL),
  row('a character device', named('zero', { mode: 0o020666 }), TRAVERSAL),
  row('a block device', named('disk', { mode: 0o060666 }), TRAVERSAL),
  row('a socket', named('socket', { mode: 0o140777 }), TRAVERSAL),
  row(
    'setuid and setgid',
    named('tool', { mode: 0o106755 }),
    harmless('only one bit of the mode is believed', { tool: null }),
  ),
  row(
    'mode 000',
    named('b.py', { mode: 0o100000 }),
    harmless('only one bit of the mode is believed', { 'b.py': null }),
  ),
  row(
    'writable by all',
    named('b.py', { mode: 0o100777 }),
    harmless('only one bit of the mode is believed', { 'b.py': null }),
  ),
  row('a directory by its mode alone', named('b', { data: '', mode: 0o040755 }), BROKEN),
  row('a file by its mode alone', named('b/', { data: '', mode: 0o100644 }), BROKEN),
  row('a directory with content', named('b/', { mode: 0o040755 }), BROKEN),

  row('one name twice, one content', named('a.py', { data: 'x = 1\n' }), BROKEN),
  row('one name twice, two contents', named('a.py'), BROKEN),
  row('METADATA twice', (at) => named(`${at.stem}.dist-info/METADATA`, { data: 'Name: other\n' }), BROKEN),
  row(
    'a file that is a directory too',
    {
      add: [
        { name: 'p', data: '1' },
        { name: 'p/', data: '', stored: true, mode: 0o040755 },
      ],
    },
    BROKEN,
  ),
  row('a file below a file', named('a.py/b.py'), BROKEN),
  row(
    'names that differ in case',
    {
      add: [
        { name: 'P/B.py', data: '1\n' },
        { name: 'p/b.py', data: '2\n' },
      ],
    },
    harmless('two files where case counts', { 'P/B.py': '1\n', 'p/b.py': '2\n' }),
  ),
  row(
    'names that differ in normalisation',
    {
      add: [
        { name: '\u00e9.py', data: '1\n' },
        { name: 'e\u0301.py', data: '2\n' },
      ],
    },
    harmless('two files where bytes count', { '\u00e9.py': '1\n', 'e\u0301.py': '2\n' }),
  ),
  row(
    'METADATA in another case',
    (at) => named(`${at.stem}.dist-info/metadata`),
    harmless('another file where case counts'),
  ),
  row('a file by two ways', (at) => named(`${at.stem}.data/purelib/a.py`), BROKEN),
  row(
    'a file by two ways, in two schemes',
    (at) => ({
      add: [
        { name: `${at.stem}.data/purelib/b.py`, data: '1' },
        { name: `${at.stem}.data/platlib/b.py`, data: '2' },
      ],
    }),
    BROKEN,
  ),
  row(
    'two .dist-info',
    named('other-1.0.dist-info/METADATA', { data: 'Metadata-Version: 2.1\nName: other\nVersion: 1.0\n' }),
    BROKEN,
  ),

  row('another name in the local header', victim({ local: { name: 'c.py' } }), BROKEN),
  row('a path above in the local header', victim({ local: { name: '../b.py' } }), BROKEN),
  row('another size in the local header', victim({ local: { size: 3 } }), BROKEN),
  row('another packed size in the local header', victim({ local: { packed: 3 } }), BROKEN),
  row('another method in the local header', victim({ local: { method: 0 } }), BROKEN),
  row('another checksum in the local header', victim({ local: { crc: 1 } }), BROKEN),
  row('an encrypted local header', victim({ local: { flags: 1 } }), BROKEN),
  row('a wrong checksum', victim({ both: { crc: 1 } }), BROKEN),
  row('a size too large', victim({ both: { size: 20 } }), BROKEN),
  row('a size too small', victim({ both: { size: 3 } }), BROKEN),
  row('a stored member with two sizes', victim({ stored: true, both: { size: 3 } }), BROKEN),
  row(
    'two names for one member',
    { add: [{ name: 'b.py', data: PAYLOAD, only: 'central', central: { offset: 0 } }] },
    BROKEN,
  ),
  row(
    'a member inside of another',
    { add: [{ name: 'b.py', data: PAYLOAD, only: 'central', central: { offset: 40 } }] },
    BROKEN,
  ),
  row('a member behind the end', victim({ central: { offset: 1 << 30 } }), BROKEN),
  row('a member in the directory', (at) => victim({ central: { offset: wheel(at, {}).length - 60 } }), BROKEN),
  row('a member that no directory names', victim({ only: 'local' }), BROKEN),
  row('hidden bytes between two members', victim({ gap: Buffer.from('hidden') }), BROKEN),
  row('a descriptor that lies about the checksum', victim({ descriptor: { crc: 1 } }), BROKEN),
  row('a descriptor that lies about the size', victim({ descriptor: { size: 1 } }), BROKEN),
  row('a descriptor that is right', victim({ descriptor: {} }), harmless('as streaming writers do', { 'b.py': null })),
  row(
    'a second name in an extra field',
    victim({ central: { extra: extra(0x7075, Buffer.concat([Buffer.from([1]), u32(0), Buffer.from('../evil.py')])) } }),
    BROKEN,
  ),
  row('zip64 numbers cut off', victim({ central: { size: 0xffffffff, extra: extra(1, u32(5)) } }), BROKEN),
  row('zip64 numbers missing', victim({ central: { size: 0xffffffff } }), BROKEN),
  row(
    'zip64 numbers twice',
    victim({ central: { size: 0xffffffff, extra: Buffer.concat([extra(1, u64(19n)), extra(1, u64(1n << 40n))]) } }),
    BROKEN,
  ),
  row(
    'a zip64 size beyond everything',
    victim({ central: { size: 0xffffffff, extra: extra(1, u64((1n << 64n) - 1n)) } }),
    BROKEN,
  ),
  row(
    'a zip64 offset beyond everything',
    victim({ central: { offset: 0xffffffff, extra: extra(1, u64((1n << 64n) - 2n)) } }),
    BROKEN,
  ),
  row(
    'zip64 numbers in the local header alone',
    victim({ local: { size: 0xffffffff, packed: 0xffffffff, extra: extra(1, Buffer.concat([u64(7n), u64(7n)])) } }),
    BROKEN,
  ),
  row(
    'an extra field that is cut off',
    victim({ central: { extra: Buffer.concat([u16(0x9999), u16(500), u16(0)]) } }),
    harmless('padding says nothing', { 'b.py': null }),
  ),
  row('encrypted', victim({ both: { flags: 1 } }), BROKEN),
  row('strongly encrypted', victim({ both: { flags: 1 | (1 << 6) } }), BROKEN),
  row('a masked directory', victim({ both: { flags: 1 << 13 } }), BROKEN),
  row('a patch', victim({ both: { flags: 1 << 5 } }), BROKEN),
  row('bzip2', victim({ both: { method: 12 } }), BROKEN),
  row('LZMA', victim({ both: { method: 14 } }), BROKEN),
  row('zstd', victim({ both: { method: 93 } }), BROKEN),
  row('no deflate data', victim({ raw: { bytes: Buffer.alloc(20, 255), crc: 1, size: 50 } }), BROKEN),
  row(
    'deflate data with something behind it',
    victim({ raw: { bytes: Buffer.concat([zeros(1).bytes, Buffer.from('behind')]), ...numbers(zeros(1)) } }),
    harmless('what follows the last block is no content', { 'b.py': null }),
  ),

  row('two zip64 ends that disagree', { ends: { zip64: { entries: 1n } } }, BROKEN),
  row('a zip64 end with a lying count', { ends: { entries: 0xffff, zip64: { entries: 1n << 62n } } }, BROKEN),
  row('a zip64 end with a lying size', { ends: { size: 0xffffffff, zip64: { size: (1n << 64n) - 1n } } }, BROKEN),
  row('a zip64 locator to nowhere', { ends: { entries: 0xffff, zip64: { at: 1n << 60n } } }, BROKEN),
  row('a zip64 locator for many disks', { ends: { entries: 0xffff, zip64: { disks: 9 } } }, BROKEN),
  row('a zip64 end that is missing', { ends: { entries: 0xffff } }, BROKEN),
  row('a part of a split archive', { ends: { disk: 3 } }, BROKEN),
  row('a member in another part', victim({ central: { disk: 1 } }), BROKEN),
  row('fewer members than there are', { ends: { entries: 2 } }, BROKEN),
  row('more members than there are', { ends: { entries: 60_000 } }, BROKEN),
  row('a directory somewhere else', { ends: { offset: 7 } }, BROKEN),
  row('a second end in the comment', { ends: { comment: Buffer.concat([u32(0x06054b50), Buffer.alloc(18)]) } }, BROKEN),
  row('a comment', { ends: { comment: Buffer.from('a comment') } }, harmless('a comment says nothing')),
  row('a program before the archive', { ends: { prefix: Buffer.from('#!/bin/sh\nrm -rf ~\n') } }, BROKEN),
  row(
    'a program before the archive that offsets know of',
    { ends: { prefix: Buffer.from('#!/bin/sh\nrm -rf ~\n'), shifted: true } },
    BROKEN,
  ),
  row('bytes behind the archive', { ends: { suffix: Buffer.from('x') } }, BROKEN),
  bytes('two archives in one', (whole) => Buffer.concat([whole, whole]), BROKEN),
  bytes('half an archive', (whole) => whole.subarray(0, whole.length >> 1), BROKEN),
  bytes('all but the last byte', (whole) => whole.subarray(0, -1), BROKEN),
  bytes('an empty file', () => Buffer.alloc(0), BROKEN),
  bytes('an empty archive', () => zip([]), BROKEN),
  bytes('a tar file', () => gzipSync(Buffer.alloc(10_240)), BROKEN),
  bytes('a web page', () => Buffer.from('<!doctype html><title>Log in</title>'), BROKEN),
  bytes('a flipped bit in the first member', (whole) => flipped(whole, 40), BROKEN),
  bytes('a flipped bit in the directory', (whole) => flipped(whole, whole.indexOf(u32(0x02014b50)) + 17), BROKEN),

  row('a bomb of one member', victim({ raw: numbersAnd(zeros(160)) }), BROKEN),
  row(
    'a bomb of many members',
    { add: Array.from({ length: 8 }, (_, n) => ({ name: `z${n}`, raw: numbersAnd(zeros(20)) })) },
    BROKEN,
  ),
  row(
    'more directories than files',
    { add: Array.from({ length: 600 }, (_, n) => ({ name: `z${n}/${'d/'.repeat(120)}b.py`, data: '' })) },
    BROKEN,
  ),
  row('a size that no deflate data can have', victim({ both: { size: 3_000_000_000 } }), BROKEN),
  row('a bomb whose size is hidden', victim({ raw: { ...numbersAnd(zeros(160)), size: 5 } }), BROKEN),
  row(
    'an archive in an archive',
    victim({ data: zip([{ name: '../evil.py', data: PAYLOAD }]) }),
    harmless('nobody opens what is inside', { 'b.py': null }),
  ),
  row('METADATA of 70 MB', (at) => ({ change: swap(at, 'METADATA', numbersAnd(zeros(70))) }), BROKEN),
  row('RECORD of 70 MB', (at) => ({ change: swap(at, 'RECORD', numbersAnd(zeros(70))) }), BROKEN),
  row(
    'entry_points.txt of 70 MB',
    (at) => ({ add: [{ name: `${at.stem}.dist-info/entry_points.txt`, raw: numbersAnd(zeros(70)) }] }),
    BROKEN,
  ),

  row('no RECORD', { record: () => null }, RECORD),
  row('an empty RECORD', { record: () => '' }, harmless('a note says what RECORD lacks')),
  row('a wrong hash in RECORD', { record: (rows) => rows.replace(/sha256=./, 'sha256=~') }, STATED),
  row(
    'a wrong size in RECORD',
    { record: (rows) => rows.replace(/,6\n/, ',7\n') },
    harmless('the size in the archive counts, and is recorded'),
  ),
  row('a wrong hash of another kind', { record: (rows) => rows.replace(/^a\.py,[^,]*/m, 'a.py,sha512=AAAA') }, STATED),
  row('MD5 in RECORD', { record: (rows) => rows.replace(/^a\.py,[^,]*/m, 'a.py,md5=AAAA') }, STATED),
  row('an unknown hash in RECORD', { record: (rows) => rows.replace(/^a\.py,[^,]*/m, 'a.py,crc32=AAAA') }, STATED),
  row(
    'a file that RECORD lacks',
    { ...named('b.py'), record: (rows) => rows.replace(/^b\.py.*\n/m, '') },
    harmless('a note says so; it is recorded when it is installed', { 'b.py': null }),
  ),
  row(
    'a file that only RECORD has',
    { record: (rows) => `missing.py,,\n${rows}` },
    harmless('a note says so; it is not recorded', { 'a.py': null }),
  ),
  row('a path above in RECORD', { record: (rows) => `../../../evil.py,,\n${rows}` }, TRAVERSAL),
  row('an absolute path in RECORD', (at) => ({ record: (rows) => `${at.outside}/kept.txt,,\n${rows}` }), TRAVERSAL),
  row('a backslash in RECORD', { record: (rows) => `..\\evil.py,,\n${rows}` }, TRAVERSAL),
  row('a NUL in RECORD', { record: (rows) => `a\0.py,,\n${rows}` }, TRAVERSAL),
  row('two rows for one file', { record: (rows) => `a.py,,1\na.py,,2\n${rows}` }, RECORD),
  row(
    'a RECORD that is no UTF-8',
    { record: (rows) => Buffer.concat([Buffer.from([255, 254]), Buffer.from(rows)]) },
    RECORD,
  ),
  row('a quote that is never closed', { record: (rows) => `"a.py,,\n${rows}` }, RECORD),
  row('a size that is no number', { record: (rows) => `a.py,,-1\n${rows}` }, RECORD),
  row(
    'a hash of a megabyte',
    { record: (rows) => rows.replace(/^a\.py,[^,]*/m, `a.py,sha256=${'A'.repeat(1 << 20)}`) },
    STATED,
  ),
  row(
    'a RECORD of 100 000 rows',
    { record: (rows) => rows + Array.from({ length: 100_000 }, (_, n) => `m${n}.py,,\n`).join('') },
    harmless('a note counts what is missing'),
  ),

  row('a command named python', point('python = a:main'), SCRIPT),
  row('a command named Python3.EXE', point('Python3.EXE = a:main'), SCRIPT),
  row('a command named python3.12', point('python3.12 = a:main'), SCRIPT),
  row('a command named pip', point('pip = a:main'), harmless('pip itself is such a wheel')),
  row('a command named activate', point('activate = a:main'), harmless('as with pip: who runs it runs the package')),
  row('a command named ..', point('.. = a:main'), SCRIPT),
  row('a command above', point('../../evil = a:main'), SCRIPT),
  row('an absolute command', (at) => point(`${at.outside}/evil = a:main`), SCRIPT),
  row('a command with a backslash', point('..\\evil = a:main'), SCRIPT),
  row('a command with a NUL', point('a\0b = a:main'), SCRIPT),
  row('a command with a line separator', point('a\u0085b = a:main'), SCRIPT),
  row('a command named con', point('con = a:main'), harmless('a name like another; Windows is not verified')),
  row('a command for a shell', point('$(touch evil) = a:main'), harmless('no name is given to a shell')),
  row('a command without a name', point(' = a:main'), SCRIPT),
  row('a command that injects a statement', point('x = a:b;import os'), BROKEN),
  row('a command that injects a call', point('x = a:__import__("os").system("x")'), BROKEN),
  row('a command that injects a line', point('x = a:b\\nimport os'), BROKEN),
  row('a module that injects', point('x = os,sys:b'), BROKEN),
  row('a keyword as a module', point('x = import:b'), harmless('the command fails when somebody runs it')),
  row('a script named python', script('scripts/python'), SCRIPT),
  row('a script named python3', script('scripts/python3'), SCRIPT),
  row('a script in a directory', script('scripts/a/b'), SCRIPT),
  row('a script above', script('scripts/../../evil'), TRAVERSAL),
  row('a script named activate', script('scripts/activate'), harmless('as with pip: who runs it runs the package')),
  row('an interpreter as data', script('data/bin/python'), SCRIPT),
  row('a versioned interpreter as data', script('data/bin/python3'), SCRIPT),
  row('pyvenv.cfg as data', script('data/pyvenv.cfg'), SCRIPT),
  row('a configuration of pip as data', script('data/pip.conf'), SCRIPT),
  row('a configuration of pip for Windows as data', script('data/PIP.INI'), SCRIPT),
  row('activate as data', script('data/bin/activate'), harmless('as with pip: who runs it runs the package')),
  row("a journal of PyBun's", named('.pybun-journal', { data: 'pybun-journal 1\n- beside-1.0.dist-info\n' }), BROKEN, {
    beside: ['beside'],
  }),
  row("a journal of PyBun's as data", script(`data/${LIBRARY}/.pybun-journal`), BROKEN),
  row('a stamp of PyBun as data', script('data/../stamp'), TRAVERSAL),
  row('what leads PyBun to the store', named('.pybun-trees'), BROKEN),
  row(
    'files of another distribution as data',
    (at) => ({
      add: ['__init__', 'new'].map((module) => ({
        name: `${at.stem}.data/data/${LIBRARY}/beside/${module}.py`,
        data: PAYLOAD,
      })),
    }),
    harmless('as a file of another distribution', { 'beside/new.py': PAYLOAD }),
    { beside: ['beside'] },
  ),
  row(
    'a new file for the package of another distribution',
    named('beside/new.py'),
    harmless('packages may be shared', { 'beside/new.py': PAYLOAD }),
    { beside: ['beside'] },
  ),
  row(
    'a list of files of another distribution as data',
    (at) =>
      named(`${at.stem}.data/data/${LIBRARY}/beside-1.0.dist-info/RECORD`, { data: '../../../../../../home/x,,\n' }),
    harmless('it stays in the environment, and a removal by such a list is refused'),
    { beside: ['beside'] },
  ),
  row('data above', script('data/../evil'), TRAVERSAL),
  row('headers above', script('headers/../../evil.h'), TRAVERSAL),
  row('data of an unknown kind', script('other/x'), BROKEN),
  row('data of no kind', script('x'), BROKEN),
  row(
    'data of another distribution',
    named('other-1.0.data/scripts/python', { data: '#!python\n' }),
    harmless('only its own .data has a meaning', { 'other-1.0.data/scripts/python': null }),
  ),
  row('a forged RECORD by .data', (at) => named(`${at.stem}.data/purelib/${at.stem}.dist-info/RECORD`), BROKEN),
  row(
    'a forged INSTALLER',
    (at) => named(`${at.stem}.dist-info/INSTALLER`, { data: 'pip\n' }),
    harmless('PyBun writes its own'),
  ),
  row(
    'a forged direct_url.json',
    (at) => named(`${at.stem}.dist-info/direct_url.json`, { data: '{"url": "file:///"}' }),
    harmless('PyBun writes its own'),
  ),
  row(
    'a .pth file',
    named('evil.pth', { data: 'import a\n' }),
    harmless('as legitimate as a module; nothing runs it while it is installed', { 'evil.pth': null }),
  ),
  row(
    'sitecustomize',
    named('sitecustomize.py', { data: 'import a\n' }),
    harmless('as legitimate as a module; nothing runs it while it is installed'),
  ),
  row(
    'a file of another distribution',
    named('beside/__init__.py'),
    harmless('a note names both; the later one stays', { 'beside/__init__.py': PAYLOAD }),
    { beside: ['beside'] },
  ),
  row(
    'another distribution by .data',
    (at) => ({
      add: ['METADATA', 'RECORD'].map((file) => ({
        name: `${at.stem}.data/purelib/beside-1.0.dist-info/${file}`,
        data: '../../../../../home/kept.txt,,\n',
      })),
    }),
    BROKEN,
    { beside: ['beside'] },
  ),

  compiled('no Python', { 'b.py': 'this is no Python\n' }),
  compiled('a NUL', { 'b.py': 'x = 1\0\n' }),
  compiled('no UTF-8', { 'b.py': Buffer.from([0x78, 0x3d, 0x27, 0xff, 0x27]) }),
  compiled('an encoding that nobody knows', { 'b.py': '# coding: nonsense\nx = 1\n' }),
  compiled('parentheses without end', { 'b.py': `${'('.repeat(100_000)}\n` }),
  compiled('operators without end', { 'b.py': `x = ${'-'.repeat(500_000)}1\n` }),
  compiled('attributes without end', { 'b.py': `x = y${'.z'.repeat(200_000)}\n` }),
  compiled('a number without end', { 'b.py': `x = 1${'0'.repeat(1_000_000)}\n` }),
  compiled('a sum that is too large', { 'b.py': 'x = 2 ** 2 ** 40\ny = "x" * 10 ** 9 * 9\n' }),
  compiled('a line feed in its name', { 'a\nb.py': 'x = 1\n' }),
  compiled('bytecode of its own', {
    '__pycache__/a.cpython-311.pyc': 'no bytecode',
    '__pycache__/a.cpython-312.pyc': '',
  }),
  row(
    'a file where the environment has a directory',
    (at) => named(`${at.stem}.data/data/bin`, { data: 'a file' }),
    refused('install/in-the-way'),
    { kept: true },
  ),
  row(
    'METADATA in Latin-1',
    (at) => ({
      metadata: Buffer.from(`Metadata-Version: 2.1\nName: ${at.name}\nVersion: 1.0\nSummary: caf\xe9\n`, 'latin1'),
    }),
    harmless('only name and version are read'),
  ),
  row(
    'METADATA in UTF-16',
    (at) => ({ metadata: Buffer.from(`\ufeffMetadata-Version: 2.1\nName: ${at.name}\nVersion: 1.0\n`, 'utf16le') }),
    BROKEN,
  ),
  row('METADATA of another project', { metadata: 'Metadata-Version: 2.1\nName: other\nVersion: 1.0\n' }, BROKEN),
  row(
    'METADATA of another version',
    (at) => ({ metadata: `Metadata-Version: 2.1\nName: ${at.name}\nVersion: 99\n` }),
    BROKEN,
  ),
  row('METADATA without a name', { metadata: 'Metadata-Version: 2.1\nVersion: 1.0\n' }, BROKEN),
  row('a format of the future', { wheel: 'Wheel-Version: 2.0\n' }, refused('install/wheel-too-new')),
  row('a format that is no number', { wheel: 'Wheel-Version: one\n' }, BROKEN),
  row('an empty WHEEL', { wheel: '' }, BROKEN),
  row(
    'a .dist-info above',
    (at) => ({
      change: (members) =>
        members.map((member) => ({ ...member, name: String(member.name).replace(at.stem, `../${at.stem}`) })),
    }),
    TRAVERSAL,
  ),

  row('metadata to be cut out: half an archive', {}, refused('resolve/bad-metadata'), {
    bare: true,
    make: (at) => half(wheel(at, {})),
  }),
  row(
    'metadata to be cut out: another project',
    { metadata: 'Metadata-Version: 2.1\nName: other\nVersion: 1.0\n' },
    refused('resolve/bad-metadata'),
    { bare: true },
  ),
  row(
    'metadata to be cut out: 70 MB',
    (at) => ({ change: swap(at, 'METADATA', numbersAnd(zeros(70))) }),
    refused('resolve/bad-metadata'),
    { bare: true },
  ),
  row(
    'metadata to be cut out: encrypted',
    (at) => ({
      change: (members) =>
        members.map((member) =>
          String(member.name) === `${at.stem}.dist-info/METADATA` ? { ...member, both: { flags: 1 } } : member,
        ),
    }),
    refused('resolve/bad-metadata'),
    { bare: true },
  ),
  row(
    'metadata to be cut out: twice',
    (at) => named(`${at.stem}.dist-info/METADATA`, { data: `Metadata-Version: 2.1\nName: ${at.name}\nVersion: 1.0\n` }),
    refused('resolve/bad-metadata'),
    { bare: true },
  ),
]

/** A right wheel of one module, with what `parts` change. */
export function wheel(at: Made, parts: Parts): Buffer {
  const info = `${at.stem}.dist-info`
  const metadata = parts.metadata ?? `Metadata-Version: 2.1\nName: ${at.name}\nVersion: 1.0\n`
  const about = parts.wheel ?? 'Wheel-Version: 1.0\nGenerator: hostile\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
  const members: Member[] = [{ name: 'a.py', data: 'x = 1\n' }, ...(parts.add ?? [])]
  members.push({ name: `${info}/METADATA`, data: metadata }, { name: `${info}/WHEEL`, data: about })
  if (parts.points) members.push({ name: `${info}/entry_points.txt`, data: parts.points })
  const rows = `${members.map(recordRow).filter(Boolean).join('')}${info}/RECORD,,\n`
  const record = parts.record ? parts.record(rows) : rows
  if (record !== null) members.push({ name: `${info}/RECORD`, data: record })
  return zip(parts.change ? parts.change(members) : members, parts.ends)
}

/** Only for members whose name a RECORD could hold: it is the archive that is to be looked at. */
function recordRow({ name, data, raw }: Member): string {
  const text = Buffer.from(name).toString('utf8')
  if (raw || text.endsWith('/') || /^[/.]|\.\.|\\|:|\0|\ufffd|\/\/|\/\.\//.test(text)) return ''
  const field = /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  const content = Buffer.from(data ?? '')
  return `${field},sha256=${createHash('sha256').update(content).digest('base64url')},${content.length}\n`
}

function swap(at: Made, file: string, raw: NonNullable<Member['raw']>): (members: Member[]) => Member[] {
  const name = `${at.stem}.dist-info/${file}`
  return (members) => members.map((member) => (member.name === name ? { name, raw } : member))
}

function numbers(from: { crc: number; size: number }): { crc: number; size: number } {
  return { crc: from.crc, size: from.size }
}

function numbersAnd(from: { bytes: Buffer; crc: number; size: number }): NonNullable<Member['raw']> {
  return from
}

function flipped(whole: Buffer, at: number): Buffer {
  const copy = Buffer.from(whole)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

function half(whole: Buffer): Buffer {
  return whole.subarray(0, whole.length >> 1)
}
