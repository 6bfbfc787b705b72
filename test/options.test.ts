import { runInNewContext } from 'node:vm'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultOf } from '../docs/generate.ts'
import { InvalidOptions } from '../src/errors.ts'
import { nearest } from '../src/nearest.ts'
import * as all from '../src/options.ts'
import { checkOptions, mistakesIn, type Option, type Options } from '../src/options.ts'
import { manualClock } from '../src/testing/manual-clock.ts'

const tables = Object.entries(all as Record<string, unknown>).flatMap(([name, value]): [string, Options][] =>
  name.endsWith('Options') && typeof value === 'object' ? [[name, value as Options]] : [],
)

/* ── mistakesIn ─────────────────────────────────────────────────────────── */

const mistakes = suite('mistakesIn')

const table: Options = {
  workers: { expected: 'a number', accepts: value => typeof value === 'number', default: '1', doc: '' },
  order: { expected: "'input'", accepts: value => value === 'input', default: "'input'", doc: '' },
}

mistakes('finds nothing wrong with options that are left out', () => {
  for (const given of [undefined, {}, { workers: undefined }, { workers: 2, order: 'input' }]) {
    assert.equal(mistakesIn(given, table, 'p/s'), [])
  }
})

mistakes('finds all that is wrong, each with its place, what was wanted, and what came', () => {
  assert.equal(mistakesIn({ workers: '4', order: null, wrokers: 1 }, table, 'p/s'), [
    {
      code: 'INVALID_OPTION',
      level: 'mistake',
      place: 'p/s',
      message: '`workers` must be a number, got "4" (string): write it without quotes, 4',
    },
    {
      code: 'INVALID_OPTION',
      level: 'mistake',
      place: 'p/s',
      message: "`order` must be 'input', got null (object)",
    },
    {
      code: 'UNKNOWN_OPTION',
      level: 'mistake',
      place: 'p/s',
      message: 'unknown option `wrokers`: did you mean `workers`?',
    },
  ])
})

mistakes('lists what there is where nothing is near', () => {
  const [mistake] = mistakesIn({ parallelism: 1 }, table, 'p')
  assert.is(mistake?.message, 'unknown option `parallelism`; there are workers, order')
})

mistakes('does not take what every object has for an option', () => {
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const given = Object.defineProperty({}, name, { value: 1, enumerable: true })
    assert.is(mistakesIn(given, table, 'p')[0]?.code, 'UNKNOWN_OPTION', name)
  }
})

mistakes('say what was probably meant', () => {
  const [hint, options] = [(message = '') => /: (?!.*got)(.*)$/.exec(message)?.[1], all.stageOptions]
  const cases: [given: object, hint: string | undefined][] = [
    [{ concurrency: '4' }, 'write it without quotes, 4'],
    [{ order: 'completed' }, "did you mean 'completion'?"],
    [{ onFailure: 'Skip' }, "did you mean 'skip'?"],
    [{ onFailure: 'ignore' }, undefined],
    [{ concurrency: '' }, undefined],
    [{ retry: { attempt: 3 } }, 'did you mean `attempts`?'],
    [{ retry: { times: 3 } }, 'it has no `times`'],
    [{ retry: { attempts: 0 } }, undefined],
    [{ retry: 3 }, 'write { attempts: 3 }'],
    [{ retry: 0 }, undefined],
    [{ capacity: { item: 3 } }, 'did you mean `items`?'],
  ]
  for (const [given, expected] of cases) {
    const [found] = mistakesIn(given, options, 'p')
    assert.is(hint(found?.message.split(/got .*? \((?:string|number|object)\)/)[1]), expected, JSON.stringify(given))
  }
})

mistakes('are also what is missing, where there is nothing that it could be', () => {
  const size = { ...table.workers!, required: true }
  for (const given of [undefined, {}, { size: undefined }]) {
    assert.equal(mistakesIn(given, { size }, 'p'), [
      {
        code: 'MISSING_OPTION',
        level: 'mistake',
        place: 'p',
        message: '`size` is missing: it must be a number',
      },
    ])
  }
  assert.equal(mistakesIn({ size: 1 }, { size }, 'p'), [])
})

mistakes('refuses what is no plain object: what a class made, or what was inherited, would be taken unseen', () => {
  const odd = [new Map([['workers', 1]]), Object.create({ workers: 1 }), new (class Options {})()]
  for (const given of [null, 3, 'workers', true, () => {}, [], [{ workers: 1 }], ...odd]) {
    const found = mistakesIn(given, table, 'p')
    assert.equal(
      found.map(({ code }) => code),
      ['NOT_OPTIONS'],
    )
    assert.match(found[0]!.message, /^options must be a plain object, got /)
  }
})

