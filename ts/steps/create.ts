import { basename, join, resolve } from 'node:path'
import { fail } from '../errors/failure.ts'
import { alreadyAProject, badProjectName, keywordName, standardName } from '../errors/project.ts'
import { value } from '../model/invocation.ts'
import type { Interpreter } from '../model/native.ts'
import type { Problem } from '../model/problem.ts'
import type { Context } from './context.ts'
import { writeFile } from './files.ts'
import { loadPlace } from './load.ts'
import { choosePython } from './python.ts'
import { KEYWORDS, STANDARD_MODULES } from './python-names.ts'

/** What a new project begins with. */
export interface NewProject {
  directory: string
  name: string
  description: string
  /** `3.12`: the interpreter's version as far as it says what the language is. */
  python: string
}

/** Proposes a project for a directory; asks the person in front of us unless they wave it through. */
export async function proposeProject(
  context: Context,
  wish: { path: string | null; name: string | null; description: string | null; ask: boolean },
): Promise<NewProject> {
  const { cwd, files, tty, prompts } = context.system
  const directory = resolve(cwd, wish.path ?? '.')
  const manifest_path = join(directory, 'pyproject.toml')
  if (await files.isFile(manifest_path)) fail(alreadyAProject(manifest_path))
  const name = wish.name ?? nameFrom(directory)
  const problem = nameProblem(name)
  if (problem) fail(problem)
  const place = await loadPlace(context)
  const chosen = await choosePython(context, place, { requires_python: null, directory })
  const proposal = { directory, name, description: wish.description ?? '', python: minor(chosen) }
  if (!wish.ask || !tty.stdin || !tty.stderr || context.format === 'json') return proposal
  const answer = await prompts.text({
    message: 'Name of the project',
    initial: name,
    check: (typed) => nameProblem(typed)?.message ?? null,
  })
  const python = await askPython(context, place.settings.cache_dir, chosen)
  const description = await prompts.text({
    message: 'What is it for, in one sentence?',
    initial: proposal.description,
    check: () => null,
  })
  return { ...proposal, name: answer, description, python }
}

/** Writes the files of a `src` layout. A file that is there already is kept; ignore files get their line. */
export async function createProject(context: Context, project: NewProject) {
  const { files } = context.system
  const at = (path: string) => join(project.directory, path)
  const written: string[] = []
  const kept: string[] = []
  for (const [path, text] of contents(project)) {
    if (await files.isFile(at(path))) {
      kept.push(path)
      continue
    }
    await writeFile(context, project.directory, at(path), text)
    written.push(path)
  }
  written.push(...(await ignoreDerived(context, project.directory)))
  // Last, since its presence is what makes the directory a project.
  await writeFile(context, project.directory, at('pyproject.toml'), manifest(project))
  written.push('pyproject.toml')
  return { written: [...new Set(written)].sort(), kept, git_diff: await teachGit(context, project.directory) }
}

/** Tells git what is derived, and what is binary; says which files it wrote. */
export async function ignoreDerived(context: Context, directory: string): Promise<string[]> {
  const { files } = context.system
  const written: string[] = []
  for (const [path, line] of LINES) {
    const before = (await files.readText(join(directory, path))) ?? ''
    if (before.split(/\r?\n/).includes(line)) continue
    const gap = before === '' || before.endsWith('\n') ? '' : '\n'
    await writeFile(context, directory, join(directory, path), `${before}${gap}${line}\n`)
    written.push(path)
  }
  return written
}

/** `git diff` shows the lock as text in this clone; other clones need the command once. */
export async function teachGit(context: Context, directory: string): Promise<boolean> {
  const args = ['-C', directory, 'config', 'diff.pybun.textconv', 'pybun lock --json']
  if (context.system.env.PATH === undefined) return false
  try {
    const answer = await context.system.processes.capture({ program: 'git', args, env: {} }, 1024, context.signal)
    return answer.exit_code === 0
  } catch {
    return false
  }
}

export const GIT_DIFF_COMMAND = ['git', 'config', 'diff.pybun.textconv', 'pybun lock --json']

const LINES: [string, string][] = [
  ['.gitignore', '.pybun/'],
  ['.gitattributes', 'pybun.lockb binary diff=pybun'],
]

function contents({ name, description, python }: NewProject): [string, string][] {
  const module = moduleOf(name)
  return [
    ['README.md', `# ${name}\n${description ? `\n${description}\n` : ''}`],
    ['.python-version', `${python}\n`],
    ['.gitignore', '__pycache__/\n*.py[cod]\nbuild/\ndist/\n*.egg-info/\n'],
    [`src/${module}/__init__.py`, `def main() -> None:\n    print("Hello from ${name}!")\n`],
    [`src/${module}/__main__.py`, `from ${module} import main\n\nmain()\n`],
  ]
}

function manifest({ name, description, python }: NewProject): string {
  return `[project]
name = ${JSON.stringify(name)}
version = "0.1.0"
description = ${JSON.stringify(description || 'Add your description here')}
readme = "README.md"
requires-python = ">=${python}"
dependencies = []

[project.scripts]
${scriptKey(name)} = "${moduleOf(name)}:main"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
`
}

/** A dot would open a table. */
function scriptKey(name: string): string {
  return name.includes('.') ? JSON.stringify(name) : name
}

function moduleOf(name: string): string {
  const module = name.toLowerCase().replace(/[-.]+/g, '_')
  return /^\d/.test(module) ? `_${module}` : module
}

async function askPython(context: Context, cache_dir: string, chosen: Interpreter): Promise<string> {
  if (value(context.options, 'python') !== null) return minor(chosen)
  const { interpreters } = await context.native.pythonFind({ cwd: context.system.cwd, cache_dir })
  const versions = [...new Set([minor(chosen), ...interpreters.map(minor)])]
  const choices = versions.map((version) => ({ value: version, label: `Python ${version}` }))
  return context.system.prompts.select({ message: 'Oldest Python it is for', choices })
}

export function minor({ version }: Interpreter): string {
  return version.split('.').slice(0, 2).join('.')
}

export function nameFrom(directory: string): string {
  return basename(directory)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
}

/** A project that is made here is imported under its name as well. */
function nameProblem(name: string): Problem | null {
  if (!isName(name)) return badProjectName(name)
  const module = moduleOf(name)
  return KEYWORDS.has(module) ? keywordName(name) : STANDARD_MODULES.has(module) ? standardName(name) : null
}

export function isName(name: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name)
}
