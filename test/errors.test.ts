import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as errors from '../src/errors.ts'
import { described, InvalidBlueprint, MillraceError, SchemaMismatch, StageFailed, shown } from '../src/errors.ts'
import * as surface from '../src/index.ts'
import { checkOptions, defineActor, pipeline } from '../src/index.ts'
import { failureOf, thrownBy } from './support/failure.ts'

/* ── shown, described ───────────────────────────────────────────────────── */

const text = suite('shown')

text('tells a string from what looks like it', () => {
  assert.equal(['4', 4, null, undefined, 4n].map(shown), ['"4"', '4', 'null', 'undefined', '4n'])
})

text('is one short line, whatever the value', () => {
  const values = [
    'a\nb',
    { deep: { deeper: { deepest: 1 } } },
    Array(500).fill('item'),
    'x'.repeat(500),
    () => 1,
    Symbol('s'),
  ]
  for (const value of values) {
    assert.ok(shown(value).length <= 120)
    assert.not.match(shown(value), /\n/)
  }
})

text('does not throw where the value does', () => {
  const hostile = {
    get [Symbol.toStringTag](): string {
      throw new Error('no')
    },
    [Symbol.for('nodejs.util.inspect.custom')]() {
      throw new Error('no')
    },
  }
  assert.is(shown(hostile), 'an object that cannot be shown')
})

text.run()

const description = suite('described')

description('gives name and message of an error, and shows anything else', () => {
  assert.is(described(new RangeError('too far')), 'RangeError: too far')
  assert.equal([undefined, 'a string', 3, { code: 1 }].map(described), ['undefined', '"a string"', '3', '{ code: 1 }'])
  assert.is(described(Object.freeze(new Error('frozen'))), 'Error: frozen')
})

description('does not throw where reading the error does', () => {
  const hostile = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('no')
    },
  })
  assert.is(described(hostile), 'an error that cannot be read')
  const proxy = new Proxy(new Error('x'), {
    get() {
      throw new Error('no')
    },
    getPrototypeOf() {
      throw new Error('no')
    },
  })
  assert.type(described(proxy), 'string')
})

description.run()

/* ── The classes ────────────────────────────────────────────────────────── */

const classes = suite('errors')

