import * as assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { map } from 'rxjs'
import { suite } from 'uvu'
import { defineActor } from '../../src/actor/define-actor.ts'
import { InvalidBlueprint } from '../../src/errors.ts'
import { blueprintOf } from '../../src/pipeline/blueprint.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { exportMistakes } from '../../src/pipeline/travel.ts'
import { inFolder } from '../support/folder.ts'

const validation = suite('validate')

/** As somebody would write it who does not read types. */
const any = (made: unknown) => made as any
const f = (n: number) => n
const fold = { start: () => 0, receive: f }

validation('tells all mistakes at once, and starts nothing', () => {
  let asked = 0
  const made = any(
    pipeline('p').from(() => {
      asked++
      return [1]
    }),
  )
    .stage('a', f, { worker: 1 })
    .stage('a', f, { order: 'random' })
    .supervise({ grace: -1 })
  assert.throws(
    () => made.run({ inFlight: 0 }),
    (error: unknown) => {
      assert.ok(error instanceof InvalidBlueprint)
      assert.deepEqual(
        error.mistakes.map(({ code }) => code).sort(),
        ['DUPLICATE_NAME', 'INVALID_OPTION', 'INVALID_OPTION', 'INVALID_OPTION', 'UNKNOWN_OPTION'].sort(),
      )
      assert.match(error.message, /^p: `inFlight` must be .*, and 4 more mistakes:\n {2}p: /)
      return true
    },
  )
  assert.equal(asked, 0)
})

validation('tells what is wrong together beside what is wrong alone, and in a pipeline that is a stage as well', () => {
  const inner = any(pipeline<number>('inner')).stage('t', f, { wrokers: 1 })
  const made = any(pipeline('p').from([1]))
    .stage('sum', fold, { workers: 4, timout: 5 })
    .stage('slots', f, { concurrency: 8, inFlight: 2, order: 'random' })
    .stage('away', inner, { emit: 'now' })
    .stage('none', 5, { wrokers: 2 })
  assert.deepEqual(
    made.validate({ on: 5 }).map(({ code, place }: { code: string; place: string }) => `${place} ${code}`),
    [
      'p INVALID_OPTION',
      'p/sum UNKNOWN_OPTION',
      'p/sum STATEFUL_WORKERS',
      'p/slots INVALID_OPTION',
      'p/slots IN_FLIGHT',
      'p/away INVALID_OPTION',
      'p/away/inner/t UNKNOWN_OPTION',
      'p/none UNKNOWN_OPTION',
      'p/none NOT_A_BODY',
    ],
  )
})

validation('tells warnings and notes, which keep nothing from running', async () => {
  const made = pipeline('p')
    .from([3, 1, 2])
    .stage('shuffle', async n => n, { concurrency: 2, order: 'completion' })
    .stage('sum', { start: () => ({ sum: 0 }), receive: (n: number, state) => (state.sum += n) })
    .pipe(map(n => n))
  assert.deepEqual(
    made.validate().map(({ level, code, place }) => [level, code, place]),
    [
      ['warning', 'STATEFUL_AFTER_COMPLETION', 'p/sum'],
      ['note', 'ASYNC_OPERATORS', 'p/pipe@3'],
    ],
  )
  const results: number[] = []
  for await (const result of made.run()) results.push(result)
  assert.equal(results.at(-1), 6)
})

validation('warns of no state that has a key, stands before, or comes in order', () => {
  const shuffled = any(pipeline('p').from([1])).stage('s', f, { concurrency: 2, order: 'completion' })
  assert.deepEqual(shuffled.stage('t', fold, { key: 'id' }).validate(), [])
  assert.deepEqual(shuffled.stage('t', f).validate(), [])
  const alone = { order: 'completion' } // one at a time leave as they came
  assert.deepEqual(
    any(pipeline('p').from([1]))
      .stage('t', fold)
      .stage('s', f, alone)
      .stage('u', fold)
      .validate(),
    [],
  )
  for (const how of [{ workers: 2 }, { workers: 'auto' }, { workers: { min: 1, max: 4 } }]) {
    const made = any(pipeline('p').from([1]))
      .stage('s', f, { ...how, ...alone })
      .map(f)
      .stage('u', fold)
    assert.deepEqual(
      made.validate().map(({ code }: { code: string }) => code),
      ['STATEFUL_AFTER_COMPLETION'],
    )
  }
})