mistakes('refuses what cannot be looked at', () => {
  const hostile = {
    get kind() {
      throw new Error('no')
    },
    get '~standard'() {
      throw new Error('no')
    },
  }
  for (const name of ['on', 'schema'] as const) {
    const [found] = mistakesIn({ [name]: hostile }, all.stageOptions, 'p')
    assert.is(found?.code, 'INVALID_OPTION', name)
  }
})

mistakes('takes a plain object of any realm', () => {
  const bare = Object.assign(Object.create(null), { workers: 1 })
  for (const given of [bare, runInNewContext('({ workers: 1 })')]) assert.equal(mistakesIn(given, table, 'p'), [])
})

mistakes('are thrown all at once by a method', () => {
  checkOptions({ workers: 1 }, table, 'p/run')
  assert.throws(
    () => checkOptions({ workers: '4', wrokers: 1 }, table, 'p/run'),
    (error: unknown) =>
      error instanceof InvalidOptions &&
      error.mistakes.length === 2 &&
      error.message ===
        '`workers` must be a number, got "4" (string): write it without quotes, 4, in p/run; unknown option `wrokers`: did you mean `workers`?, in p/run',
  )
})

mistakes.run()

/* ── nearest ────────────────────────────────────────────────────────────── */

const near = suite('nearest')

near('finds the word that was meant', () => {
  const known = ['workers', 'concurrency', 'onFailure', 'inFlight', 'on']
  const cases = [
    ['worker', 'workers'],
    ['Workers', 'workers'],
    ['wokrers', 'workers'],
    ['concurency', 'concurrency'],
    ['onfailure', 'onFailure'],
    ['inflight', 'inFlight'],
    ['in', 'on'],
  ] as const
  for (const [word, meant] of cases) assert.is(nearest(word, known), meant, word)
})

near('finds nothing where nothing is near', () => {
  for (const word of ['parallel', 'threads', 'x', '']) {
    assert.is(nearest(word, ['workers', 'concurrency', 'key', 'on']), undefined, word)
  }
  assert.is(nearest('workers', []), undefined)
})

near('takes the first of two that are as near', () => {
  assert.is(nearest('bat', ['cat', 'hat']), 'cat')
  assert.is(nearest('foo', ['on', 'for']), 'for')
  assert.is(nearest('foo', ['on']), undefined)
})

near.run()

/* ── The tables ─────────────────────────────────────────────────────────── */

const rows = suite('options')

const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const fn = () => 1

