import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { World, WorldRelease } from './world.ts'

export interface WorldIndex {
  /** The index of one world. */
  url(world: World): string
  close(): Promise<void>
}

/**
 * Serves the pages and the metadata of many worlds (PEP 691 and 658), each as an index of its own. There are no files:
 * nothing is installed from here. Pages are as fresh as those of the public index.
 */
export async function serveWorlds(): Promise<WorldIndex> {
  const worlds = new Map<string, World>()
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const [, seed = '', kind, name = ''] = decodeURIComponent(request.url ?? '').split('/')
    const world = worlds.get(seed)
    const body = world && (kind === 'simple' ? page(world, name) : metadataOfFile(world, name))
    if (!body) {
      response.writeHead(404).end()
      return
    }
    const type = kind === 'simple' ? 'application/vnd.pypi.simple.v1+json' : 'text/plain'
    response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=600, public' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url(world) {
      worlds.set(String(world.seed), world)
      return `http://127.0.0.1:${port}/${world.seed}/simple/`
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function page(world: World, name: string): string | null {
  const releases = world.packages[name]
  if (!releases) return null
  const files = Object.entries(releases).map(([version, release]) => {
    const filename = `${name.replaceAll('-', '_')}-${version}-py3-none-any.whl`
    return {
      filename,
      url: `../../files/${encodeURIComponent(filename)}`,
      hashes: { sha256: sha256(filename) },
      size: 1000,
      'upload-time': '2024-01-01T00:00:00.000000Z',
      'core-metadata': { sha256: sha256(metadata(name, version, release)) },
      yanked: release.yanked ?? false,
      ...(release.requires_python ? { 'requires-python': release.requires_python } : {}),
    }
  })
  return JSON.stringify({ meta: { 'api-version': '1.1' }, name, versions: Object.keys(releases), files })
}

function metadataOfFile(world: World, file: string): string | null {
  const [, raw = '', version = ''] = /^([^-]+)-([^-]+)-py3-none-any\.whl\.metadata$/.exec(file) ?? []
  const name = raw.replaceAll('_', '-')
  const release = world.packages[name]?.[version]
  return release ? metadata(name, version, release) : null
}

/** METADATA; what an extra asks for has the extra in its marker. */
export function metadata(name: string, version: string, release: WorldRelease): string {
  const lines = ['Metadata-Version: 2.1', `Name: ${name}`, `Version: ${version}`]
  if (release.requires_python) lines.push(`Requires-Python: ${release.requires_python}`)
  lines.push(...release.requires.map((text) => `Requires-Dist: ${text}`))
  for (const [extra, requires] of Object.entries(release.extras)) {
    lines.push(`Provides-Extra: ${extra}`)
    for (const text of requires) {
      const [requirement = '', marker] = text.split(' ; ')
      const condition = marker ? `(${marker}) and extra == '${extra}'` : `extra == '${extra}'`
      lines.push(`Requires-Dist: ${requirement} ; ${condition}`)
    }
  }
  return `${lines.join('\n')}\n`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