const cause = new RangeError('too far')
/** One of each, and what it says. */
const examples: [error: MillraceError, says: string | RegExp][] = [
  [
    new errors.InvalidOption('size', 'a whole number from 1', '4'),
    '`size` must be a whole number from 1, got "4" (string)',
  ],
  [new errors.InvalidOption('size', 'above 0', 0, 'batch'), '`size` must be above 0, got 0 (number), in batch'],
  [
    new errors.InvalidBlueprint([{ code: 'NO_NAME', level: 'mistake', place: 'p/1', message: 'a stage needs a name' }]),
    'p/1: a stage needs a name (NO_NAME)',
  ],
  [
    new errors.InvalidOptions([
      { code: 'INVALID_OPTION', level: 'mistake', place: 'p/stop', message: '`grace` must be from 0, got -1' },
    ]),
    '`grace` must be from 0, got -1, in p/stop',
  ],
  [new errors.SequenceError('result 3 came twice'), 'result 3 came twice'],
  [new errors.StageFailed({ pipeline: 'p', stage: 's' }, cause), 'p/s failed: RangeError: too far'],
  [new errors.ItemTimeout(50), 'took longer than its `timeout` of 50 ms, all attempts together'],
  [new errors.UndefinedItem('the source of p', 3), /^the source of p gave `undefined` as item 3: .* or give null$/],
  [new errors.SchemaMismatch([{ message: 'too small' }]), "does not match the stage's schema: too small"],
  [new errors.InvalidKey({}), '`key` must give a string or a number for each item, got {} (object)'],
  [
    new errors.InvalidKey(undefined, { key: 'acount', item: { account: 'NL01' } }),
    '`key`, here `"acount"`, must give a string or a number for each item, got undefined (undefined): did you mean `account`?',
  ],
  [
    new errors.InvalidKey(undefined, { key: 'id', item: { account: 'NL01', cents: 3 } }),
    '`key`, here `"id"`, must give a string or a number for each item, got undefined (undefined): the item has account, cents',
  ],
  [
    new errors.InvalidKey(null, { key: (item: { account: null }) => item.account, item: { account: null } }),
    '`key`, here `(item) => item.account`, must give a string or a number for each item, got null (object)',
  ],
  [new errors.OutputLimit('1,000,000 outputs'), /^one item led to more than 1,000,000 outputs, .*`emit: 'streaming'`$/],
  [
    new errors.OutputLimit('64 MiB', 'waiting'),
    /^one item led to more than 64 MiB, which had to wait, .*: give a generator, /,
  ],
  [
    new errors.OutputLimit('1,000,000 results', 'answer'),
    /^one item led to more than 1,000,000 results, which are one answer: /,
  ],
  [new errors.NotRepeatable(3), /^a retry did not repeat the 3 outputs that had left already: /],
  [new errors.ChannelFull('s', '10 items'), /^the channel before s was full \(10 items\): .*`overflow`$/],
  [new errors.SendAfterEnd('p', 7), /^p takes no more items: /],
  [new errors.RunEnded('p', cause), 'the run of p ended before this item was done'],
  [
    new errors.ItemDropped('p', 's'),
    /^something asked of p was dropped before s, whose channel was full: .*`overflow`$/,
  ],
  [new errors.AskTimeout('p', 50), 'p did not answer within 50 ms'],
  [new errors.InvalidSource('p', 'must give an iterator', 5), 'the source of p must give an iterator, got 5'],
  [new errors.InvalidOperator(5), /^`pipe` takes RxJS operators, and one of them gave 5 .*`map`$/],
  [
    new errors.SourceUsed('p', 'generator'),
    /^the source of p is a generator, .*: give a function that makes a new one$/,
  ],
  [new errors.UnreadOutput('p', 3, 10_000), /^3 results of p have waited 10000 ms for a reader: .*`run\.consume`/],
  [
    new errors.UnhandledDeadLetters('p', 2, [{ stage: 's', error: cause }]),
    'p gave up 2 items and nobody subscribed to `run.deadLetters`; the first, in s: RangeError: too far',
  ],
  [
    new errors.WorkerDied('p/s#1', { exitCode: 3, signal: undefined, isKilled: false }),
    /^worker p\/s#1 died \(exit code 3\)\. /,
  ],
  [
    new errors.WorkerDied('p/s#1', { exitCode: undefined, signal: 'SIGKILL', isKilled: false }),
    /^worker p\/s#1 died \(signal SIGKILL\)\. /,
  ],
  [
    new errors.WorkerDied('p/s#1', { exitCode: 1, signal: undefined, isKilled: true }),
    /^worker p\/s#1 died \(ended from here: its handler did not end\)\. /,
  ],
  [
    new errors.WorkerDied('p/s#1', { exitCode: 1, signal: undefined, isKilled: false }, { cause }),
    /^worker p\/s#1 died \(RangeError: too far\)\. /,
  ],
  [
    new errors.WorkerDied('p/s#1', { exitCode: 9, signal: undefined, isKilled: false, flags: ['--of-nobody'] }),
    /^worker p\/s#1 died \(exit code 9: Node does not begin with --of-nobody\)\. /,
  ],
  [
    new errors.WorkerNotReady('p/s#1', 'file:///a.js', 50),
    /^worker p\/s#1 was not ready within 50 ms: file:\/\/\/a\.js .*: \{ startTimeout \}`$/,
  ],
  [new errors.ModuleChanged('file:///a.js'), /^file:\/\/\/a\.js has changed since .*\. Start the program anew$/],
  [
    new errors.ItemTooLarge(20, 10),
    /^item takes 20 bytes on its way, and may take 10: .*`resources: .*`, or hand it on/,
  ],
  [
    new errors.ItemTooLarge(20, 10, { sequence: 3, stage: 'p/s', isResult: false }),
    /^item 3 of p\/s takes 20 bytes on its way to its worker, and may take 10: /,
  ],
  [
    new errors.ItemTooLarge(20, 10, { sequence: 3, stage: 'p/s', isResult: true }),
    /^what came of item 3 of p\/s takes 20 bytes on its way back from its worker, and may take 10: /,
  ],
  [
    new errors.NotCloneable('user.callback', 'a function', 'send what it needs'),
    '`user.callback` of the item is a function, and cannot be sent to another thread or process: send what it needs',
  ],
  [
    new errors.CorruptFrame(3, 10, 'a length of 99'),
    /^a frame of 10 bytes cannot be read from byte 3 on: a length of 99\. It was cut, /,
  ],
  [
    new errors.ActorNotFound('actor', 'hash', 'file:///a.js', false),
    'actor hash is not in file:///a.js: define it there under this name, whoever loads it',
  ],
  [
    new errors.ActorNotFound('actor', 'hash', 'file:///a.js', true),
    'actor hash is not in file:///a.js: define it before `run()`',
  ],
  [
    new errors.ActorNotFound('pipeline', 'words', 'file:///a.js', true),
    'pipeline words is not in file:///a.js: export it from a module without a `run()`',
  ],
  [new errors.StateLost(1), /^its worker went, and with it the state of one key: /],
  [new errors.StateLost(3), /^its worker went, and with it the state of 3 keys: .*`volatile: true`$/],
  [
    new errors.GraceExceeded('p', 100, ['p/s#0 item 3', 'p/s#1 item 4']),
    /^p did not end within its grace period of 100 ms; abandoned: p\/s#0 item 3, p\/s#1 item 4\. .*`context\.signal`/,
  ],
  [new errors.Inactive('p', 100, ['p/s#0 holds item 3']), 'p has not moved for 100 ms: p/s#0 holds item 3'],
  [new errors.TooManyDeadLetters({ deadLetters: 3 }, cause), 'more dead letters than `tolerate` allows (3)'],
  [
    new errors.TooManyDeadLetters({ share: 0.1, of: 50 }, cause),
    'more dead letters than `tolerate` allows (10 % of the last 50 items)',
  ],
  [
    new errors.NotCloneable('items[3].callback', 'a function', 'send data'),
    '`items[3].callback` of the item is a function, and cannot be sent to another thread or process: send data',
  ],
  [new errors.NotCloneable('', 'a symbol', 'send a string'), /^the item is a symbol, and /],
  [new errors.NotCloneable(undefined, 'a symbol', 'send a string'), /^something in the item is a symbol, and /],
  [new errors.CorruptFrame(3, 10, 'it ends'), /^a frame of 10 bytes cannot be read from byte 3 on: it ends\. /],
  [new errors.TooManyRestarts(3, 5_000, cause), 'restarted more than 3 times within 5000 ms: RangeError: too far'],
  [new errors.UnknownStage('p', 'hsah', ['hash', 'print']), 'p has no stage "hsah": did you mean "hash"?'],
  [new errors.UnknownStage('p', 'sum', []), 'p has no stage "sum": it has no stage at all'],
  [new errors.NotRunning('p', '`done`'), /^`done` is of a run, and p is only what was written: call `\.run\(\)`/],
  [new errors.UnknownStage('p', 'sum', ['hash', 'print']), 'p has no stage "sum": its stages are hash, print'],
  [new errors.UnreadableFile('a', 'ENOENT'), 'cannot read a: ENOENT'],
  [new errors.UnreadableFile('a', 'it is no JSON', { line: 3, cause }), 'cannot read a, line 3: it is no JSON'],
  [new errors.UnwritableFile('a/b', 'there is no folder a', { cause }), 'cannot write a/b: there is no folder a'],
]

