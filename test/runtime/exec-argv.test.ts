import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { execArgvOf } from '../../src/runtime/remote/exec-argv.ts'

const flags = suite('the flags of a thread')
const far = '--conditions=millrace-far'

flags('are those that say how modules are loaded, with their values', () => {
  const given = ['--import', 'tsx', '-C', 'development', '--require=./a.cjs', '--enable-source-maps', '--no-warnings']
  assert.equal(execArgvOf(given), [...given, far])
})

flags("are none that are the process's own", () => {
  const given = ['--expose-gc', '--max-old-space-size=100', '-e', 'code', '--inspect', '--test', '--stack-size', '9']
  assert.equal(execArgvOf(given), [far])
})

flags('end where the command line does', () => {
  assert.equal(execArgvOf(['--import']), ['--import', far])
})

flags.run()
