import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { copyOf } from '../../src/testing/copy.ts'

const copy = suite('copyOf')

copy('copies plain data, all the way down', () => {
  const symbol = Symbol('s')
  const original = { list: [1, { deep: true }], map: new Map([['a', [1]]]), set: new Set([1]), none: null, [symbol]: 1 }
  const copied = copyOf(original)
  assert.equal(copied, original)
  assert.is(copied[symbol], 1)
  assert.is.not(copied, original)
  assert.is.not(copied.list[1], original.list[1])
  assert.is.not(copied.map.get('a'), original.map.get('a'))
})

copy('leaves as it is what has a class of its own, and what is no object', () => {
  class Point {
    x = 1
  }
  for (const value of [new Point(), new Date(0), () => 1, Symbol('s'), 3n, undefined]) assert.is(copyOf(value), value)
})

copy('follows circles, and does not read what is computed', () => {
  const circle: { self?: unknown; readonly computed: number } = {
    get computed(): number {
      return assert.unreachable('read') as never
    },
  }
  circle.self = circle
  const copied = copyOf(circle)
  assert.is(copied.self, copied)
  assert.is.not(copied, circle)
})

copy.run()
