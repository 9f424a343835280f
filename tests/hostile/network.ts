/** What a hostile or broken network does, one row each: to project pages, to metadata, and to wheels. */
import { gzipSync } from 'node:zlib'
import { type Fault, type IndexOptions, inventedFiles } from '../index/index.mjs'

export interface Row {
  about: string
  faults: Fault[]
  index?: Partial<IndexOptions>
  /** `installed`: what was wrong was noticed and mended. */
  outcome: 'installed' | string
}

/** The METADATA of `wide` is larger than the tail of a wheel that is asked for first. */
export const PACKAGES = {
  alpha: {
    '1.0': {
      requires: ['wide'],
      files: {
        'alpha/__init__.py': 'x = 1\n',
        'alpha/blob': { noise: 400_000 },
        // So much that it is unpacked while it arrives.
        'alpha/first': { noise: 1_300_000 },
        'alpha/second': { noise: 1_300_000 },
      },
    },
  },
  wide: { '1.0': { files: { 'wide.py': 'y = 2\n' }, dist_info: { 'licenses/LICENSE': { noise: 300_000 } } } },
}

const WHEEL = 'alpha-1.0-py3-none-any.whl'
const bytes = inventedFiles(PACKAGES).find(({ filename }) => filename === WHEEL)?.bytes ?? Buffer.alloc(0)
const BOMB = gzipSync(Buffer.alloc(1 << 26))
const once = { times: 1 }

const page = (about: string, fault: Fault | Fault[], outcome: string, index?: Row['index']): Row =>
  row(`page: ${about}`, fault, outcome, { path: '/simple/alpha/' }, index)
const metadata = (about: string, fault: Fault | Fault[], outcome: string, index?: Row['index']): Row =>
  row(`metadata: ${about}`, fault, outcome, { end: `${WHEEL}.metadata` }, index)
const wheel = (about: string, fault: Fault | Fault[], outcome: string, index?: Row['index']): Row =>
  row(`wheel: ${about}`, fault, outcome, { end: WHEEL }, index)
/** Metadata that no index states is cut out of the wheel. */
const cut = (about: string, fault: Fault | Fault[], outcome: string): Row =>
  row(`metadata in the wheel: ${about}`, fault, outcome, { end: 'wide-1.0-py3-none-any.whl' }, { metadata: false })
const row = (about: string, fault: Fault | Fault[], outcome: string, where: Fault, index: Row['index'] = {}): Row => ({
  about,
  faults: [fault].flat().map((one) => ({ ...where, ...one })),
  outcome,
  index,
})

const html = {
  status: 200,
  body: '<!doctype html><title>Log in</title><form action="/login">',
  headers: { 'content-type': 'text/html' },
}
const json = 'application/vnd.pypi.simple.v1+json'
const packed = (body: Buffer, type: string): Fault => ({
  status: 200,
  body,
  headers: { 'content-type': type, 'content-encoding': 'gzip' },
})
const to = (location: string, status = 302): Fault => ({ status, location })

