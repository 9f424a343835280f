import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python } from '../cli/harness/sandbox.ts'

const PROBE = readFileSync(new URL('../../crates/shims/py/probe.py', import.meta.url), 'utf8')

/**
 * An executable that says of itself what a CPython of that version on x86-64 Linux with glibc would: resolving asks an
 * interpreter for nothing else, so that scenarios need neither that version nor that system.
 */
export function standIn(folder: string, version: string, glibc = '2.36'): string {
  const full = version.split('.').length === 2 ? `${version}.0` : version
  const minor = full.split('.').slice(0, 2).join('.')
  const facts = JSON.parse(execFileSync(python().executable, ['-I', '-S', '-B', '-c', PROBE], { encoding: 'utf8' }))
  const home = join(folder, `python-${full}-glibc-${glibc}`)
  const path = join(home, 'bin', `python${minor}`)
  Object.assign(facts, { version: full, executable: path, base_executable: path, prefix: home, base_prefix: home })
  Object.assign(facts, { libc: ['glibc', glibc], macos: null, pointer_bits: 64, debug: false, free_threaded: false })
  Object.assign(facts.markers, {
    implementation_name: 'cpython',
    implementation_version: full,
    os_name: 'posix',
    platform_machine: 'x86_64',
    platform_python_implementation: 'CPython',
    platform_system: 'Linux',
    python_full_version: full,
    python_version: minor,
    sys_platform: 'linux',
  })
  mkdirSync(join(home, 'bin'), { recursive: true })
  writeFileSync(path, `#!/bin/sh\ncat <<'EOF'\n${JSON.stringify(facts)}\nEOF\n`)
  chmodSync(path, 0o755)
  return path
}
