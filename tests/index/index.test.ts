import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { type IndexOptions, inventedFiles, type LocalIndex, startIndex } from './index.mjs'

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json'
const PACKAGES = {
  Alpha_Beta: { '1.0': { requires_python: '>=3.9', yanked: 'too old' }, '2.0': { sdist: true as const } },
}
const started: LocalIndex[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((index) => index.close()))
})

test('the same description gives the same bytes', () => {
  const digest = () => inventedFiles(PACKAGES).map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'))
  expect(digest()).toEqual(digest())
})

test('a page is JSON for clients that accept it, else HTML, with the same files', async () => {
  const index = await start({ packages: PACKAGES })
  const json = await get(`${index.url}alpha-beta/`, { accept: `${JSON_TYPE}, text/html;q=0.1` })
  const html = await get(`${index.url}alpha-beta/`, { accept: 'text/html' })
  expect(json.headers['content-type']).toBe(JSON_TYPE)
  const page = JSON.parse(json.text)
  expect(page.versions).toEqual(['1.0', '2.0'])
  expect(page.files.map((file: { filename: string }) => file.filename)).toEqual([
    'alpha_beta-1.0-py3-none-any.whl',
    'alpha_beta-2.0-py3-none-any.whl',
    'alpha_beta-2.0.tar.gz',
  ])
  expect(page.files[0]).toMatchObject({
    yanked: 'too old',
    'requires-python': '>=3.9',
    url: expect.stringMatching(/^\.\.\/\.\./),
  })
  for (const file of page.files) expect(html.text).toContain(`${file.filename}#sha256=${file.hashes.sha256}`)
  expect(html.text).toContain('data-requires-python="&gt;=3.9"')
})

test('declared metadata has the declared hash, and can be switched off', async () => {
  const index = await start({ packages: PACKAGES })
  const page = await json(`${index.url}alpha-beta/`)
  const metadata = await get(`${index.origin}/files/${page.files[0].filename}.metadata`)
  expect(createHash('sha256').update(metadata.bytes).digest('hex')).toBe(page.files[0]['core-metadata'].sha256)

  const bare = await start({ packages: PACKAGES, metadata: false })
  expect((await json(`${bare.url}alpha-beta/`)).files[0]).not.toHaveProperty('core-metadata')
  expect((await get(`${bare.origin}/files/${page.files[0].filename}.metadata`)).status).toBe(404)
})

test('names are redirected to their normal form', async () => {
  const index = await start({ packages: PACKAGES })
  const answer = await get(`${index.url}Alpha_Beta`)
  expect([answer.status, answer.headers.location]).toEqual([301, '/simple/alpha-beta/'])
  expect((await get(`${index.url}unknown/`)).status).toBe(404)
})

test('pages are cacheable, compressed and validated', async () => {
  const index = await start({ packages: PACKAGES })
  const first = await get(`${index.url}alpha-beta/`, { 'accept-encoding': 'gzip' })
  expect(first.headers).toMatchObject({ 'cache-control': 'max-age=600, public', 'content-encoding': 'gzip' })
  expect(gunzipSync(first.bytes).toString()).toContain('alpha_beta-1.0')
  const again = await get(`${index.url}alpha-beta/`, { 'if-none-match': String(first.headers.etag) })
  expect([again.status, again.bytes.length]).toEqual([304, 0])
})

test('ranges: first bytes, last bytes, out of reach, switched off', async () => {
  const index = await start({ packages: PACKAGES })
  const url = `${index.origin}/files/alpha_beta-1.0-py3-none-any.whl`
  const whole = (await get(url)).bytes
  const ask = async (range: string) => get(url, { range })
  const head = await ask('bytes=0-3')
  expect([head.status, head.bytes, head.headers['content-range']]).toEqual([
    206,
    whole.subarray(0, 4),
    `bytes 0-3/${whole.length}`,
  ])
  expect((await ask('bytes=-22')).bytes).toEqual(whole.subarray(-22))
  expect((await ask('bytes=999999-')).status).toBe(416)
  const plain = await start({ packages: PACKAGES, ranges: false })
  expect((await get(`${plain.origin}/files/alpha_beta-1.0-py3-none-any.whl`, { range: 'bytes=0-3' })).status).toBe(200)
})

