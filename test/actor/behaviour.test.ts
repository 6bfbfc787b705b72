import { runInNewContext } from 'node:vm'
import { Observable, of, Subject } from 'rxjs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { given, type Kind } from '../../src/actor/behaviour.ts'

const kinds = suite('given')

function* generate() {
  yield 1
}
async function* generateLater() {
  yield 1
}

/** What a handler may give back, by the kind that it is. */
const examples: Record<Kind, [what: string, value: () => object][]> = {
  promise: [
    ['a promise', () => Promise.resolve(1)],
    ['anything that can be awaited', () => ({ then: () => {} })],
    ['a function that can be awaited', () => Object.assign(() => {}, { then: () => {} })],
    ['a promise from another realm', () => runInNewContext('Promise.resolve(1)')],
  ],
  generator: [
    ['a generator', generate],
    ['a generator from another realm', () => runInNewContext('(function* () { yield 1 })()')],
  ],
  'async-generator': [
    ['an async generator', generateLater],
    ['an async generator from another realm', () => runInNewContext('(async function* () { yield 1 })()')],
  ],
  observable: [
    ['an Observable', () => of(1)],
    ['a Subject', () => new Subject()],
    ['an Observable from another copy of RxJS', () => ({ subscribe: () => ({ unsubscribe() {} }), pipe: () => {} })],
    ['an Observable of nothing', () => new Observable()],
  ],
  value: [
    ['an object', () => ({ a: 1 })],
    ['an object without a prototype', () => Object.create(null)],
    ['an array, which is one item', () => [1, 2]],
    ['a Map', () => new Map([[1, 2]])],
    ['a Set', () => new Set([1])],
    ['a typed array', () => Uint8Array.of(1)],
    ['a Date', () => new Date(0)],
    ['an error', () => new Error('as an item')],
    ['a function', () => () => 1],
    ['a generator function that nobody has called', () => generate],
    ['an iterator that is no generator', () => ({ next: () => ({ done: true }), [Symbol.iterator]: () => [] })],
    ['a list that can be iterated', () => ({ [Symbol.iterator]: () => [1][Symbol.iterator]() })],
    ['something to subscribe to that is no Observable', () => ({ subscribe: () => {} })],
    ['an item that has `next` and `throw`', () => ({ next: () => {}, throw: () => {} })],
    ['an item whose `then` is no function', () => ({ then: 'later' })],
  ],
}

for (const [kind, values] of Object.entries(examples)) {
  for (const [what, value] of values) {
    kinds(`takes ${what} for a ${kind}`, () => {
      assert.is(given(value()), kind)
    })
  }
}

kinds.run()
