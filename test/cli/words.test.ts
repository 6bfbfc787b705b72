/** The small parts of the command line: numbers, signals, flags. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parsed } from '../../src/cli/flags.ts'
import { Interruptions } from '../../src/cli/interruptions.ts'
import { jsonOf, NoJson } from '../../src/cli/json.ts'
import { Refused } from '../../src/cli/refused.ts'
import { compact, duration, percent, rate, whole } from '../../src/cli/units.ts'
import { fitted, widthOf } from '../../src/cli/visible.ts'

const words = suite('the words of the command line')

words('are numbers that people read', () => {
  assert.equal([0, 999, 8_499, 1_234_567].map(whole), ['0', '999', '8,499', '1,234,567'])
  assert.equal([0, 999, 1_000, 8_499, 99_949, 99_950, 999_499, 1_240_000].map(compact), [
    '0',
    '999',
    '1.0k',
    '8.5k',
    '99.9k',
    '100k',
    '999k',
    '1.2M',
  ])
  const times = [0, 0.00008, 0.00361, 0.21, 1.3, 13.27, 999.4, 999.5, 12_300, 185_000, 7_800_000]
  const said = [
    '0 s',
    '80 ns',
    '3.61 µs',
    '210 µs',
    '1.30 ms',
    '13.3 ms',
    '999 ms',
    '1.00 s',
    '12.3 s',
    '3 min 5 s',
    '2 h 10 min',
  ]
  assert.equal(times.map(duration), said)
  assert.equal([0, 0.25, 9.94, 812.4, 12_345].map(rate), ['0/s', '0.25/s', '9.94/s', '812/s', '12,345/s'])
  assert.equal([0, 0.984, 1].map(percent), ['0 %', '98 %', '100 %'])
})

words('are cut by their width, between characters', () => {
  assert.equal([fitted('写真写真', 5), widthOf(fitted('写真写真', 5))], ['写真…', 5])
  assert.equal([fitted('word', 4), fitted('word', 3), fitted('word', 0)], ['word', 'wo…', ''])
})

words('drain, stop and kill, and give the code of the first signal', () => {
  const interruptions = new Interruptions(0)
  assert.is(interruptions.first, undefined)
  const asked = (['SIGTERM', 'SIGINT', 'SIGINT', 'SIGINT'] as const).map(signal => interruptions.next(signal, 0))
  assert.equal(asked, ['drain', 'stop', 'kill', 'kill'])
  assert.equal([interruptions.first, interruptions.exitCode], ['SIGTERM', 143])
})

words('take what npm passes on for an echo', () => {
  const interruptions = new Interruptions(50)
  assert.equal([interruptions.next('SIGINT', 1_000), interruptions.next('SIGINT', 1_049)], ['drain', undefined])
  assert.equal([interruptions.next('SIGINT', 1_100), interruptions.exitCode], ['stop', 130])
})

words('are JSON, or say what is none and where', () => {
  const fine = [null, 0, 'a\udc80', [undefined], { a: undefined, at: new Date(0) }]
  assert.equal(
    fine.map((value, i) => jsonOf(value, i)),
    ['null', '0', '"a\\udc80"', '[null]', '{"at":"1970-01-01T00:00:00.000Z"}'],
  )
  const cycle: unknown[] = [1]
  cycle.push({ cycle })
  const bad: [unknown, string][] = [
    [1n, 'it is a bigint'],
    [{ a: [{ b: 1n }] }, '`a.0.b` is a bigint'],
    [cycle, '`1.cycle` contains itself'],
    [() => {}, 'it is a function'],
    [Symbol('a'), 'it is a symbol'],
    [
      {
        toJSON: () => {
          throw new Error('no')
        },
      },
      'Error: no',
    ],
    [{ toJSON: () => undefined }, 'it is an object'],
    [
      {
        get price(): never {
          throw new Error('no price')
        },
      },
      'Error: no price',
    ],
  ]
  for (const [value, why] of bad) {
    assert.throws(
      () => jsonOf(value, 7),
      (error: unknown) =>
        error instanceof NoJson && error.message.startsWith(`result 7 cannot be written as JSON: ${why}; `),
    )
  }
})

words('are JSON however deep, or say that it is too deep: that depends on the Node', () => {
  const deep = Array.from({ length: 100_000 }).reduce(inside => ({ inside }), {})
  try {
    assert.match(jsonOf(deep, 7), /^\{"inside":\{"inside":/)
  } catch (error) {
    assert.instance(error, NoJson)
    assert.match((error as NoJson).message, /^result 7 cannot be written as JSON: it is nested too deep; /)
  }
})

words("stand before `--`; what stands after it is the module's", () => {
  const command = parsed(['--json', 'run', 'a.js', '-q', '--', '--json', '--', '-x', 'b'])
  assert.ok(typeof command === 'object')
  assert.equal([command.name, command.file, command.args], ['run', 'a.js', ['--json', '--', '-x', 'b']])
  assert.equal([...command.flags].sort(), ['json', 'quiet'])
  assert.equal((parsed(['run', 'a.js']) as { args: unknown }).args, undefined)
  assert.equal([parsed(['--', 'x', '-h'].slice(2)), parsed(['run', '-v'])], ['help', 'version'])
  assert.throws(
    () => parsed(['--', 'run', 'a.js']),
    (error: unknown) => error instanceof Refused,
  )
})

words.run()
