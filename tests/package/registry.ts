import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Published {
  manifest: { name: string; version: string; [field: string]: unknown }
  /** None: the page exists, its file is never to be asked for. */
  tarball: string | null
}

export interface Registry {
  url: string
  /** Paths of the files that were asked for. */
  downloads: string[]
  close(): Promise<void>
}

/** A read-only npm registry with just these packages. */
export async function startRegistry(packages: Published[]): Promise<Registry> {
  const downloads: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1)
    const page = packages.find(({ manifest }) => manifest.name === path)
    const file = packages.find(({ manifest }) => path === `files/${manifest.name}.tgz`)
    if (page) {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(packument(page, `${url}files/${page.manifest.name}.tgz`)))
    } else if (file?.tarball) {
      downloads.push(path)
      response.end(readFileSync(file.tarball))
    } else {
      response.statusCode = 404
      response.end('{"error":"not found"}')
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { url, downloads, close }
}

function packument({ manifest, tarball }: Published, url: string) {
  const { name, version } = manifest
  const bytes = tarball ? readFileSync(tarball) : Buffer.alloc(0)
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  const dist = { tarball: url, integrity, shasum: createHash('sha1').update(bytes).digest('hex') }
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }
}