test('basic and bearer authentication', async () => {
  const basic = await start({ packages: PACKAGES, auth: { user: 'ada', password: 'secret' } })
  const page = `${basic.url}alpha-beta/`
  const statuses = [
    (await get(page)).status,
    (await get(page, { authorization: `Basic ${Buffer.from('ada:wrong').toString('base64')}` })).status,
    (await get(page, { authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` })).status,
  ]
  expect(statuses).toEqual([401, 403, 200])
  const bearer = await start({ packages: PACKAGES, auth: { token: 't' } })
  expect((await get(`${bearer.url}alpha-beta/`, { authorization: 'Bearer t' })).status).toBe(200)
})

test('faults come as often as they are asked for, then the index is well', async () => {
  const index = await start({
    packages: PACKAGES,
    faults: [{ path: '/simple/alpha-beta/', status: 429, retryAfter: 1, times: 2 }],
  })
  const seen = []
  for (let n = 0; n < 3; n += 1) seen.push(await get(`${index.url}alpha-beta/`))
  expect(seen.map(({ status }) => status)).toEqual([429, 429, 200])
  expect(seen[0]?.headers['retry-after']).toBe('1')

  index.addFault({ path: '.whl', reset: true, times: 1 })
  index.addFault({ path: '.tar.gz', cutAfter: 10, times: 1 })
  await expect(get(`${index.origin}/files/alpha_beta-1.0-py3-none-any.whl`)).rejects.toThrow(/hang up|reset/i)
  await expect(get(`${index.origin}/files/alpha_beta-2.0.tar.gz`)).rejects.toThrow(/aborted|reset/i)
  expect(index.requests.at(-1)?.bytes).toBe(10)
  expect((await get(`${index.origin}/files/alpha_beta-2.0.tar.gz`)).status).toBe(200)
})

test('a recorded directory is served with its pages as they were', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'index-'))
  await mkdir(join(directory, 'pages'))
  await mkdir(join(directory, 'files'))
  const page = {
    name: 'six',
    versions: ['1'],
    files: [{ filename: 'six-1.whl', hashes: { sha256: 'aa' }, url: 'elsewhere' }],
  }
  await writeFile(join(directory, 'pages', 'six.json'), JSON.stringify(page))
  await writeFile(join(directory, 'files', 'six-1.whl'), 'wheel')
  const index = await start({ directory, latencyMs: 30 })
  const before = performance.now()
  const served = await json(`${index.url}six/`)
  expect(performance.now() - before).toBeGreaterThanOrEqual(29)
  expect(served.files[0].url).toBe('../../files/six-1.whl')
  expect((await get(`${index.origin}/files/six-1.whl`)).text).toBe('wheel')
  expect((await get(`${index.origin}/files/..%2Fpages%2Fsix.json`)).status).toBe(404)
})

test('all responses share one line', async () => {
  const index = await start({ packages: { big: { '1.0': { files: { 'big.bin': { noise: 100_000 } } } } } })
  const page = await json(`${index.url}big/`)
  const url = new URL(page.files[0].url, `${index.url}big/`).href
  index.setNetwork({ linkBandwidth: 1_000_000 })
  const before = performance.now()
  await Promise.all([get(url), get(url)])
  // 200 ms, less what the line makes up for as if it had been late.
  expect(performance.now() - before).toBeGreaterThanOrEqual(140)
})

async function start(options: IndexOptions) {
  const index = await startIndex(options)
  started.push(index)
  return index
}

async function json(url: string) {
  return JSON.parse((await get(url, { accept: JSON_TYPE })).text)
}

/** Without redirects and decompression, which `fetch` would hide. */
function get(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; bytes: Buffer; text: string }>(
    (resolve, reject) => {
      const sent = request(url, { headers, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const bytes = Buffer.concat(chunks)
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() })
        })
      })
      sent.on('error', reject)
      sent.end()
    },
  )
}
