import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ActorDefinition, defineActor, isBody } from '../../src/actor/define-actor.ts'
import { isDefinedTwice } from '../../src/actor/definitions.ts'
import { InvalidOption, InvalidOptions } from '../../src/errors.ts'

/* ── defineActor ────────────────────────────────────────────────────────── */

const actors = suite('defineActor')

const receive = (n: number) => n

actors('gives a value with a name and a home', () => {
  const actor = defineActor('double', import.meta, receive)
  assert.instance(actor, ActorDefinition)
  assert.is(actor.name, 'double')
  assert.is(actor.home.url, import.meta.url)
  assert.is((actor as unknown as ActorDefinition).body, receive)
})

actors('gives an actor without a home where none is said', () => {
  const behaviour = { receive }
  for (const actor of [defineActor('a', receive), defineActor('a', behaviour)]) assert.is(actor.home, undefined)
  assert.is((defineActor('a', behaviour) as unknown as ActorDefinition).body, behaviour)
})

actors('takes every shape of body', () => {
  const bodies = [
    receive,
    async (n: number) => n,
    function* (n: number) {
      yield n
    },
    { receive },
    { start: () => 0, receive, flush: () => 1 },
    { async *stream() {} },
  ]
  for (const body of bodies) {
    assert.is((defineActor('a', import.meta, body as never) as unknown as ActorDefinition).body, body)
  }
})

actors('runs nothing', () => {
  const never = () => assert.unreachable()
  defineActor('a', import.meta, { setup: never, start: never, receive: never, flush: never, stop: never } as never)
})

actors('is started with an argument by `with`, as often as one likes, and stays as it is', () => {
  const above = defineActor('above', import.meta, { start: (least: number) => ({ least }), receive: (n: number) => n })
  const [five, six] = [above.with(5), above.with(6)] as unknown as ActorDefinition[]
  assert.equal([five?.arg, six?.arg, (above as unknown as ActorDefinition).arg], [5, 6, undefined])
  assert.is(five?.name, 'above')
  assert.is(five?.home?.url, import.meta.url)
  assert.is(five?.body, six?.body)
})

const refused: [what: string, args: unknown[], says: RegExp][] = [
  ['no name', [undefined, receive], /^`name` must be a string that is not empty, got undefined \(undefined\)$/],
  ['an empty name', ['', receive], /^`name` must be a string that is not empty, got "" \(string\)$/],
  ['a name that is none', [3, receive], /^`name` must be a string that is not empty, got 3 \(number\)$/],
  ['no body', ['a'], /^`behaviour` must be a function, \{ receive \} or \{ stream \}, got undefined .*, in actor a$/],
  ['a body that does nothing', ['a', {}], /^`behaviour` must be .*, got \{\} \(object\), in actor a$/],
  ['a body of another kind', ['a', import.meta, { receive: 'later' }], /^`behaviour` must be .*, in actor a$/],
  ['a home without a body', ['a', import.meta], /^`behaviour` must be .*, in actor a$/],
  ['a home without a url', ['a', {}, receive], /^`home` must be `import\.meta`, got \{\} \(object\), in actor a$/],
  [
    'a home that is only its url',
    ['a', import.meta.url, receive],
    /^`home` must be `import\.meta`, got "file:.*, in actor a$/,
  ],
  ['a home that is null', ['a', null, receive], /^`home` must be `import\.meta`, got null \(object\), in actor a$/],
  ['a body of its own make', ['a', Object.create({ receiv: receive })], /^`behaviour` must be .*, in actor a$/],
  ['arguments the wrong way round', ['a', receive, import.meta], /^`home` must be `import\.meta`, got .*, in actor a$/],
]
for (const [what, args, says] of refused) {
  actors(`refuses ${what}`, () => {
    assert.throws(
      () => (defineActor as (...args: unknown[]) => unknown)(...args),
      (error: unknown) => {
        assert.instance(error, InvalidOption)
        assert.match((error as Error).message, says)
        return true
      },
    )
  })
}

const misspelt: [body: object, says: string][] = [
  [{ recieve: receive }, 'unknown option `recieve`: did you mean `receive`?, in actor a'],
  [
    { start: () => 0, recieve: receive, flsh: receive },
    'unknown option `recieve`: did you mean `receive`?, in actor a; unknown option `flsh`: did you mean `flush`?, in actor a',
  ],
  [{ receive, onStop: receive }, 'unknown option `onStop`: did you mean `stop`?, in actor a'],
  [{ receive, flush: 3 }, '`flush` must be a function, got 3 (number), in actor a'],
]
for (const [body, says] of misspelt) {
  actors(`names the misspelt hook of { ${Object.keys(body).join(', ')} }`, () => {
    for (const args of [
      ['a', body],
      ['a', import.meta, body],
    ]) {
      assert.throws(
        () => (defineActor as (...args: unknown[]) => unknown)(...args),
        (error: unknown) => error instanceof InvalidOptions && error.message === says,
      )
    }
  })
}

actors.run()

/* ── isDefinedTwice ─────────────────────────────────────────────────────── */

const twice = suite('isDefinedTwice')

twice('knows a module with two actors of one name', () => {
  const here = { url: 'file:///here.js' }
  defineActor('once', here, receive)
  defineActor('twice', here, receive)
  assert.not(isDefinedTwice(here, 'twice'))
  defineActor('twice', here, (n: number) => -n)
  assert.ok(isDefinedTwice(here, 'twice'))
  assert.not(isDefinedTwice(here, 'once'))
})

twice('takes one body for one actor, however often it is defined, and two modules for two', () => {
  const [here, there] = [{ url: 'file:///one.js' }, { url: 'file:///other.js' }]
  for (const _ of [1, 2]) defineActor('same', here, receive)
  defineActor('same', there, (n: number) => -n)
  assert.not(isDefinedTwice(here, 'same'))
  assert.not(isDefinedTwice(there, 'same'))
})

twice.run()

/* ── isBody ─────────────────────────────────────────────────────────────── */

const body = suite('isBody')

body('tells what a stage can be made of', () => {
  for (const value of [receive, { receive }, { stream: receive }, Object.create({ receive })]) assert.ok(isBody(value))
  for (const value of [undefined, null, 'receive', 3, {}, { receive: 3 }, { start: receive }, [receive]]) {
    assert.not(isBody(value))
  }
})

body.run()
