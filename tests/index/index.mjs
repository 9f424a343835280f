/** A package index on 127.0.0.1 that behaves like a real one, and misbehaves on request. See index.d.mts. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { directorySource } from './directory.mjs'
import { faultBook } from './faults.mjs'
import { normalized } from './metadata.mjs'
import { inventedSource } from './packages.mjs'
import { chooseType, renderList, renderPage, STORAGE } from './pages.mjs'

export { inventedFiles, inventedSource } from './packages.mjs'

const LAST_MODIFIED = 'Mon, 01 Jan 2024 00:00:00 GMT'
const PAGE_CACHE = 'max-age=600, public'
const FILE_CACHE = 'max-age=365000000, immutable, public'
const CHUNK = 16 * 1024
const LATE_MS = 50

/**
 * @param {import('./index.d.mts').IndexOptions} [options]
 * @returns {Promise<import('./index.d.mts').LocalIndex>}
 */
export async function startIndex(options = {}) {
  const source =
    options.source ?? (options.directory ? directorySource(options.directory) : inventedSource(options.packages ?? {}))
  const state = {
    options: { ...options },
    source,
    faults: faultBook(options.faults ?? []),
    requests: [],
    rendered: new Map(),
    link: { freeAt: 0 },
  }
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    serve(state, request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(`${error.stack}\n`)
    })
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', () => resolve(undefined))
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const origin = `http://127.0.0.1:${port}`
  return {
    url: `${origin}/simple/`,
    origin,
    port,
    requests: state.requests,
    addFault: (fault) => state.faults.add(fault),
    clearFaults: () => state.faults.clear(),
    setNetwork: (network) => Object.assign(state.options, network),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Every request is logged first, then delayed, then refused or answered: the order a network has. */
async function serve(state, request, response) {
  const { options, requests, faults } = state
  const path = new URL(request.url ?? '/', 'http://index').pathname
  const method = request.method ?? 'GET'
  const entry = { method, path, headers: request.headers, status: 0, bytes: 0 }
  requests.push(entry)
  response.on('close', () => {
    entry.status = response.headersSent ? response.statusCode : 0
  })
  if (options.latencyMs) await pause(options.latencyMs)
  const fault = faults.take(method, path)
  if (fault?.delayMs) await pause(fault.delayMs)
  if (fault?.reset) return request.socket.resetAndDestroy()
  if (fault?.status) return refuse(response, fault.status, faultHeaders(fault), fault.body ?? `fault ${fault.status}\n`)
  const denied = denial(options.auth, request.headers.authorization, path)
  if (denied) return refuse(response, denied.status, denied.headers, 'authentication required\n')
  const reply = { request, response, entry, options, fault, link: state.link }
  if (path.startsWith('/files/')) {
    const filename = path.slice('/files'.length).replace(STORAGE, '/').slice(1)
    return sendFile(state, decodeURIComponent(filename), reply)
  }
  if (path === '/simple/' || path === '/simple') return sendList(state, reply)
  const project = /^\/simple\/([^/]+)(\/?)$/.exec(path)
  if (project) return sendPage(state, decodeURIComponent(project[1] ?? ''), project[2] === '/', reply)
  return refuse(response, 404, {}, 'not found\n')
}

async function sendPage(state, asked, slash, reply) {
  const name = normalized(asked)
  if (name !== asked || !slash) return refuse(reply.response, 301, { location: `/simple/${name}/` }, '')
  const type = chooseType(reply.request.headers.accept, { json: state.options.json ?? true })
  const key = `${type} ${name}`
  let rendered = state.rendered.get(key)
  if (!rendered) {
    const page = await state.source.page(name)
    if (page === null) return refuse(reply.response, 404, {}, 'no such project\n')
    const filesUrl = state.options.absoluteUrls ? `http://${reply.request.headers.host}/files/` : '../../files/'
    rendered = finished(
      renderPage(
        { ...page, status: state.options.statuses?.[name] },
        { type, filesUrl, metadata: state.options.metadata ?? true },
      ),
    )
    state.rendered.set(key, rendered)
  }
  return sendText(rendered, type, reply)
}

async function sendList(state, reply) {
  const type = chooseType(reply.request.headers.accept, { json: state.options.json ?? true })
  return sendText(finished(renderList(await state.source.names(), type)), type, reply)
}

/** @param {string} text */
function finished(text) {
  const plain = Buffer.from(text)
  return { plain, packed: gzipSync(plain), etag: `"${createHash('sha256').update(plain).digest('hex').slice(0, 32)}"` }
}

async function sendText({ plain, packed, etag }, type, reply) {
  const { request, options } = reply
  const headers = {
    'content-type': type === 'text/html' ? 'text/html; charset=utf-8' : type,
    vary: 'Accept, Accept-Encoding',
  }
  if (options.cacheHeaders ?? true) {
    Object.assign(headers, {
      etag,
      'last-modified': LAST_MODIFIED,
      'cache-control': options.cacheControl ?? PAGE_CACHE,
    })
    if (isUnchanged(request.headers, etag)) return refuse(reply.response, 304, headers, null)
  }
  const gzip = (options.gzip ?? true) && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  if (gzip) headers['content-encoding'] = 'gzip'
  return sendBytes(gzip ? packed : plain, 200, headers, reply)
}

async function sendFile(state, filename, reply) {
  const { options, response, request } = reply
  const isMetadata = filename.endsWith('.metadata')
  if (filename.includes('/') || filename.includes('..')) return refuse(response, 404, {}, 'not found\n')
  if (isMetadata && options.metadata === false) return refuse(response, 404, {}, 'no metadata files here\n')
  const file = swapped(await state.source.file(filename), reply.fault)
  if (file === null) return refuse(response, 404, {}, 'no such file\n')
  const etag = `"${file.etag}"`
  const headers = { 'content-type': isMetadata ? 'text/plain' : 'application/octet-stream' }
  if (options.cacheHeaders ?? true) {
    Object.assign(headers, { etag, 'last-modified': LAST_MODIFIED, 'cache-control': FILE_CACHE })
    if (isUnchanged(request.headers, etag)) return refuse(response, 304, headers, null)
  }
  const lie = request.headers.range ? reply.fault?.range : undefined
  const isOther = (request.headers['if-range'] ?? etag) !== etag
  const ranges = (options.ranges ?? true) && lie !== 'whole' && !isOther
  if (ranges) headers['accept-ranges'] = 'bytes'
  const range = ranges ? parseRange(request.headers.range, file.size) : null
  if (range === 'unsatisfiable' || lie === 'refused')
    return refuse(response, 416, { 'content-range': `bytes */${file.size}` }, '')
  const { start, end } = range ?? { start: 0, end: file.size }
  if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${file.size}`
  if (range && lie) return sendLie(lie, { file, start, end }, headers, reply)
  if (request.method === 'HEAD') return sendHead(end - start, range ? 206 : 200, headers, reply)
  return sendBytes(await file.read(start, end), range ? 206 : 200, headers, reply)
}

/** A part that is not what was asked for. */
async function sendLie(lie, { file, start, end }, headers, reply) {
  const shift = start > 7 ? -7 : 7
  const half = start + Math.ceil((end - start) / 2)
  switch (lie) {
    case 'shifted':
      return sendBytes(await file.read(start + shift, end + shift), 206, headers, reply)
    case 'half':
      headers['content-range'] = `bytes ${start}-${half - 1}/${file.size}`
      return sendBytes(await file.read(start, half), 206, headers, reply)
    case 'other-header':
      headers['content-range'] = `bytes ${start + shift}-${end + shift - 1}/${file.size}`
      return sendBytes(await file.read(start, end), 206, headers, reply)
    case 'no-header':
      delete headers['content-range']
      return sendBytes(await file.read(start, end), 206, headers, reply)
    default:
      throw new Error(`unknown lie ${lie}`)
  }
}

/** Another file of the same size. */
function swapped(file, fault) {
  if (!file || !fault?.swapped) return file
  const read = async (start, end) => Buffer.from((await file.read(start, end)).map((byte) => byte ^ 0x55))
  return { size: file.size, etag: fault.swapped === 'sameTag' ? file.etag : `other-${file.etag}`.slice(0, 32), read }
}

/** @param {import('node:http').IncomingHttpHeaders} headers @param {string} etag */
function isUnchanged(headers, etag) {
  const tags = headers['if-none-match']
  if (tags) return tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
  return headers['if-modified-since'] === LAST_MODIFIED
}

/** One range of bytes (RFC 9110, 14.1.2); several ranges get the whole file, as the RFC allows. */
function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return null
  if (match[1] === '') return { start: Math.max(0, size - Number(match[2])), end: size }
  const start = Number(match[1])
  if (start >= size) return 'unsatisfiable'
  return { start, end: match[2] === '' ? size : Math.min(size, Number(match[2]) + 1) }
}

function sendHead(length, status, headers, { response }) {
  response.writeHead(status, { ...headers, 'content-length': length })
  response.end()
}

async function sendBytes(right, status, headers, reply) {
  const { request, response, entry, options, fault, link } = reply
  const bytes = fault?.flipAt === undefined ? right : flipped(right, fault.flipAt)
  const length = bytes.length + (fault?.lengthOff ?? 0)
  response.writeHead(status, { ...headers, 'content-length': length, ...fault?.headers })
  if (request.method === 'HEAD') return void response.end()
  const limit = Math.min(fault?.cutAfter ?? fault?.stallAfter ?? bytes.length, bytes.length)
  const pace = options.bandwidth
  const step = fault?.drip ?? (pace || options.linkBandwidth ? CHUNK : limit)
  for (let at = 0; at < limit; at += step) {
    const chunk = bytes.subarray(at, Math.min(limit, at + step))
    if (options.linkBandwidth) await turn(link, chunk.length / options.linkBandwidth)
    entry.bytes += chunk.length
    if (!response.write(chunk) && !response.destroyed) await drained(response)
    if (response.destroyed) return
    if (pace) await pause((chunk.length / pace) * 1000)
    if (fault?.drip) await pause(10)
  }
  if (fault?.stallAfter !== undefined) return
  if (fault?.cutAfter !== undefined || fault?.lengthOff) return void request.socket.destroySoon()
  response.end()
}

/** @param {Buffer} bytes @param {number} at from the end when it is negative */
function flipped(bytes, at) {
  const copy = Buffer.from(bytes)
  const place = at < 0 ? copy.length + at : Math.min(at, copy.length - 1)
  copy[place] = (copy[place] ?? 0) ^ 1
  return copy
}

/**
 * Waits until the line, which all responses share, has carried what was promised before and these `seconds` more. Timers come
 * late: what was lost by that within the last moment is made up for, so that the rate is right on average.
 */
async function turn(link, seconds) {
  const now = performance.now()
  link.freeAt = Math.max(link.freeAt, now - LATE_MS) + seconds * 1000
  const wait = link.freeAt - now
  if (wait > 1) await pause(wait)
}

/** @param {import('node:http').ServerResponse} response */
function drained(response) {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve(undefined)
    }
    response.on('drain', done).on('close', done)
  })
}

/** @param {import('node:http').ServerResponse} response */
function refuse(response, status, headers, body) {
  const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, { ...headers, ...length })
  response.end(body ?? undefined)
}

/** @param {import('./index.d.mts').Fault} fault */
function faultHeaders(fault) {
  return {
    'content-type': 'text/plain',
    ...(fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }),
    ...(fault.location === undefined ? {} : { location: fault.location }),
    ...fault.headers,
  }
}

/** @param {import('./index.d.mts').Auth | undefined} auth @param {string | undefined} header @param {string} path */
function denial(auth, header, path) {
  if (!auth || (path.startsWith('/files/') && auth.files === false)) return null
  const expected =
    'token' in auth
      ? `Bearer ${auth.token}`
      : `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`
  if (header === expected) return null
  if (header) return { status: auth.wrongStatus ?? 403, headers: {} }
  return { status: 401, headers: { 'www-authenticate': 'token' in auth ? 'Bearer' : 'Basic realm="index"' } }
}