classes('say what was wanted, what came, and what to do', () => {
  for (const [error, says] of examples) {
    if (typeof says === 'string') assert.is(error.message, says)
    else assert.match(error.message, says)
  }
})

classes('have their own name, and a code that follows from it', () => {
  for (const [error] of examples) {
    assert.instance(error, MillraceError)
    assert.instance(error, Error)
    assert.is(error.name, error.constructor.name)
    const words = error.name.replace(/Error$/, '').replaceAll(/(?=[A-Z])/g, '_')
    assert.is(error.code, `ERR${words.toUpperCase()}`)
  }
})

classes('are all spoken of here', () => {
  const all = Object.entries(errors).filter(([, value]) => isError(value))
  const here = new Set(examples.map(([error]) => error.constructor.name))
  assert.equal(
    all
      .map(([name]) => name)
      .filter(name => name !== 'MillraceError')
      .sort(),
    [...here].sort(),
  )
})

classes('can be told apart by whoever catches them: all that may reach a user are public', () => {
  const inside = ['SequenceError'] // a mistake of millrace itself
  const hidden = Object.entries(errors).flatMap(([name, value]) => (isError(value) && !(name in surface) ? [name] : []))
  assert.equal(hidden, inside)
})

classes.run()

/* ── What rides on them ─────────────────────────────────────────────────── */

const data = suite('an error')

data('of a blueprint lists all mistakes, a line for each, and begins with the first', () => {
  const mistakes = [
    { code: 'NO_NAME', level: 'mistake', place: 'p/1', message: 'a stage needs a name' },
    { code: 'NOT_A_BODY', level: 'mistake', place: 'p/two', message: 'a stage takes an actor' },
  ] as const
  const error = new InvalidBlueprint(mistakes)
  assert.is(
    error.message,
    'p/1: a stage needs a name (NO_NAME), and 1 more mistake:\n  p/two: a stage takes an actor (NOT_A_BODY)',
  )
  assert.is(error.mistakes, mistakes)
})

