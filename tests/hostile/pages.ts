/** Project pages that nobody should serve, one row each. The sound release 1.0 of `alpha` is on most of them. */
import { createHash } from 'node:crypto'
import { inventedFiles, type Packages } from '../index/index.mjs'

export interface Row {
  about: string
  body: Buffer
  type: string
  /** `1.0`: what is wrong was passed over; else a code. */
  outcome: '1.0' | string
}

export const PACKAGES: Packages = { alpha: { '1.0': { files: { 'alpha.py': 'x = 1\n' } } } }

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json'
const HTML_TYPE = 'text/html'
const WHEEL = 'alpha-1.0-py3-none-any.whl'
const bytes = inventedFiles(PACKAGES)[0]?.bytes ?? Buffer.alloc(0)
const sha256 = createHash('sha256').update(bytes).digest('hex')
const SOUND = { filename: WHEEL, url: `../../files/${WHEEL}`, hashes: { sha256 }, size: bytes.length }
const NEWER = { ...SOUND, filename: 'alpha-9.0-py3-none-any.whl' }

const row = (about: string, body: string | Buffer, outcome: string, type = JSON_TYPE): Row => ({
  about,
  body: Buffer.from(body),
  type,
  outcome,
})
/** Other files beside the sound one. */
const files = (about: string, more: unknown[], outcome: string): Row =>
  row(about, JSON.stringify({ meta: { 'api-version': '1.0' }, name: 'alpha', files: [...more, SOUND] }), outcome)
/** A newer file about which something is wrong. */
const newer = (about: string, change: Record<string, unknown>, outcome: string): Row =>
  files(about, [{ ...NEWER, ...change }], outcome)
const page = (files: unknown, more: Record<string, unknown> = {}) =>
  JSON.stringify({ meta: { 'api-version': '1.0' }, name: 'alpha', files, ...more })
const anchor = (href = SOUND.url, name = WHEEL) => `<a href="${href}#sha256=${sha256}">${name}</a>`
const html = (about: string, body: string | Buffer, outcome: string): Row =>
  row(`HTML: ${about}`, body, outcome, HTML_TYPE)

