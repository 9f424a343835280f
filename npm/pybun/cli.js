// Starts the CLI in this process. Kept to what old versions of Node understand, so that they get an answer, too.
var wanted = [20, 19]
var have = process.versions.node.split('.').map(Number)

if (have[0] < wanted[0] || (have[0] === wanted[0] && have[1] < wanted[1])) {
  tell({
    code: 'launcher/old-node',
    message: `Node.js ${process.versions.node} is too old: PyBun needs ${wanted.join('.')} or newer`,
    hint: 'install a newer Node.js from https://nodejs.org',
  })
} else if (!require('node:fs').existsSync(`${__dirname}/dist/main.mjs`)) {
  tell({
    code: 'launcher/not-built',
    message: 'this copy of PyBun has not been built',
    hint: 'in a checkout run `npm run prepare`; otherwise install the `pybun` package again',
  })
} else {
  import('./dist/main.mjs')
}

/** Says the problem in the format that the command line asks for, as the CLI would. */
function tell(problem) {
  process.exitCode = 1
  var args = process.argv.slice(2)
  if (args.indexOf('--format=json') < 0 && args[args.indexOf('--format') + 1] !== 'json') {
    process.stderr.write(`error: ${problem.message} [${problem.code}]\n  hint: ${problem.hint}\n`)
    return
  }
  var diagnostic = { level: 'error', code: problem.code, error_type: 'launcher' }
  diagnostic.message = problem.message
  diagnostic.hint = problem.hint
  var envelope = { version: 1, command: args.filter((arg) => arg[0] !== '-')[0] || '', status: 'error' }
  envelope.exit_code = 1
  envelope.duration_ms = 0
  envelope.result = null
  envelope.events = []
  envelope.diagnostics = [diagnostic]
  process.stdout.write(`${JSON.stringify(envelope)}\n`)
}