data('of a stage says where: pipeline, stage, worker, item, attempt, and why', () => {
  const suppressed = [new Error('later')]
  const place = { pipeline: 'orders', stage: 'charge', worker: 3, sequence: 17, attempt: 2 }
  const error = new StageFailed(place, cause, { suppressed, unfinished: 5 })
  assert.is(error.message, 'orders/charge failed on item 17 (attempt 2): RangeError: too far')
  const { pipeline, stage, worker, sequence, attempt } = error
  assert.equal({ pipeline, stage, worker, sequence, attempt }, place)
  assert.is(error.cause, cause)
  assert.is(error.suppressed, suppressed)
  assert.is(error.unfinished, 5)
})

data('of a stage without an item has none', () => {
  const error = new StageFailed({ pipeline: 'p', stage: 's' }, 'a string')
  assert.is(error.message, 'p/s failed: "a string"')
  assert.equal([error.worker, error.sequence, error.attempt, error.unfinished], [0, undefined, 1, 0])
  assert.equal(error.suppressed, [])
})

data('of a schema says at which place of the item', () => {
  const error = new SchemaMismatch([
    { message: 'must be a number', path: ['lines', 0, { key: 'cents' }] },
    { message: 'is missing', path: [] },
    { message: 'is odd' },
  ])
  assert.is(error.message, "does not match the stage's schema: lines.0.cents: must be a number; is missing; is odd")
  assert.is(error.issues.length, 3)
})

data('gives back what it is about', () => {
  assert.is(new errors.SendAfterEnd('p', 7).item, 7)
  assert.is(new errors.RunEnded('p', cause).cause, cause)
  assert.equal(new errors.GraceExceeded('p', 1, ['p/s#0 item 3']).abandoned, ['p/s#0 item 3'])
  const letters = [{ stage: 's', error: cause }]
  const unhandled = new errors.UnhandledDeadLetters('p', 1_200, letters)
  assert.is(unhandled.count, 1_200)
  assert.is(unhandled.deadLetters, letters)
  assert.is(unhandled.cause, cause)
  for (const error of [
    new errors.TooManyDeadLetters({ deadLetters: 1 }, cause),
    new errors.TooManyRestarts(1, 1, cause),
  ]) {
    assert.is(error.cause, cause)
  }
})

data.run()

function isError(value: unknown): boolean {
  return typeof value === 'function' && (value === MillraceError || value.prototype instanceof MillraceError)
}

/* ── where it was called from ───────────────────────────────────────────── */

const stack = suite('the stack of an error')

/** Its first line is the message, its second the place. */
const beginsHere = (error: Error) => {
  const [head, first] = error.stack!.split('\n')
  assert.is(head, `${error.name}: ${error.message.split('\n')[0]}`)
  assert.match(first!, 'errors.test.js')
}
const options = { size: { expected: '1', accepts: (value: unknown) => value === 1, doc: 'One.' } }
const generator = (function* () {})()

const wrong: [what: string, call: () => unknown][] = [
  ['a blueprint that is wrong', () => (pipeline('p').from([1]) as any).stage('s', 5).run()],
  ['options that are wrong', () => checkOptions({ size: 2 }, options, 'here')],
  ['an actor without a name', () => (defineActor as any)('', () => {})],
  ['an actor with a misspelt hook', () => (defineActor as any)('a', { recieve: () => {} })],
  ['a channel that there is not', () => pipeline<number>('p').run().channel('x')],
  ['a consumer that is none', () => (pipeline<number>('p').run() as any).consume(5)],
  [
    'a source that another run has',
    () => {
      const made = pipeline('p').from(generator)
      made.run().output.subscribe()
      made.run()
    },
  ],
]
for (const [what, call] of wrong) {
  stack(`begins where somebody called, and not in this package: ${what}`, () => beginsHere(thrownBy(call)))
}

stack('of a run begins where it was run, however long ago that was', async () => {
  const failing = () => {
    throw new Error('boom')
  }
  const made = pipeline('p').from([1, 2])
  beginsHere(await failureOf(made.stage('s', failing).run().done))
  const skipping = made.stage('s', failing, { onFailure: 'skip' }).run()
  skipping.output.subscribe({ error: () => {} })
  beginsHere(await failureOf(skipping.done))
})

stack('can be replaced, as that of any error', () => {
  const error = thrownBy(wrong[0]![1])
  error.stack = 'mine'
  assert.is(error.stack, 'mine')
  error.stack += '!'
  assert.is(error.stack, 'mine!')
})

stack.run()