validation('lets a run move what can travel, and leaves what cannot where it is', () => {
  const made = any(pipeline('p').from([1]))
    .stage('closure', f)
    .stage('actor', defineActor('a', import.meta, f))
  assert.deepEqual(
    made.validate({ on: 'threads' }).map(({ code, place }: { code: string; place: string }) => [code, place]),
    [],
  )
})

validation('sees before anything has loaded that a module exports nothing, and leaves one that does to be asked', () =>
  inFolder(async folder => {
    const library = new URL('../../src/index.js', import.meta.url)
    const program = [
      `import { pipeline } from '${library}'`,
      "const clean = pipeline('clean', import.meta).map(text => text.trim())",
      "globalThis.made = pipeline('words').from(['a ']).stage('clean', clean, { on: 'threads' })",
      'globalThis.codes = globalThis.made.validate().map(({ code }) => code)',
    ]
    const codesOf = async (...lines: string[]) => {
      const file = join(folder, `${lines.length}.mjs`)
      writeFileSync(file, lines.join('\n'))
      await import(pathToFileURL(file).href)
      const { made, codes } = globalThis as any
      const later = await exportMistakes(blueprintOf(made)!)
      return [codes, later.map(({ code }) => code)]
    }
    assert.deepEqual(await codesOf(...program), [['NOT_EXPORTED'], []])
    assert.deepEqual(await codesOf(...program, 'export const other = 1'), [[], ['NOT_EXPORTED']])
    assert.deepEqual(await codesOf(...program, 'const more = 1', 'export { clean }'), [[], []])
  }),
)

validation('says nothing of exports where the home cannot be read', () => {
  const homeless = any(pipeline)('in', { url: 'data:text/javascript,1' }).map(f)
  const made = any(pipeline('p').from([1])).stage('s', homeless, { on: 'threads' })
  assert.deepEqual(
    made.validate().map(({ code }: { code: string }) => code),
    [],
  )
})

validation('takes an actor that was given its argument, whatever it is', () => {
  const above = defineActor('above', { setup: (least: number | undefined) => least, receive: f })
  for (const least of [3, undefined]) {
    assert.deepEqual(pipeline('p').from([1]).stage('s', above.with(least)).validate(), [])
  }
  const byKey = { start: (_: void, { key }: { key: unknown }) => ({ key }), receive: f }
  assert.deepEqual(
    any(pipeline('p').from([1]))
      .stage('s', byKey, { key: 'id' })
      .validate(),
    [],
  )
})

validation('looks at what was written, and not at what became of the objects it was written with', async () => {
  const [how, channel]: any[] = [{ workers: 2 }, { capacity: 4 }]
  const made = pipeline('p').from([1], channel).stage('s', f, how)
  how.workers = -1
  how.wrokers = 1
  channel.capacity = -1
  assert.deepEqual(made.validate(), [])
  const results: number[] = []
  for await (const result of made.run()) results.push(result)
  assert.deepEqual(results, [1])
})

validation('names workers of no kind at all', () => {
  const made = any(pipeline('p').from([1])).stage('s', f, { workers: { inline: undefined } })
  assert.deepEqual(
    made.validate().map(({ code }: { code: string }) => code),
    ['INVALID_OPTION'],
  )
})

validation('finds nothing wrong with a sound pipeline, whatever it uses', () => {
  const made = any(pipeline('p').from([{ id: 1 }], { capacity: { items: 4, bytes: 100 } }))
    .stage('a', f, { workers: { min: 1, max: 4 }, concurrency: 2, inFlight: 8, onFailure: () => 'skip' })
    .stage('b', f, { workers: 'auto', overflow: 'drop-oldest', emit: 'streaming' })
    .stage('c', fold, { key: 'id', workers: { inline: 3 } })
    .supervise({ tolerate: { share: 0.1, of: 10 } })
  assert.deepEqual(made.validate({ on: 'inline', grace: 0 }), [])
})

validation.run()
