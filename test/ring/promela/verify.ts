/** `npm run verify`: Spin looks at every order of steps of ring.pml, and must find each mistake that it knows by name. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const model = fileURLToPath(new URL('../../../../test/ring/promela/ring.pml', import.meta.url))

const right = [
  ['ITEMS=2', 'WORKERS=1', 'DEATHS=0'],
  ['ITEMS=2', 'WORKERS=2', 'DEATHS=0', 'FILLED'],
  ['ITEMS=2', 'WORKERS=1', 'DEATHS=1', 'FILLED'],
  ['ITEMS=1', 'WORKERS=2', 'DEATHS=1', 'FILLED'],
  ['ITEMS=2', 'WORKERS=1', 'DEATHS=1', 'FILLED', 'PARTS=2'],
  ['ITEMS=1', 'WORKERS=2', 'DEATHS=0', 'FILLED', 'PARTS=2'],
  ['ITEMS=1', 'WORKERS=2', 'DEATHS=0', 'FILLED', 'PARTS=2', 'LEAVES=1'],
  ['ITEMS=2', 'WORKERS=2', 'DEATHS=0', 'FILLED', 'LAST=0'],
  ['ITEMS=2', 'WORKERS=1', 'DEATHS=1', 'FILLED', 'LAST=0'],
  ['ITEMS=2', 'WORKERS=1', 'DEATHS=1', 'FILLED', 'FLUSH'],
]
const wrong = [
  ['PARKS_WITHOUT_A_SECOND_LOOK', 'DEATHS=0', 'ITEMS=2'],
  ['RINGS_BEFORE_IT_PUBLISHES', 'DEATHS=0', 'ITEMS=2'],
  ['COMMITS_BEFORE_THE_PAYLOAD', 'DEATHS=0', 'ITEMS=2', 'FILLED'],
  ['CUTS_WITHOUT_A_COMPARE', 'DEATHS=0', 'ITEMS=2', 'FILLED'],
  ['FREES_WHAT_IT_CLAIMS', 'DEATHS=0', 'ITEMS=3', 'WORKERS=1'],
  ['FORGETS_WHAT_WAS_GIVEN_BACK', 'DEATHS=1', 'ITEMS=2', 'WORKERS=1', 'FILLED'],
  ['WAKES_NOBODY_AFTER_A_DEATH', 'DEATHS=1', 'ITEMS=2', 'WORKERS=1', 'FILLED'],
  ['ONLY_RINGS_AFTER_A_DEATH', 'DEATHS=1', 'ITEMS=2', 'WORKERS=1', 'FILLED'],
  ['OVERWRITES_ITS_ARENA', 'DEATHS=0', 'ITEMS=2', 'FILLED'],
  ['NOTES_THE_REGION_AFTER_THE_COMMIT', 'DEATHS=1', 'ITEMS=2', 'WORKERS=1', 'FILLED'],
  ['GIVES_BACK_WITHOUT_A_WORD', 'DEATHS=0', 'ITEMS=1', 'FILLED', 'PARTS=2', 'LEAVES=1'],
  ['COUNTS_WITHOUT_A_BELL', 'DEATHS=0', 'ITEMS=1', 'FILLED', 'PARTS=2', 'LEAVES=1'],
  ['TAKES_A_PART_FOR_ALL', 'DEATHS=0', 'ITEMS=1', 'WORKERS=1', 'FILLED', 'PARTS=2'],
  ['TAKES_WHAT_A_DEAD_WORKER_WROTE_DOWN', 'DEATHS=1', 'ITEMS=1', 'WORKERS=1', 'FILLED', 'PARTS=2'],
  ['PUBLISHES_BEHIND_THE_LAST', 'DEATHS=0', 'ITEMS=2', 'FILLED', 'LAST=0'],
  ['ENDS_BEFORE_THE_LAST_IS_PUBLISHED', 'DEATHS=0', 'ITEMS=2', 'FILLED', 'LAST=1'],
  ['ENDS_AT_THE_COMMIT', 'DEATHS=1', 'ITEMS=2', 'WORKERS=1', 'FILLED', 'LAST=0'],
  ['FLUSHES_AGAIN', 'DEATHS=0', 'ITEMS=1', 'WORKERS=1', 'FILLED', 'FLUSH'],
  ['NEVER_FLUSHES', 'DEATHS=0', 'ITEMS=1', 'WORKERS=1', 'FILLED', 'FLUSH'],
  ['NEVER_SPILLS', 'DEATHS=1', 'ITEMS=2', 'FILLED'],
]

for (const [tool, from] of [
  ['spin', 'apt-get install spin, or https://spinroot.com'],
  ['gcc', 'apt-get install gcc'],
] as const) {
  if (spawnSync(tool, ['--version']).error) {
    console.error(`npm run verify needs \`${tool}\`: ${from}`)
    process.exit(2)
  }
}

let hasFailed = false
for (const [flags, isWrong] of [
  ...right.map(flags => [flags, false] as const),
  ...wrong.map(flags => [flags, true] as const),
]) {
  const { errors, states, seconds } = check(flags)
  const isFine = isWrong ? errors > 0 : errors === 0
  hasFailed ||= !isFine
  const found = errors > 0 ? 'found to be wrong' : 'no error'
  console.log(`${isFine ? 'ok  ' : 'FAIL'} ${flags.join(' ')}: ${found}, ${states} states, ${seconds.toFixed(1)} s`)
}
process.exit(hasFailed ? 1 : 0)

function check(flags: readonly string[]): { errors: number; states: number; seconds: number } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-spin-'))
  try {
    execFileSync('spin', ['-a', ...flags.map(flag => `-D${flag}`), model], { cwd: folder, stdio: 'pipe' })
    execFileSync('gcc', ['-O2', '-DSAFETY', '-DCOLLAPSE', '-DVECTORSZ=2048', '-o', 'pan', 'pan.c'], {
      cwd: folder,
      stdio: 'pipe',
    })
    const startedAt = performance.now()
    const { stdout } = spawnSync('./pan', ['-m500000'], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 })
    const errors = Number(/errors: (\d+)/.exec(stdout)?.[1] ?? Number.NaN)
    if (Number.isNaN(errors) || /max search depth too small|out of memory/.test(stdout)) throw new Error(stdout)
    const states = Number(/(\d+) states, stored/.exec(stdout)?.[1] ?? 0)
    return { errors, states, seconds: (performance.now() - startedAt) / 1000 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
