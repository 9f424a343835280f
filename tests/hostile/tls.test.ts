/** Certificates that are not to be trusted, and redirects that leave TLS or the host. Certificates are made by openssl. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../cli/harness/run.ts'
import { sandbox } from '../cli/harness/sandbox.ts'
import { type LocalIndex, startIndex } from '../index/index.mjs'

const MANIFEST = '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["alpha"]\n'
const PACKAGES = { alpha: { '1.0': { files: { 'alpha.py': 'x = 1\n' } } } }

let directory: string
let plain: LocalIndex

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pybun-tls-'))
  plain = await startIndex({ packages: PACKAGES })
  certificate('good', 'IP:127.0.0.1', 2)
  certificate('other-host', 'DNS:index.example', 2)
  certificate('expired', 'IP:127.0.0.1', -1)
})

afterAll(async () => {
  await plain.close()
  rmSync(directory, { recursive: true })
})

describe('certificates', () => {
  test.each([
    ['good', 'good', 'installed'],
    ['good', 'other-host', 'fetch/untrusted-certificate'],
    ['other-host', 'other-host', 'fetch/untrusted-certificate'],
    ['expired', 'expired', 'fetch/untrusted-certificate'],
  ])('%s, where %s is trusted', async (shown, trusted, outcome) => {
    const { told } = await asked({ shown, trusted })
    expect(told).toBe(outcome)
  })
})

test('a redirect that leaves TLS gets no credentials, nor does what comes after it', async () => {
  const before = plain.requests.length
  const { told, seen } = await asked({ shown: 'good', trusted: 'good', leaves: true })
  expect(told).toBe('installed')
  expect(seen.map(({ authorization }) => authorization)).toEqual([expect.stringMatching(/^Basic /)])
  const later = plain.requests.slice(before)
  expect(later.length).toBeGreaterThanOrEqual(2)
  expect(later.map(({ headers }) => headers.authorization)).toEqual(later.map(() => undefined))
})

/** One installation from a server that shows one certificate, by a client that trusts another. */
async function asked(how: { shown: string; trusted: string; leaves?: true }) {
  const seen: IncomingHttpHeaders[] = []
  const options = { key: readFileSync(file(how.shown, 'key')), cert: readFileSync(file(how.shown, 'pem')) }
  const server = createServer(options, (request, response) => {
    seen.push(request.headers)
    if (how.leaves) return void response.writeHead(302, { location: `${plain.origin}${request.url}` }).end()
    void handedOn(request.url ?? '/').then(({ type, body }) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const box = sandbox(null, `https://user:secret@127.0.0.1:${port}/simple/`)
  try {
    writeFileSync(join(box.project, 'pyproject.toml'), MANIFEST)
    const env = { SSL_CERT_FILE: file(`${how.trusted}-authority`, 'pem'), PYBUN_HTTP_RETRIES: '0' }
    const ran = await run(box, { args: ['install'], env, exit: 0 }, ['--format=json'])
    expect(ran.stdout + ran.stderr).not.toContain('secret')
    const [problem] = JSON.parse(ran.stdout).diagnostics as { code: string }[]
    return { told: problem?.code ?? (ran.exit === 0 ? 'installed' : ran.stderr), seen }
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    box.remove()
  }
}

async function handedOn(path: string) {
  const answer = await fetch(plain.origin + path)
  return { type: answer.headers.get('content-type') ?? '', body: Buffer.from(await answer.arrayBuffer()) }
}

function file(name: string, kind: 'key' | 'pem'): string {
  return join(directory, `${name}.${kind}`)
}

/** An authority, and a certificate for `host` that it signed, valid for so many days from now. */
function certificate(name: string, host: string, days: number) {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
  const key = (of: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', file(of, 'key')]
  openssl(
    'req',
    '-x509',
    ...key(`${name}-authority`),
    '-out',
    file(`${name}-authority`, 'pem'),
    '-subj',
    '/CN=authority',
  )
  const request = join(directory, `${name}.request`)
  openssl('req', '-new', ...key(name), '-out', request, '-subj', '/CN=pybun')
  const more = join(directory, `${name}.more`)
  writeFileSync(more, `subjectAltName=${host}\n`)
  const authority = [
    '-CA',
    file(`${name}-authority`, 'pem'),
    '-CAkey',
    file(`${name}-authority`, 'key'),
    '-CAcreateserial',
  ]
  const signed = ['-out', file(name, 'pem'), '-days', `${days}`, '-extfile', more]
  openssl('x509', '-req', '-in', request, ...authority, ...signed)
}
