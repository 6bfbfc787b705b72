/** The package as it is published: whoever imports it finds code and types, as far as an ES module can be imported. */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inFolder } from './support/folder.ts'
import { within } from './support/within.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

const published = suite('the package')

published('resolves wherever it promises to', () =>
  inFolder(async folder => {
    // Without its scripts: they would build anew what these tests run from.
    const pack = run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
    await within(60_000, pack, 'npm pack')
    const [tarball] = readdirSync(folder)
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const args = [attw, join(folder, tarball!), '--profile', 'esm-only', '--format', 'ascii']
    const { code, said } = await within(
      60_000,
      run(process.execPath, args, { cwd: root }).then(
        () => ({ code: 0, said: '' }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, said: stdout }),
      ),
      'attw',
    )
    assert.is(code, 0, said)
  }),
)

published.run()