export const ROWS: Row[] = [
  page('nothing wrong', [], 'installed'),
  page('cut off once', { cutAfter: 50, ...once }, 'installed'),
  page('cut off always', { cutAfter: 50 }, 'fetch/unreachable'),
  page('stalls once', { stallAfter: 50, ...once }, 'installed'),
  page('stalls always', { stallAfter: 50 }, 'fetch/timeout'),
  page('no answer', { delayMs: 5_000 }, 'fetch/timeout'),
  page('drips', { drip: 4 }, 'installed'),
  page('reset once', { reset: true, ...once }, 'installed'),
  page('reset always', { reset: true }, 'fetch/unreachable'),
  page('a flipped bit, packed', { flipAt: 60 }, 'fetch/bad-page'),
  page('a flipped bit, plain', { flipAt: 0 }, 'fetch/bad-page', { gzip: false }),
  page('a length that is too large', { lengthOff: 10 }, 'fetch/unreachable'),
  page('a length that is too small', { lengthOff: -10 }, 'fetch/bad-page'),
  page('a page to log in', html, 'fetch/bad-page'),
  page('an empty page', { status: 200, body: '', headers: { 'content-type': json } }, 'fetch/bad-page'),
  page('an encoding that was not asked for', { headers: { 'content-encoding': 'br' } }, 'fetch/bad-page'),
  page('503 once', { status: 503, ...once }, 'installed'),
  page('500 always', { status: 500 }, 'fetch/http-status'),
  page('429 once', { status: 429, retryAfter: 1, ...once }, 'installed'),
  page('429 always', { status: 429, retryAfter: 0 }, 'fetch/http-status'),
  page('redirects in a circle', to('/simple/alpha/'), 'fetch/too-many-redirects'),
  page('redirects for ever', to('/simple/alpha/?more'), 'fetch/too-many-redirects'),
  page('a redirect to a file', to('file:///etc/passwd'), 'fetch/bad-url'),
  page('a redirect to ftp', to('ftp://127.0.0.1/alpha/'), 'fetch/bad-url'),
  page('a redirect to nothing', to('http://['), 'fetch/bad-url'),
  page('a redirect without a place', { status: 302 }, 'fetch/http-status'),
  page('a redirect to a closed port', to('http://127.0.0.1:1/simple/alpha/'), 'fetch/unreachable'),

  metadata('cut off once', { cutAfter: 20, ...once }, 'installed'),
  metadata('cut off always', { cutAfter: 20 }, 'fetch/unreachable'),
  metadata('stalls once', { stallAfter: 20, ...once }, 'installed'),
  metadata('stalls always', { stallAfter: 20 }, 'fetch/timeout'),
  metadata('drips', { drip: 4 }, 'installed'),
  metadata('a flipped bit', { flipAt: 30 }, 'fetch/hash-mismatch'),
  metadata('another file', { swapped: 'sameTag' }, 'fetch/hash-mismatch'),
  metadata('a length that is too small', { lengthOff: -10 }, 'fetch/hash-mismatch'),
  metadata('a length that is too large', { lengthOff: 10 }, 'fetch/unreachable'),
  metadata('a page to log in', html, 'fetch/hash-mismatch'),
  metadata('a bomb', packed(BOMB, 'text/plain'), 'fetch/too-large'),
  metadata('404', { status: 404 }, 'installed'),
  metadata('500 once', { status: 500, ...once }, 'installed'),
  metadata('500 always', { status: 500 }, 'fetch/http-status'),
  metadata('redirects in a circle', to(`/files/${WHEEL}.metadata`), 'fetch/too-many-redirects'),

  wheel('cut off once', { cutAfter: 100_000, ...once }, 'installed'),
  wheel('cut off always', { cutAfter: 100_000 }, 'fetch/unreachable'),
  wheel(
    'cut off twice',
    [3, 10_000].map((cutAfter) => ({ cutAfter, ...once })),
    'installed',
  ),
  wheel('stalls once', { stallAfter: 100_000, ...once }, 'installed'),
  wheel('stalls always', { stallAfter: 100_000 }, 'fetch/timeout'),
  wheel('no answer once', { delayMs: 5_000, ...once }, 'installed'),
  wheel('drips', { drip: 4_000 }, 'installed'),
  wheel('reset once', { reset: true, ...once }, 'installed'),
  wheel('a flipped bit at the start', { flipAt: 5 }, 'fetch/hash-mismatch'),
  wheel('a flipped bit in the middle', { flipAt: 200_000 }, 'fetch/hash-mismatch'),
  wheel('a flipped bit at the end', { flipAt: -1 }, 'fetch/hash-mismatch'),
  wheel(
    'a flipped bit in the second part',
    [
      { cutAfter: 100_000, ...once },
      { flipAt: 5, ...once },
    ],
    'installed',
  ),
  wheel('another file under its URL', { swapped: 'newTag' }, 'fetch/hash-mismatch'),
  wheel(
    'another file and another tag after a cut',
    [{ cutAfter: 100_000, ...once }, { swapped: 'newTag' }],
    'fetch/hash-mismatch',
  ),
  wheel(
    'another file and the same tag after a cut',
    [{ cutAfter: 100_000, ...once }, { swapped: 'sameTag' }],
    'fetch/hash-mismatch',
  ),
  wheel('another file for the first part', [{ cutAfter: 100_000, swapped: 'sameTag', ...once }], 'installed'),
  wheel('cut off once, half unpacked', { cutAfter: 2_500_000, ...once }, 'installed'),
  wheel('stalls once, half unpacked', { stallAfter: 2_500_000, ...once }, 'installed'),
  wheel(
    'another file for the first part, half unpacked',
    { cutAfter: 2_500_000, swapped: 'sameTag', ...once },
    'installed',
  ),
  wheel(
    'another file and another tag for the first part, half unpacked',
    { cutAfter: 2_500_000, swapped: 'newTag', ...once },
    'installed',
  ),
  wheel(
    'another file and another tag for the rest, half unpacked',
    [{ cutAfter: 2_500_000, ...once }, { swapped: 'newTag' }],
    'fetch/hash-mismatch',
  ),
  wheel(
    'the whole in place of the rest, half unpacked',
    [{ cutAfter: 2_500_000, ...once }, { range: 'whole' }],
    'installed',
  ),
  wheel('a flipped bit behind what is unpacked', { flipAt: 2_900_000 }, 'fetch/hash-mismatch'),
  wheel('a flipped bit in what is unpacked', { flipAt: 1_000_000 }, 'fetch/hash-mismatch'),
  wheel('a length that is too large, behind bytes that are right', { lengthOff: 10 }, 'installed'),
  wheel('a length that is too small', { lengthOff: -10 }, 'fetch/size-mismatch'),
  wheel(
    'more bytes than there are',
    { status: 200, body: Buffer.concat([bytes, Buffer.alloc(9)]) },
    'fetch/size-mismatch',
  ),
  wheel('fewer bytes than there are', { status: 200, body: bytes.subarray(0, -9) }, 'fetch/size-mismatch'),
  wheel('nothing', { status: 200, body: '' }, 'fetch/size-mismatch'),
  wheel('a page to log in', html, 'fetch/not-a-file'),
  wheel('a page to log in that says it is a wheel', { ...html, headers: {} }, 'fetch/size-mismatch'),
  wheel('packed on the way', packed(gzipSync(bytes), 'application/octet-stream'), 'fetch/size-mismatch'),
  wheel(
    'packed on the way, to its size',
    packed(
      Buffer.concat([gzipSync(bytes.subarray(0, 100_000)), Buffer.alloc(bytes.length)]).subarray(0, bytes.length),
      'application/octet-stream',
    ),
    'fetch/hash-mismatch',
  ),
  wheel('503 once', { status: 503, ...once }, 'installed'),
  wheel('500 always', { status: 500 }, 'fetch/http-status'),
  wheel('429 once', { status: 429, retryAfter: 1, ...once }, 'installed'),
  wheel('429 always', { status: 429, retryAfter: 0 }, 'fetch/http-status'),
  wheel('404', { status: 404 }, 'fetch/http-status'),
  wheel('403', { status: 403 }, 'fetch/not-allowed'),
  wheel('204', { status: 204 }, 'fetch/http-status'),
  wheel('206 that nobody asked for', { status: 206, body: bytes }, 'fetch/http-status'),
  wheel('redirects in a circle', to(`/files/${WHEEL}`), 'fetch/too-many-redirects'),
  wheel('a redirect to another file', to('/files/wide-1.0-py3-none-any.whl'), 'fetch/size-mismatch'),
  wheel('a redirect to a file of this machine', to('file:///etc/passwd'), 'fetch/bad-url'),
  wheel('the whole in place of the rest', [{ cutAfter: 100_000, ...once }, { range: 'whole' }], 'installed'),
  wheel(
    'another part in place of the rest',
    [
      { cutAfter: 100_000, ...once },
      { range: 'shifted', ...once },
    ],
    'installed',
  ),
  wheel(
    'another part in place of the rest, always',
    [{ cutAfter: 100_000, ...once }, { range: 'shifted' }],
    'installed',
  ),
  wheel('half of the rest', { cutAfter: 2_900_000, range: 'half' }, 'fetch/size-mismatch'),
  wheel('a part with another header', [{ cutAfter: 100_000, ...once }, { range: 'other-header' }], 'installed'),
  wheel('a part without its header', [{ cutAfter: 100_000, ...once }, { range: 'no-header' }], 'installed'),
  wheel('a part that is refused', [{ cutAfter: 100_000, ...once }, { range: 'refused' }], 'installed'),

  cut('nothing wrong', [], 'installed'),
  cut('the whole in place of a part', { range: 'whole' }, 'installed'),
  cut('another part', { range: 'shifted' }, 'installed'),
  cut('half of a part', { range: 'half' }, 'installed'),
  cut('a part with another header', { range: 'other-header' }, 'installed'),
  cut('a part without its header', { range: 'no-header' }, 'installed'),
  cut('a part that is refused', { range: 'refused' }, 'installed'),
  cut('another file for the first part', { swapped: 'sameTag', ...once }, 'installed'),
  cut('another file for the second part', { swapped: 'sameTag', after: 1, ...once }, 'installed'),
  cut('another file and tag for the second part', { swapped: 'newTag', after: 1, ...once }, 'installed'),
  cut('another file once its metadata is known', { swapped: 'newTag', after: 2 }, 'fetch/hash-mismatch'),
  cut('a flipped bit', { flipAt: 100, ...once }, 'installed'),
  cut('cut off once', { cutAfter: 1000, ...once }, 'installed'),
  cut('stalls once', { stallAfter: 1000, ...once }, 'installed'),
  cut('a page to log in', html, 'fetch/not-a-file'),
]