export const ROWS: Row[] = [
  files('nothing wrong', [], '1.0'),
  newer('a file of this machine', { url: 'file:///etc/passwd' }, '1.0'),
  newer('a file of this machine by a host', { url: 'file://localhost/etc/passwd' }, '1.0'),
  newer('a data URL', { url: 'data:application/zip;base64,UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==' }, '1.0'),
  newer('a script', { url: 'javascript:alert(1)' }, '1.0'),
  newer('ftp', { url: 'ftp://127.0.0.1/alpha-9.0-py3-none-any.whl' }, '1.0'),
  newer('no URL', { url: 'http://[' }, '1.0'),
  newer('a path above in a name', { filename: '../../alpha-9.0-py3-none-any.whl' }, '1.0'),
  newer('an absolute path as a name', { filename: '/tmp/alpha-9.0-py3-none-any.whl' }, '1.0'),
  newer('a backslash in a name', { filename: '..\\alpha-9.0-py3-none-any.whl' }, '1.0'),
  newer('a NUL in a name', { filename: 'alpha-9.0\0-py3-none-any.whl' }, '1.0'),
  newer('a line feed in a name', { filename: 'alpha-9.0\n-py3-none-any.whl' }, '1.0'),
  newer('a path above in a version', { filename: 'alpha-9.0+..%2f-py3-none-any.whl' }, '1.0'),
  newer('a path above in a tag', { filename: 'alpha-9.0-py3-none-../any.whl' }, '1.0'),
  newer('another project', { filename: 'beta-9.0-py3-none-any.whl' }, '1.0'),
  newer('a name of a megabyte', { filename: `alpha-9.0-py3-none-${'a'.repeat(1 << 20)}.whl` }, '1.0'),
  newer('a version of a megabyte', { filename: `alpha-9.${'0'.repeat(1 << 20)}-py3-none-any.whl` }, '1.0'),
  newer('a version beyond all numbers', { filename: `alpha-9.${'9'.repeat(40)}-py3-none-any.whl` }, '1.0'),
  newer('a Python that is none', { 'requires-python': 'all of them' }, '1.0'),
  newer('a release that is another one', {}, '1.0'),
  newer('a hash that is none', { hashes: { sha256: 'zz' } }, '1.0'),
  newer('a hash of another kind alone', { hashes: { md5: '0'.repeat(32) } }, '1.0'),
  newer('a negative size', { size: -1 }, 'fetch/bad-page'),
  newer('a size beyond all numbers', { size: 1e30 }, 'fetch/bad-page'),
  newer('a name that is a number', { filename: 9 }, 'fetch/bad-page'),
  newer('hashes that are a list', { hashes: ['sha256'] }, '1.0'),
  files('a file that is none', [null], 'fetch/bad-page'),
  files('one file a thousand times', Array(1000).fill(SOUND), '1.0'),
  files(
    'a hundred thousand files',
    Array.from({ length: 100_000 }, (_, n) => ({ ...NEWER, filename: `x-${n}.whl` })),
    '1.0',
  ),
  row('a list', '[]', 'fetch/bad-page'),
  row('files that are none', page(null), 'fetch/bad-page'),
  row('no files', '{"meta":{"api-version":"1.0"},"name":"alpha"}', 'fetch/bad-page'),
  row('an API of the future', page([SOUND], { meta: { 'api-version': '2.0' } }), 'fetch/bad-page'),
  row('half a page', page([SOUND]).slice(0, 100), 'fetch/bad-page'),
  row('something behind the page', `${page([SOUND])}{}`, 'fetch/bad-page'),
  row('no UTF-8', Buffer.concat([Buffer.from('{"name":"'), Buffer.from([255]), Buffer.from('"}')]), 'fetch/bad-page'),
  row('UTF-16', Buffer.from(page([SOUND]), 'utf16le'), 'fetch/bad-page'),
  row('nested too deep', `{"files":[${'['.repeat(200_000)}`, 'fetch/bad-page'),
  row(
    'nested too deep, in what nobody reads',
    page([SOUND]).replace('{', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)},`),
    '1.0',
  ),
  row('files twice', page([NEWER]).replace('}', '},"files":[]'), 'resolve/bad-metadata'),
  row('a page of no kind', page([SOUND]), 'fetch/bad-page', 'application/octet-stream'),
  html('nothing wrong', `<!doctype html>${anchor()}`, '1.0'),
  html('a base on this machine', `<base href="file:///etc/">${anchor(WHEEL)}`, 'fetch/not-a-file'),
  html('a file of this machine', anchor('file:///etc/passwd', NEWER.filename) + anchor(), '1.0'),
  html('a script', `<a href="javascript:alert(1)">${NEWER.filename}</a>${anchor()}`, '1.0'),
  html(
    'a path above in a name',
    anchor('../../../../..%2fetc/passwd', '../../alpha-9.0-py3-none-any.whl') + anchor(),
    '1.0',
  ),
  html('a NUL in a reference', `<a href="x\0y">${NEWER.filename}</a>${anchor()}`, '1.0'),
  html('nothing is closed', `<a href="<a <a href='${anchor()}`, 'resolve/no-usable-file'),
  html('nested too deep', `${'<div>'.repeat(200_000)}${anchor()}`, '1.0'),
  html('an attribute of ten megabytes', `<a data-x="${'x'.repeat(10 << 20)}" href="x">y</a>${anchor()}`, '1.0'),
  html('an API of the future', `<meta name="pypi:repository-version" content="2.0">${anchor()}`, 'fetch/bad-page'),
  html('a page to log in', '<form action="/login"><input type="password"></form>', 'fetch/bad-page'),
]