/** For each option what it takes and what it refuses. Nothing takes `null`, and all may be left out. */
const examples: Record<string, Record<string, [takes: unknown[], refuses: unknown[]]>> = {
  resourceOptions: {
    heapMB: [
      [16, 4_096],
      [15, 0, '64', 64.5, Infinity],
    ],
    maxMessageBytes: [
      [1_024, 2 ** 30],
      [1_023, 2 ** 30 + 1, Infinity, '1 MiB'],
    ],
    startTimeout: [
      [1, 0.5, Infinity],
      [0, -1, '30'],
    ],
    env: [
      [{}, { A: '1' }],
      [{ A: 1 }, [], new Map(), 'A=1', fn],
    ],
    execArgv: [
      [[], ['--expose-gc']],
      ['--expose-gc', [1], { 0: '--expose-gc' }],
    ],
  },
  stageOptions: {
    resources: [
      [{}, { heapMB: 64, env: { A: '1' } }],
      [64, [], fn],
    ],
    workers: [
      [0, 1, 64, 'auto', { min: 0, max: 4 }, { min: 2, max: 2 }, { inline: 1 }, { threads: 2, processes: 0 }],
      [-1, 1.5, NaN, Infinity, '4', 'many', {}, [], { min: 1 }, { min: 3, max: 2 }, { min: 0, max: 0 }, { cores: 2 }],
    ],
    concurrency: [
      [1, 64],
      [0, -1, 2.5, '2', Infinity],
    ],
    on: [
      ['inline', 'threads', 'processes', { kind: 'nats' }],
      ['thread', '', {}, fn, 3],
    ],
    key: [
      ['account', 3, Symbol('key'), fn],
      [true, {}, ['a']],
    ],
    order: [
      ['input', 'completion'],
      ['Input', true, 1],
    ],
    capacity: [
      [0, 1, Infinity, {}, { items: 0 }, { items: Infinity, bytes: 1 }, { bytes: Infinity }],
      [-1, 1.5, '10', [], { items: -1 }, { bytes: 0 }, { items: 1, byte: 2 }],
    ],
    inFlight: [
      [1, 100],
      [0, 0.5, '1', Infinity],
    ],
    emit: [
      ['whole', 'streaming'],
      ['stream', true],
    ],
    overflow: [
      ['wait', 'drop-newest', 'drop-oldest', 'fail'],
      ['drop', 'newest', false],
    ],
    timeout: [
      [1, 0.5, Infinity],
      [0, -1, NaN, '5'],
    ],
    retry: [
      [{}, { attempts: 1 }, { attempts: Infinity, deaths: 1, backoff: fn }],
      [3, [], { attempts: 0 }, { deaths: 0 }, { deaths: Infinity }, { backoff: 100 }, { retries: 3 }],
    ],
    onFailure: [
      ['stop', 'skip', 'restart', fn],
      ['ignore', true, {}],
    ],
    schema: [
      [schema, Object.assign(() => {}, schema)],
      [fn, {}, { '~standard': {} }, 'string'],
    ],
  },
  sourceOptions: {
    capacity: [
      [0, 8, { items: 8 }],
      [-1, '8'],
    ],
    overflow: [['wait', 'fail'], ['drop']],
  },
  supervisionOptions: {
    strategy: [['one-for-one', 'rest-for-one', 'one-for-all'], ['all-for-one']],
    maxRestarts: [
      [0, 5],
      [-1, 1.5, '3', Infinity],
    ],
    within: [
      [1, 5_000, Infinity],
      [0, -1, '5'],
    ],
    backoff: [[fn], [100, 'exponential']],
    grace: [
      [0, 15_000, Infinity],
      [-1, NaN, '1'],
    ],
    inactivity: [
      [1, 0.5],
      [0, -1, '1'],
    ],
    tolerate: [
      [{ deadLetters: 0 }, { share: 0.1, of: 100 }, { share: 0, of: 1 }, { share: 1, of: 1 }],
      [
        3,
        {},
        [],
        { share: 0.1 },
        { share: 1.1, of: 10 },
        { share: 0.1, of: 0 },
        { share: 0.1, of: 1e9 },
        { deadLetters: 1, share: 0.1, of: 10 },
      ],
    ],
  },
  behaviourOptions: {
    ...Object.fromEntries(
      ['setup', 'start', 'receive', 'flush', 'stop', 'snapshot', 'restore', 'stream'].map(name => [
        name,
        [[fn], [1, 'f']],
      ]),
    ),
    volatile: [
      [true, false],
      ['yes', 1],
    ],
    key: [['id', fn], [{}]],
    schema: [[{ '~standard': { validate: fn } }], [{}, fn]],
    errors: [
      [[], [Error]],
      [Error, ['E']],
    ],
  },
  consumeOptions: {
    concurrency: [
      [1, 64],
      [0, 1.5, '2'],
    ],
  },
  askOptions: {
    signal: [[new AbortController().signal], [{}]],
    timeout: [
      [1, Infinity],
      [0, -1],
    ],
  },
  stopOptions: {
    grace: [
      [0, 100],
      [-1, '1'],
    ],
  },
  runOptions: {
    signal: [[new AbortController().signal], [new AbortController(), {}, fn]],
    on: [['inline', { kind: 'nats' }], ['here']],
    grace: [[0, 100], [-1]],
    inFlight: [
      [1, 10],
      [0, '1'],
    ],
    inspect: [
      [fn, { next: fn }],
      [{}, { next: 1 }],
    ],
    clock: [
      [
        manualClock(),
        { now: fn, setTimeout: fn, clearTimeout: fn },
        new (class {
          now = fn
          setTimeout() {}
          clearTimeout() {}
        })(),
      ],
      [{}, fn, Date, { now: fn, setTimeout: fn }, { now: 0, setTimeout: fn, clearTimeout: fn }],
    ],
  },
}

rows('are all spoken of here', () => {
  assert.equal(tables.map(([name]) => name).sort(), Object.keys(examples).sort())
})

for (const [name, options] of tables) {
  rows(`${name} are all spoken of here, and documented`, () => {
    assert.equal(Object.keys(options).sort(), Object.keys(examples[name]!).sort())
    for (const [option, row] of Object.entries(options)) {
      for (const text of [row.expected, defaultOf(row)]) assert.ok(text.length > 0, option)
      assert.match(row.doc, /[.…]$/, option)
    }
  })

  for (const [option, [takes, refuses]] of Object.entries(examples[name]!)) {
    rows(`${name}: ${option} takes what it says and nothing else`, () => {
      for (const value of takes) assert.equal(mistakesIn({ [option]: value }, options, 'p'), [])
      for (const value of [...refuses, null]) {
        const found = mistakesIn({ [option]: value }, options, 'p')
        assert.is(found[0]?.code, 'INVALID_OPTION', `took ${String(value)}`)
        assert.ok(found[0]?.message.startsWith(`\`${option}\` must be ${options[option]!.expected}, got `))
      }
    })
  }
}

rows('are what they say when they are left out: what stands in for them is accepted', () => {
  for (const [, options] of tables) {
    for (const [name, option] of Object.entries(options) as [string, Option][]) {
      if (option.value !== undefined && option.value !== Infinity && typeof option.value !== 'function') {
        assert.ok(option.accepts(option.value), name)
      }
    }
  }
})

rows.run()
