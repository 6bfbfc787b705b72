import * as assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { from as observableOf } from 'rxjs'
import { suite } from 'uvu'
import type { SourceContext } from '../../src/pipeline/language.ts'
import { pipeline } from '../../src/pipeline/pipeline.ts'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { execute } from '../support/execute.ts'
import { all } from '../support/take.ts'
import { within } from '../support/within.ts'

const sources = suite('a source')

const letters = ['a', 'b', 'c']
const generator = function* () {
  yield* letters
}
const asyncGenerator = async function* () {
  yield* letters
}
/** Only what the protocol asks for: no `return`, no promise of a promise. */
const bareIterable = {
  [Symbol.iterator]: () => {
    let i = 0
    return { next: () => (i < 3 ? { done: false, value: letters[i++] } : { done: true, value: undefined }) }
  },
}
const bareAsyncIterable = {
  [Symbol.asyncIterator]: () => {
    let i = 0
    return { next: async () => (i < 3 ? { done: false, value: letters[i++] } : { done: true, value: undefined }) }
  },
}
const interop = { '@@observable': () => observableOf(letters) }
const webStream = () =>
  new ReadableStream({
    start(controller) {
      for (const letter of letters) controller.enqueue(letter)
      controller.close()
    },
  })
/** As in browsers that cannot iterate over streams. */
const oldWebStream = () => ({ getReader: () => webStream().getReader() })

const kinds: [string, unknown][] = [
  ['an array', letters],
  ['a Set', new Set(letters)],
  ['the keys of a Map', new Map(letters.map(letter => [letter, 1])).keys()],
  ['a string', 'abc'],
  ['an iterable', bareIterable],
  ['a generator', generator()],
  ['a generator function', generator],
  ['a function that gives an array', () => letters],
  ['a function that gives an Observable', () => observableOf(letters)],
  ['an async iterable', bareAsyncIterable],
  ['an async generator', asyncGenerator()],
  ['an async generator function', asyncGenerator],
  ['an Observable', observableOf(letters)],
  ['an Observable of another make', interop],
  ['a Node stream', Readable.from(letters)],
  ['a web stream', webStream()],
  ['a web stream that only has a reader', oldWebStream()],
  ['something like an array', { length: 3, 0: 'a', 1: 'b', 2: 'c' }],
]

for (const [name, from] of kinds) {
  sources(`may be ${name}`, async () => {
    for (const inFlight of name.startsWith('a function') || name === 'an array' ? [undefined, 1] : [undefined]) {
      const made = pipeline('p')
        .from(from as Iterable<string>)
        .map(letter => letter.toUpperCase())
      const options = inFlight === undefined ? {} : { inFlight: name.includes('Observable') ? 8 : inFlight }
      const { results, summary } = await within(5_000, execute(made, { options }))
      assert.deepEqual(results, ['A', 'B', 'C'])
      assert.equal(summary?.received, 3)
    }
  })
}

sources('may be a promise: one item', async () => {
  const { results } = await execute(pipeline('p').from(Promise.resolve('a') as never))
  assert.deepEqual(results, ['a'])
})

sources('that are functions are told the clock of the run, at each run', async () => {
  const clock = manualClock(1_000)
  const times = pipeline('p').from(({ clock }) => [clock.now()])
  const pulled = pipeline('q').from(async function* ({ clock }: SourceContext) {
    yield clock.now()
  })
  assert.deepEqual(await all(times.run({ clock })), [1_000])
  clock.advance(500)
  assert.deepEqual(await all(times.run({ clock })), [1_500])
  assert.deepEqual(await all(pulled.run({ clock })), [1_500])
})

sources('may be a function that gives an Observable, for the compiler too', async () => {
  const made = pipeline('p')
    .from(() => observableOf(letters))
    .map(letter => letter.toUpperCase())
  assert.deepEqual((await execute(made)).results, ['A', 'B', 'C'])
})

sources('may be empty, and the run ends', async () => {
  for (const from of [[], new Set(), (async function* () {})()]) {
    assert.deepEqual((await within(5_000, execute(pipeline('p').from(from as [])))).results, [])
  }
})

sources('is told to end when the run ends before it', async () => {
  let ended = 0
  const sync = function* () {
    try {
      for (let n = 0; ; n++) yield n
    } finally {
      ended++
    }
  }
  const async = async function* () {
    try {
      for (let n = 0; ; n++) yield n
    } finally {
      ended++
    }
  }
  for (const from of [sync, async]) {
    for await (const n of pipeline('p').from(from).run()) if (n === 5) break
    for (let i = 0; i < 5; i++) await turn()
  }
  assert.equal(ended, 2)
})

sources('that waits is read ahead only as far as its channel is long', async () => {
  let asked = 0
  const from = async function* () {
    for (;;) yield asked++
  }
  const run = pipeline('p')
    .from(from, { capacity: 5 })
    .stage('s', async (n: number) => {
      await new Promise(() => {})
      return n
    })
    .run({ grace: 0 })
  for (let i = 0; i < 20; i++) await turn()
  assert.ok(asked >= 5 && asked <= 7, `${asked} were asked for`)
  await within(
    1_000,
    run.stop().catch(() => {}),
  )
})

sources.run()
