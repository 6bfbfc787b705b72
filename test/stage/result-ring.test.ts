/** Results of asynchronous items, in the order of the items. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Channel } from '../../src/channel/channel.ts'
import { ResultRing } from '../../src/stage/result-ring.ts'

const ring = suite('ResultRing')

const channel = (items = 1_000, bytes = 1_000_000) => new Channel({ items, bytes }, false)

/** Claims so many items. */
function claim(results: ResultRing, count: number): void {
  results.reserve(count)
  results.tail += count
}

/** Moves what may go, as a lane does. */
function move(results: ResultRing, output: Channel): unknown[] {
  output.reserve(results.size)
  const count = results.odd === 0 ? results.moveNumbers(output) : results.move(output)
  output.pushed(count, results.moved, -1, 0)
  return Array.from({ length: count }, () => output.take())
}

ring('lets go of what is next in order, and of no more', () => {
  const results = new ResultRing()
  const output = channel()
  results.begin(7)
  claim(results, 4)
  for (const sequence of [8, 10]) results.put(sequence, sequence, true)
  assert.equal(move(results, output), [])
  results.put(7, 7, true)
  assert.equal(move(results, output), [7, 8])
  results.put(9, 9, true)
  assert.equal(move(results, output), [9, 10])
  assert.is(results.size, 0)
})

ring('lets items pass that lead to nothing', () => {
  const results = new ResultRing()
  claim(results, 3)
  const values = [undefined, null, undefined]
  values.forEach((value, sequence) => {
    results.put(sequence, value, true)
  })
  assert.equal(move(results, channel()), [null])
  assert.is(results.size, 0)
  assert.is(results.odd, 0)
})

ring('keeps its results, and what they weigh, as it grows', () => {
  const results = new ResultRing()
  const output = channel()
  let held = 0
  for (let sequence = 0; sequence < 100; sequence++) {
    claim(results, 1)
    held += results.put(sequence, sequence % 2 ? 'x'.repeat(sequence) : sequence, true)
  }
  output.reserve(100)
  assert.is(results.move(output), 100)
  assert.is(results.moved, held)
  assert.ok(held >= 2_500)
})

for (const odd of [false, true]) {
  ring(`stops where the channel is full, and says so: ${odd ? 'any' : 'numbers'}`, () => {
    const results = new ResultRing()
    const output = channel(3)
    claim(results, 5)
    for (let sequence = 0; sequence < 5; sequence++) results.put(sequence, odd ? `${sequence}` : sequence, true)
    output.reserve(5)
    assert.is(odd ? results.move(output) : results.moveNumbers(output), 3)
    assert.is(results.size, 2)
    assert.ok(output.blocked)
  })
}

ring('stops where the channel weighs enough', () => {
  const results = new ResultRing()
  const output = channel(100, 1_000)
  claim(results, 5)
  for (let sequence = 0; sequence < 5; sequence++) results.put(sequence, new Uint8Array(900), true)
  output.reserve(5)
  assert.is(results.move(output), 2)
  assert.ok(output.blocked)
})

ring('is empty when all have gone another way', () => {
  const results = new ResultRing()
  claim(results, 3)
  results.put(1, 'x', true)
  results.clear()
  claim(results, 3)
  results.put(3, 3, true)
  assert.equal(move(results, channel()), [3])
})

ring.run()
