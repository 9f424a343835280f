#!/usr/bin/env node
/**
 * The local index as a command: node tests/index/serve.mjs DIRECTORY|FILE.json [--port N] [--latency MS] [--bandwidth B/S]
 *   [--link-bandwidth B/S] [--control] [--no-metadata] [--no-ranges] [--no-json] [--no-gzip] [--no-cache-headers] [--log]
 * DIRECTORY was recorded by benches/record.mjs; FILE.json holds IndexOptions. The first line of output is the address. With
 * --control every line of input is another network, such as {"latencyMs": 20, "linkBandwidth": 12500000}, answered by "set".
 */
import { readFileSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startIndex } from './index.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '0' },
    latency: { type: 'string', default: '0' },
    bandwidth: { type: 'string' },
    'link-bandwidth': { type: 'string' },
    control: { type: 'boolean' },
    'no-metadata': { type: 'boolean' },
    'no-ranges': { type: 'boolean' },
    'no-json': { type: 'boolean' },
    'no-gzip': { type: 'boolean' },
    'no-cache-headers': { type: 'boolean' },
    log: { type: 'boolean' },
  },
})
const [path] = positionals
if (!path) {
  console.error('usage: node tests/index/serve.mjs DIRECTORY|FILE.json [--port N] [--latency MS] ...')
  process.exit(2)
}
const content = statSync(path).isDirectory() ? { directory: path } : JSON.parse(readFileSync(path, 'utf8'))
const index = await startIndex({
  ...content,
  port: Number(values.port),
  latencyMs: Number(values.latency),
  ...(values.bandwidth ? { bandwidth: Number(values.bandwidth) } : {}),
  ...(values['link-bandwidth'] ? { linkBandwidth: Number(values['link-bandwidth']) } : {}),
  ...(values['no-metadata'] ? { metadata: false } : {}),
  ...(values['no-ranges'] ? { ranges: false } : {}),
  ...(values['no-json'] ? { json: false } : {}),
  ...(values['no-gzip'] ? { gzip: false } : {}),
  ...(values['no-cache-headers'] ? { cacheHeaders: false } : {}),
})
console.log(index.url)
if (values.control) {
  createInterface({ input: process.stdin }).on('line', (line) => {
    index.setNetwork(JSON.parse(line))
    console.log('set')
  })
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    await index.close()
    if (values.log) {
      for (const { method, path: asked, status, bytes, headers } of index.requests) {
        console.log(method, status, bytes, asked, headers.range ?? '')
      }
    }
    process.exit(0)
  })
}
